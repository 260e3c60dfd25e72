import Access
import Foundation
import Glibc
import Invites
import Shell
import TestSupport
import Testing

@testable import Control

extension JournalTests {
    // MARK: Rotation

    @Test func filesAreRotatedAndTheOldestDropped() async throws {
        let limits = JournalFiles.Limits(fileSize: 1000, keptFiles: 3)
        var journal = journal(limits)
        for index in 1...60 {
            let number = try await journal.begin("change \(index)", caller: root, hosts: ["a.example"])
            #expect(number == Int64(index))
            if index.isMultiple(of: 7) {
                // Restarted now and then.
                journal.close()
                journal = self.journal(limits)
            } else {
                await journal.end(number, code: .ok, outcome: nil)
            }
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/journal").sorted()
        #expect(files.count == 3 + 2, "\(files)")
        for name in files {
            let size = try Data(contentsOf: URL(filePath: "\(directory.path)/journal/\(name)")).count
            #expect(size <= 1000, "\(name)")
        }
        let found = try await entries(journal)
        let numbers = found.map(\.number)
        #expect(numbers == Array((try #require(numbers.last)...60).reversed()))
        #expect(numbers.count > 10 && numbers.count < 60)
        for entry in found {
            #expect(entry.code == (entry.number.isMultiple(of: 7) ? "interrupted" : "ok"), "\(entry.number)")
        }
    }

    @Test func rotatedFilesNeverChange() async throws {
        let limits = JournalFiles.Limits(fileSize: 500, keptFiles: 100)
        let journal = journal(limits)
        var seen: [String: Data] = [:]
        for index in 1...30 {
            let number = try await journal.begin("change \(index)", caller: root, hosts: [])
            await journal.end(number, code: .ok, outcome: nil)
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/journal")
            where name != "journal.ndjson" {
                let data = try Data(contentsOf: URL(filePath: "\(directory.path)/journal/\(name)"))
                #expect(seen[name] ?? data == data, "\(name)")
                seen[name] = data
            }
        }
        #expect(seen.count > 5)
    }

    /// A search sees the entries that existed when it began, whatever is written, rotated and dropped meanwhile.
    @Test func aSearchIsNotConfusedByWhatHappensMeanwhile() async throws {
        let limits = JournalFiles.Limits(fileSize: 200_000, keptFiles: 2)
        let journal = journal(limits)
        let text = String(repeating: "x", count: 10_000)
        for index in 1...30 { _ = try await journal.begin("\(index) \(text)", caller: root, hosts: []) }
        var search = try await journal.search(JournalFilter())
        var numbers: [Int64] = []
        var next: Int64 = 30
        while let more = try await search.next() {
            numbers += more.map(\.number)
            for _ in 0..<3 { next = try await journal.begin("\(next) \(text)", caller: root, hosts: []) }
        }
        let oldest = try #require(numbers.last)
        #expect(numbers == Array((oldest...30).reversed()))
        #expect(search.damagedLines == 0)
    }

    // MARK: Reading

    @Test func filtersChoose() async throws {
        let journal = journal()
        func change(_ command: String, _ caller: Caller, _ hosts: [String], _ code: ResultCode?) async throws {
            let number = try await journal.begin(command, caller: caller, hosts: hosts)
            if let code { await journal.end(number, code: code, outcome: nil) }
            controlled.advance(byMilliseconds: 3_600_000)
        }
        try await change("host suspend a.example", ann, ["a.example"], .ok)
        try await change("host suspend b.example", root, ["b.example"], .overloadedHost)
        try await change("host resume a.example", root, ["a.example"], .cancelled)
        try await change("log level debug", root, [], .ok)
        try await change("config apply", root, [], nil)

        func numbers(_ change: (inout JournalFilter) -> Void) async throws -> [Int64] {
            try await entries(journal, change).map(\.number)
        }
        #expect(try await numbers { _ in } == [5, 4, 3, 2, 1])
        #expect(try await numbers { $0.user = "ann" } == [1])
        #expect(try await numbers { $0.user = "1000" } == [5, 4, 3, 2, 1])
        #expect(try await numbers { $0.host = "a.example" } == [3, 1])
        #expect(try await numbers { $0.command = "host suspend" } == [2, 1])
        #expect(try await numbers { $0.isFailed = true } == [3, 2])
        #expect(
            try await numbers {
                $0.since = Timestamp(millisecondsSinceEpoch: controlled.now.millisecondsSinceEpoch - 7_200_000)
            } == [5, 4])
    }

    @Test func whoSeesSomeHostsSeesWhatConcernedNoneButThose() async throws {
        let journal = journal()
        for hosts in [["a.example"], ["b.example"], ["a.example", "b.example"], []] {
            let number = try await journal.begin("x", caller: root, hosts: hosts)
            await journal.end(number, code: .ok, outcome: nil)
        }
        // Another host becomes known at the end only.
        let number = try await journal.begin("x", caller: root, hosts: ["a.example"])
        await journal.end(number, code: .ok, outcome: Outcome(hosts: ["a.example", "b.example"]))
        let seen = try await entries(journal) { $0.scope = .some(["a.example"]) }
        #expect(seen.map(\.number) == [1])
    }
}
