import Foundation
import Glibc

@testable import Access
@testable import Component
@testable import Control
@testable import Daemon
@testable import Invites
@testable import Reconfiguration
@testable import Runtime
@testable import Shell
@testable import Supervision
@testable import TestSupport

/// The files of a journal, the oldest first, each up to a line `----`, behind a line that says what to search for, such as
/// `host=a.example user=ann command=host since=1800000000000 failed some small`. `small` lets each line fill a file.
struct JournalTarget: FuzzTarget {
    static let name = "journal"
    static let holds =
        "whatever its files hold, a journal is searched the same with and without filters, numbers go on above the last, "
        + "and what is appended is read back"
    static let flags = ["-max_len=8192"]

    private let directory: TemporaryDirectory
    private let checker = RowChecker(command: "journal")
    private static let root = Caller(uid: 0, pid: 1, user: "root", role: .admin, hosts: .all)

    init() {
        // In memory: thousands of inputs need not be on a disk.
        directory = expectNoError("there is no directory") { try TemporaryDirectory(in: "/dev/shm") }
    }

    /// What the last lines of a journal hold.
    private struct Found: Sendable {
        var entries: [JournalEntry] = []
        var damagedLines = 0
        var damagedFiles: [String] = []
    }

    func run(_ input: UnsafeRawBufferPointer) {
        var parts = Input(input)
        let words = parts.line().split(separator: " ").map(String.init)
        let files = Self.files(parts.bytes())
        let state = directory.path + "/state"
        defer { try? FileManager.default.removeItem(atPath: state) }
        for (index, bytes) in files.enumerated() {
            let name = index == files.count - 1 ? "journal" : "journal.0000000\(index + 1)"
            expectNoError("it is not written") { try directory.write(bytes, to: "state/journal/\(name).ndjson") }
        }
        var limits = JournalFiles.Limits()
        if words.contains("small") { limits = JournalFiles.Limits(fileSize: 1, keptFiles: 100) }
        let filter = Self.filter(words)
        let last = Self.lastNumber(files)
        let checker = checker
        waiting { [limits] in
            let journal = Journal(stateDirectory: state, dependencies: Self.dependencies, limits: limits)
            let before = await Self.search(journal, JournalFilter())
            expect(before.damagedFiles.isEmpty, "\(before.damagedFiles) are no regular files")
            for entry in before.entries { Self.check(entry, checker) }
            await Self.check(filter, journal, before)
            await Self.append(to: journal, after: last, before)
            journal.close()
            await Self.append(
                to: Journal(stateDirectory: state, dependencies: Self.dependencies, limits: limits),
                after: last < JournalLine.highest ? last + 2 : last, nil)
        }
        if !words.contains("small"), let newest = files.last {
            let grown = expectNoError("it is gone") {
                try Data(contentsOf: URL(filePath: state + "/journal/journal.ndjson"))
            }
            expect(grown.starts(with: newest), "what was there has changed")
        }
    }

    // MARK: Parts

    /// At most nine, which end with the line in front of `----`.
    private static func files(_ bytes: [UInt8]) -> [[UInt8]] {
        var files: [[UInt8]] = [[]]
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.offset > 0 { files[files.count - 1].append(UInt8(ascii: "\n")) }
            if line.element.elementsEqual("----".utf8), files.count < 9 {
                files.append([])
            } else {
                files[files.count - 1] += line.element
            }
        }
        // The line feed after `----` is not the next file's.
        return files.enumerated().map { $0.offset > 0 ? Array($0.element.dropFirst()) : $0.element }
    }

    private static func filter(_ words: [String]) -> JournalFilter {
        var filter = JournalFilter()
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            switch (parts.first, parts.last) {
            case ("host", let value?): filter.host = value
            case ("user", let value?): filter.user = value
            case ("command", let value?): filter.command = value
            case ("since", let value?): filter.since = Int64(value).map(Timestamp.init(millisecondsSinceEpoch:))
            case ("failed", _): filter.isFailed = true
            case ("some", _): filter.scope = .some(["a.example", "*.b.example"])
            default: break
            }
        }
        return filter
    }

    /// The last number used: the highest in the newest file that records a beginning, and in the files after it.
    private static func lastNumber(_ files: [[UInt8]]) -> Int64 {
        var last: Int64 = 0
        for file in files.reversed() {
            let lines = file.split(separator: UInt8(ascii: "\n")).compactMap { line in
                (try? JSON(reading: line)).flatMap { JournalLine($0) }
            }
            last = max(last, lines.map(\.number).max() ?? 0)
            if lines.contains(where: { if case .begin = $0 { true } else { false } }) { break }
        }
        return last
    }

    // MARK: What holds

    private static func search(_ journal: Journal, _ filter: JournalFilter) async -> Found {
        var found = Found()
        do {
            var search = try await journal.search(filter)
            while let more = try await search.next() { found.entries += more }
            (found.damagedLines, found.damagedFiles) = (search.damagedLines, search.damagedFiles)
        } catch {
            fail("the journal is not searched: \(error)")
        }
        return found
    }

    private static func check(_ entry: JournalEntry, _ checker: RowChecker) {
        expect((1...JournalLine.highest).contains(entry.number), "the number \(entry.number)")
        for scope in [HostScope.all, .some(["a.example"])] {
            let row = entry.row(for: scope)
            let mistakes = checker.mistakes(in: row)
            expect(mistakes.isEmpty, "\(row): \(mistakes)")
            let again = expectNoError("\(row) is not read again") { try JSON(reading: row.bytes) }
            expect(again == row, "\(row) is read again as \(again)")
        }
    }

    private static func check(_ filter: JournalFilter, _ journal: Journal, _ all: Found) async {
        let some = await search(journal, filter)
        let wanted = all.entries.filter(filter.matches)
        if filter.since == nil {
            expect(some.entries == wanted, "\(filter) finds \(some.entries) of \(all.entries)")
            expect(some.damagedLines == all.damagedLines, "\(some.damagedLines) of \(all.damagedLines) are damaged")
        } else {
            // It goes back no further than it must.
            expect(wanted.starts(with: some.entries), "\(filter) finds \(some.entries) of \(all.entries)")
            let fresh = all.entries.prefix { !filter.isOver($0) }.filter(filter.matches)
            expect(some.entries.starts(with: fresh), "\(filter) finds only \(some.entries) of \(all.entries)")
        }
        for entry in some.entries where filter.scope != .all {
            expect(entry.hosts.allSatisfy(filter.scope.contains), "\(entry) is not for \(filter.scope)")
        }
    }

    private static func append(to journal: Journal, after last: Int64, _ before: Found?) async {
        do {
            let first = try await journal.begin("host set a.example x", caller: root, hosts: ["a.example"])
            await journal.end(first, code: .ok, outcome: Outcome(before: "x: 1", after: "x: 2\u{1B}é"))
            guard first < JournalLine.highest else { return }
            let second = try await journal.begin("log level", caller: root, hosts: [])
            expect(first == last + 1 && second == first + 1, "\(first) and \(second) follow \(last)")
            let running = await search(journal, JournalFilter()).entries.first
            expect(running?.number == second && running?.end == .running, "what runs is read as \(running as Any)")
            await journal.end(second, code: .cancelled, outcome: nil)
            let after = await search(journal, JournalFilter())
            let newest = after.entries.prefix(2)
            expect(
                newest.map(\.number) == [second, first] && newest.map(\.code) == ["cancelled", "ok"]
                    && newest.last?.end == .known(code: "ok", before: "x: 1", after: "x: 2\u{1B}é")
                    && newest.last?.hosts == ["a.example"],
                "what was appended is read as \(newest)")
            guard let before else { return }
            expect(after.entries.dropFirst(2).elementsEqual(before.entries), "\(before) is read as \(after)")
            expect(after.damagedLines == before.damagedLines, "\(before) is read as \(after)")
        } catch {
            expect(
                error.code == .unwritableJournal && last >= JournalLine.highest - 1,
                "nothing can be appended after \(last): \(error)")
        }
    }

    private static let dependencies: Dependencies = {
        let controlled = ControlledDependencies().dependencies
        return Dependencies(
            now: controlled.now, uptime: controlled.uptime,
            // Nothing waits for a disk here.
            sleep: { _ in try await Inbox<Void>().next() },
            entropy: controlled.entropy, eventLoop: controlled.eventLoop, logger: controlled.logger)
    }()
}
