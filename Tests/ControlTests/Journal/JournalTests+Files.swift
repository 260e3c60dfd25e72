import Glibc
import Shell
import TestSupport
import Testing

@testable import Control

extension JournalTests {
    // MARK: What is no file

    private func damage(_ journal: Journal) async throws -> (numbers: [Int64], files: [String]) {
        var search = try await journal.search(JournalFilter())
        var numbers: [Int64] = []
        while let more = try await search.next() { numbers += more.map(\.number) }
        return (numbers, search.damagedFiles)
    }

    @Test(.timeLimit(.minutes(5)), arguments: Obstacle.possible)
    func whatIsNoFileIsSkippedAmongThoseThatAreKept(_ obstacle: Obstacle) async throws {
        let limits = JournalFiles.Limits(fileSize: 500, keptFiles: 100)
        let journal = journal(limits)
        for index in 1...10 { _ = try await journal.begin("change \(index)", caller: root, hosts: []) }
        let before = try await damage(journal)
        #expect(before.numbers == Array((1...10).reversed()) && before.files.isEmpty)
        let kept = "\(directory.path)/journal/journal.00000002.ndjson"
        try #require(unlink(kept) == 0)
        try directory.write("elsewhere", to: "target")
        try obstacle.make(at: kept, target: "\(directory.path)/target")
        let after = try await damage(journal)
        #expect(after.files == [kept])
        #expect(after.numbers.first == 10 && after.numbers.last == 1 && after.numbers.count < 10)
    }

    @Test(.timeLimit(.minutes(5)), arguments: Obstacle.possible)
    func whatIsNoFileIsSetAsideWhereChangesAreWritten(_ obstacle: Obstacle) async throws {
        try directory.makeDirectory("journal")
        try directory.write("elsewhere", to: "target")
        try obstacle.make(at: path, target: "\(directory.path)/target")
        let journal = journal()
        #expect(try await journal.begin("one", caller: root, hosts: []) == 1)
        let found = try await damage(journal)
        #expect(found.numbers == [1])
        #expect(found.files == ["\(directory.path)/journal/journal.00000001.ndjson"])
        // While it runs, too.
        try directory.remove("journal/journal.ndjson")
        try obstacle.make(at: path, target: "\(directory.path)/target")
        #expect(try await journal.begin("two", caller: root, hosts: []) == 2)
        #expect(try await damage(journal).files.count == 2)
        #expect(try directory.read("target") == "elsewhere")
    }

    @Test(.timeLimit(.minutes(5)), arguments: Obstacle.possible)
    func whatIsNoLockIsNotWaitedFor(_ obstacle: Obstacle) async throws {
        try directory.makeDirectory("journal")
        try directory.write("elsewhere", to: "target")
        try obstacle.make(at: "\(directory.path)/journal/lock", target: "\(directory.path)/target")
        await #expect {
            _ = try await journal().begin("one", caller: root, hosts: [])
        } throws: {
            ($0 as? CommandFailure)?.message.hasSuffix("journal/lock is not a regular file") == true
        }
    }
}
