import Access
import Foundation
import Glibc
import Invites
import Runtime
import Shell
import TestSupport
import Testing

@testable import Control

@Suite struct JournalTests {
    let controlled = ControlledDependencies()
    let directory: TemporaryDirectory
    let ann = Caller(uid: 1000, pid: 7, user: "ann", role: .operator, hosts: .some(["a.example"]))
    let root = Caller.someone(.admin)

    init() throws {
        directory = try TemporaryDirectory()
    }

    func journal(_ limits: JournalFiles.Limits = .init()) -> Journal {
        Journal(stateDirectory: directory.path, dependencies: controlled.dependencies, limits: limits)
    }

    var path: String { "\(directory.path)/journal/journal.ndjson" }
    func content() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    func entries(_ journal: Journal, _ change: (inout JournalFilter) -> Void = { _ in }) async throws
        -> [JournalEntry]
    {
        var filter = JournalFilter()
        change(&filter)
        var search = try await journal.search(filter)
        var entries: [JournalEntry] = []
        while let more = try await search.next() { entries += more }
        return entries
    }

    func invocation(_ line: String) throws -> Invocation {
        try CommandParser(.standard).parse(Words(line).words)
    }

    // MARK: Writing

    @Test func aDirectoryThatSomebodyRemovedIsMadeAgain() async throws {
        let journal = journal()
        _ = try await journal.begin("host suspend a.example", caller: ann, hosts: ["a.example"])
        try directory.remove("journal")
        #expect(try await journal.begin("host resume a.example", caller: ann, hosts: ["a.example"]) == 2)
        #expect(try await entries(journal).map(\.number) == [2])
    }

    @Test func aChangeIsOnTheDiskBeforeItHappensAndItsOutcomeAfterIt() async throws {
        let journal = journal()
        let number = try await journal.begin(
            invocation("host set a.example admins ann@a.example"), caller: ann, hosts: ["a.example"])
        #expect(number == 1)
        let line = try JSON(reading: content().utf8)
        #expect(
            line == [
                "begin": 1, "time": "2027-01-15T08:00:00Z", "uid": 1000, "pid": 7, "user": "ann", "role": "operator",
                "from": "socket", "command": "host set a.example admins ann@a.example", "hosts": ["a.example"],
            ])
        controlled.advance(byMilliseconds: 1000)
        await journal.end(1, code: .ok, outcome: Outcome(before: "[]", after: "[ann@a.example]"))
        let lines = try content().split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            try JSON(reading: lines[1].utf8) == [
                "end": 1, "time": "2027-01-15T08:00:01Z", "code": "ok", "before": "[]", "after": "[ann@a.example]",
            ])
    }

    @Test func nobodyElseMayReadIt() async throws {
        await journal().open()
        func mode(_ path: String) throws -> mode_t {
            var status = stat()
            try #require(stat(path, &status) == 0)
            return status.st_mode & 0o7777
        }
        #expect(try mode(path) == 0o600)
        #expect(try mode("\(directory.path)/journal") == 0o700)
    }

    @Test func numbersGoOnAfterARestart() async throws {
        let journal = journal()
        // The second ends before the first, and the last line is an end.
        let first = try await journal.begin("one", caller: root, hosts: [])
        let second = try await journal.begin("two", caller: root, hosts: [])
        #expect([first, second] == [1, 2])
        await journal.end(second, code: .ok, outcome: nil)
        await journal.end(first, code: .ok, outcome: nil)
        let copy = try DescriptorCopy(of: "\(directory.path)/journal/lock")
        defer { withExtendedLifetime(copy) {} }
        journal.close()
        #expect(try await self.journal().begin("three", caller: root, hosts: []) == 3)
    }

    @Test func whatTheDaemonDoesByItselfIsInItToo() async throws {
        let journal = journal()
        await journal.record(
            "config undo", origin: "deadline", outcome: Outcome(hosts: ["a.example"], before: "12", after: "11"))
        let entry = try #require(try await entries(journal).first)
        let row = entry.row(for: .all)
        #expect(RowChecker(command: "journal").mistakes(in: row).isEmpty)
        #expect(row["user"] == "invited")
        #expect(row["from"] == "deadline")
        #expect(row["uid"] == nil)
        #expect(row["code"] == "ok")
        #expect(row["hosts"] == ["a.example"])
    }

    @Test func twoCannotWriteIt() async throws {
        let first = journal()
        await first.open()
        await #expect {
            _ = try await journal().begin("x", caller: root, hosts: [])
        } throws: {
            ($0 as? CommandFailure)?.code == .unwritableJournal
        }
        #expect(try content().isEmpty)
        _ = try await first.begin("x", caller: root, hosts: [])
    }

    @Test func whenItCannotBeOpenedChangesAreRefusedUntilItCan() async throws {
        try directory.write("in the way", to: "journal")
        let journal = journal()
        await journal.open()
        _ = try await controlled.log.next { $0.hasPrefix("error changes cannot be written down") }
        await #expect(throws: CommandFailure.self) { try await journal.begin("x", caller: root, hosts: []) }
        try directory.remove("journal")
        #expect(try await journal.begin("x", caller: root, hosts: []) == 1)
    }

    @Test func aRemovedFileIsMadeAnew() async throws {
        let journal = journal()
        _ = try await journal.begin("one", caller: root, hosts: [])
        try directory.remove("journal/journal.ndjson")
        #expect(try await journal.begin("two", caller: root, hosts: []) == 2)
        #expect(try content().contains("two"))
    }

    /// Whatever is long is cut before it is written, so that every line can be read again.
    @Test func linesAreBounded() async throws {
        let journal = journal()
        let long = String(repeating: "ü\u{1}", count: 100_000)
        let hosts = (0..<1500).map { "\($0).\(String(repeating: "x", count: 200)).example" }
        let number = try await journal.begin(long, caller: root, hosts: hosts)
        await journal.end(number, code: .ok, outcome: Outcome(before: long, after: long))
        let entry = try #require(try await entries(journal).first)
        #expect(entry.command.hasSuffix("…") && entry.command.utf8.count <= JournalLine.longestCommand)
        #expect(entry.hosts.count == 1000 && entry.moreHosts == 500)
        guard case .known(_, let before?, _) = entry.end else {
            Issue.record("it has ended")
            return
        }
        #expect(before.utf8.count <= JournalLine.longestText)
        // Not all of its hosts are known, so no caller is certain to see them all.
        #expect(!entry.isVisible(in: .some(Set(hosts))))
    }

    // MARK: Damage

    /// After kill -9 or a power cut the last line can end anywhere.
    @Test func aTornLineIsSkippedAndAFreshOneBegun() async throws {
        let first = journal()
        let number = try await first.begin("one", caller: root, hosts: ["a.example"])
        await first.end(number, code: .ok, outcome: nil)
        _ = try await first.begin("two", caller: root, hosts: ["a.example"])
        first.close()
        let whole = Array(try content().utf8)
        let lastLine = try #require(whole.dropLast().lastIndex(of: UInt8(ascii: "\n"))) + 1
        for length in lastLine...whole.count {
            try directory.write(String(decoding: whole[..<length], as: UTF8.self), to: "journal/journal.ndjson")
            let journal = journal()
            let isWhole = length >= whole.count - 1
            #expect(try await journal.begin("three", caller: root, hosts: []) == (isWhole ? 3 : 2), "\(length)")
            #expect(try content().hasPrefix(String(decoding: whole[..<length], as: UTF8.self)), "\(length)")
            let found = try await entries(journal)
            #expect(found.map(\.command) == (isWhole ? ["three", "two", "one"] : ["three", "one"]), "\(length)")
            #expect(
                found.map(\.code) == (isWhole ? ["running", "interrupted", "ok"] : ["running", "ok"]), "\(length)")
            journal.close()
        }
    }

    @Test func numbersThatNobodyHasCountedToAreDamage() async throws {
        let first = journal()
        let number = try await first.begin(invocation("host suspend a.example"), caller: root, hosts: ["a.example"])
        await first.end(number, code: .ok, outcome: nil)
        first.close()
        let line = try content().split(separator: "\n")[0]
        for (old, new) in [
            ("\"begin\":1", "\"begin\":9223372036854775807"), ("\"begin\":1", "\"begin\":-1"),
            ("\"begin\":1", "\"begin\":1,\"more_hosts\":9223372036854775807"),
            ("\"begin\":1", "\"begin\":0"), ("\"begin\":1", "\"begin\":\(JournalLine.highest + 1)"),
            ("\"begin\":1", "\"begin\":1,\"end\":1"), ("\"begin\":1", "\"end\":2,\"code\":\"ok\",\"begin\":null"),
            ("\"time\":\"2027-01-15T", "\"time\":\"2027-01-15 "),
        ] {
            try (content() + line.replacing(old, with: new) + "\n").write(
                toFile: path, atomically: false, encoding: .utf8)
        }
        let both = #"{"begin":1,"end":9223372036854775807,"time":"2027-01-15T08:00:00Z","code":"ok"}"#
        try (content() + both + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        // With every restart again.
        for number: Int64 in 2...3 {
            let journal = journal()
            #expect(try await journal.begin(invocation("host resume a.example"), caller: root, hosts: []) == number)
            var search = try await journal.search(JournalFilter())
            while try await search.next() != nil {}
            #expect(search.damagedLines == 9)
            journal.close()
        }
    }

    @Test func afterTheHighestNumberChangesAreRefused() async throws {
        let first = journal()
        _ = try await first.begin("one", caller: root, hosts: [])
        first.close()
        let line = try content().replacing("\"begin\":1", with: "\"begin\":\(JournalLine.highest)")
        try (content() + line).write(toFile: path, atomically: false, encoding: .utf8)
        let journal = journal()
        for _ in 0..<2 {
            await #expect {
                _ = try await journal.begin("two", caller: root, hosts: [])
            } throws: {
                ($0 as? CommandFailure)?.message.contains("remove that line") == true
            }
        }
        await journal.record("config undo", origin: "deadline", outcome: Outcome())
        #expect(try await entries(journal).map(\.number) == [JournalLine.highest, 1])
    }

    @Test func damagedLinesAreSkippedAndCounted() async throws {
        let journal = journal()
        _ = try await journal.begin("one", caller: root, hosts: [])
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        let huge = String(repeating: "x", count: JournalLine.longest + 200_000)
        try handle.write(contentsOf: Data("garbage\n{\"begin\":\"1\"}\n\n[]\n\(huge)\n\u{0}\n".utf8))
        try handle.write(contentsOf: Data([0xFF, 0xFE, 0x0A]))
        try handle.close()
        // What another has written counts once the file is opened again.
        journal.close()
        let reopened = self.journal()
        _ = try await reopened.begin("two", caller: root, hosts: [])
        var search = try await reopened.search(JournalFilter())
        var commands: [String] = []
        while let more = try await search.next() { commands += more.map(\.command) }
        #expect(commands == ["two", "one"])
        #expect(search.damagedLines == 6)
    }

    /// A full disk: of a file that may not grow, write(2) takes what fits and then nothing.
    @Test(.enabled(if: SmallDisk.isPossible))
    func onAFullDiskNothingIsChangedAndAllGoesOnOnceThereIsRoom() async throws {
        let disk = try SmallDisk(at: directory.path)
        defer { disk.unmount() }
        let journal = journal()
        let first = try await journal.begin("before", caller: root, hosts: [])
        try disk.fill()
        var refused: CommandFailure?
        // What is left of the last block takes some lines more.
        for _ in 0..<1000 where refused == nil {
            do throws(CommandFailure) {
                _ = try await journal.begin("while it is full", caller: root, hosts: [])
            } catch {
                refused = error
            }
        }
        #expect(refused?.code == .unwritableJournal)
        #expect(refused?.message.contains("No space left on device") == true)
        #expect(try content().hasSuffix("\n"))
        // Fills the rest, which an end that is shorter could still take.
        for code in [ResultCode](repeating: .ok, count: 100) { await journal.end(first, code: code, outcome: nil) }
        _ = try await controlled.log.next { $0.hasPrefix("error how a change ended cannot be written down") }
        try disk.empty()
        let after = try await journal.begin("after", caller: root, hosts: [])
        var search = try await journal.search(JournalFilter())
        let newest = try #require(try await search.next()?.first)
        #expect(newest.number == after && newest.command == "after")
        while try await search.next() != nil {}
        #expect(search.damagedLines == 0)
    }

    /// Whether a change is recorded.
    private func takes(_ journal: Journal, _ command: String, of caller: Caller? = nil) async -> Bool {
        do throws(CommandFailure) {
            let number = try await journal.begin(command, caller: caller ?? root, hosts: [])
            await journal.end(number, code: .ok, outcome: nil)
            return true
        } catch {
            #expect(error.code == .unwritableJournal)
            return false
        }
    }

    /// What makes room on a full disk are changes, too.
    @Test(.enabled(if: SmallDisk.isPossible)) func aFullDiskHasRoomForSomeChanges() async throws {
        let disk = try SmallDisk(at: directory.path)
        defer { disk.unmount() }
        var journal = journal(.init(reserve: 16 << 10))
        #expect(await takes(journal, "before"))
        for _ in 0..<2 {
            try disk.fill()
            for number in 0..<40 { #expect(await takes(journal, "\(number)")) }
            // The reserve is available to a daemon that starts on the full disk, too.
            journal.close()
            journal = self.journal(.init(reserve: 16 << 10))
            #expect(await takes(journal, "after a restart"))
            var count = 0
            while count < 1000, await takes(journal, "more") { count += 1 }
            #expect(count < 200, "it is no more than was reserved")
            // Once there is room, it is taken again.
            try disk.empty()
            #expect(await takes(journal, "after"))
        }
        var search = try await journal.search(JournalFilter())
        while try await search.next() != nil {}
        #expect(search.damagedLines == 0)
    }

    /// Callers with some hosts must not use up the space that operators of all hosts need to free more.
    @Test(.enabled(if: SmallDisk.isPossible)) func theLastRoomIsForThoseWhoMayActOnAllHosts() async throws {
        let disk = try SmallDisk(at: directory.path)
        defer { disk.unmount() }
        var journal = journal(.init(reserve: 32 << 10))
        #expect(await takes(journal, "before"))
        try disk.fill()
        var count = 0
        while count < 1000, await takes(journal, "ann's", of: ann) { count += 1 }
        #expect((20..<1000).contains(count), "\(count)")
        do throws(CommandFailure) {
            _ = try await journal.begin("more", caller: ann, hosts: [])
        } catch {
            #expect(error.message.contains("kept for operators of all hosts"))
        }
        // A restart increases no caller's share.
        journal.close()
        journal = self.journal(.init(reserve: 32 << 10))
        #expect(await !takes(journal, "ann's after a restart", of: ann))
        let staff = Caller.someone(.operator)
        for number in 0..<10 {
            #expect(await takes(journal, "\(number)"))
            #expect(await takes(journal, "staff's \(number)", of: staff))
        }
        // Once there is room, it is taken again.
        try disk.empty()
        #expect(await takes(journal, "ann's, with room", of: ann))
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func aFileGrowsOnWhereTheNextOneWouldHaveNoReserve() async throws {
        let disk = try SmallDisk(at: directory.path)
        defer { disk.unmount() }
        let journal = journal(.init(fileSize: 2000, keptFiles: 3, reserve: 16 << 10))
        func kept() throws -> Int {
            try Directory.names(in: "\(directory.path)/journal").count { $0.hasPrefix("journal.0") }
        }
        #expect(await takes(journal, "before"))
        try disk.fill()
        for number in 0..<40 { #expect(await takes(journal, "\(number)")) }
        #expect(try kept() == 0)
        #expect(try content().utf8.count > 4000)
        try disk.empty()
        #expect(await takes(journal, "after"))
        #expect(try kept() == 1)
        #expect(try content().utf8.count < 500)
    }

    /// The oldest entries make room, as they do on a disk that is not full.
    @Test(.enabled(if: SmallDisk.isPossible)) func theOldestFileMakesRoomForTheNext() async throws {
        let disk = try SmallDisk(at: directory.path)
        defer { disk.unmount() }
        let journal = journal(.init(fileSize: 8 << 10, keptFiles: 2, reserve: 8 << 10))
        for number in 0..<120 { #expect(await takes(journal, "\(number)")) }
        try disk.fill()
        for number in 120..<240 { #expect(await takes(journal, "\(number)")) }
        #expect(try await entries(journal).first?.command == "239")
    }

    @Test func oneUserCannotPushAllOthersChangesOut() async throws {
        let journal = journal()
        let long = String(repeating: "x", count: JournalLine.longestCommand)
        var refusal: CommandFailure?
        var count = 0
        while refusal == nil, count < 1000 {
            do throws(CommandFailure) {
                let number = try await journal.begin(long, caller: ann, hosts: ["a.example"])
                await journal.end(number, code: .internal, outcome: nil)
                count += 1
            } catch {
                refusal = error
            }
        }
        #expect(refusal?.code == .tooManyCommands)
        #expect((200...260).contains(count), "\(count)")
        // Others and admins have theirs.
        let bob = Caller(uid: 1001, pid: 8, user: "bob", role: .operator, hosts: .some(["a.example"]))
        for caller in [bob, root, .daemon("start")] { _ = try await journal.begin("x", caller: caller, hosts: []) }
        controlled.advance(byMilliseconds: 3_600_000)
        _ = try await journal.begin("x", caller: ann, hosts: [])
    }

    /// The daemon itself cannot be stopped by a disk that does not answer, and a change that was refused for it has not
    /// happened, whatever the disk does later.
    @Test func aDiskThatDoesNotAnswerRefusesTheChange() async throws {
        let journal = journal()
        _ = try await journal.begin("one", caller: root, hosts: [])
        let release = journal.holdUp()
        // The timer of the write before, which is done, may still be pending: every sleeper is woken.
        let clock = Task {
            while let sleeper = try? await controlled.sleeper(for: Journal.timeout) { sleeper.wake() }
        }
        var refusal: CommandFailure?
        do throws(CommandFailure) {
            _ = try await journal.begin("two", caller: root, hosts: [])
        } catch {
            refusal = error
        }
        clock.cancel()
        await clock.value
        release()
        #expect(refusal?.code == .unwritableJournal)
        // In line after the late write and what takes it back.
        _ = try await journal.begin("three", caller: root, hosts: [])
        let codes = try await entries(journal).map { "\($0.command) \($0.code)" }
        #expect(codes == ["three running", "two journal.io", "one running"])
    }

    @Test func onlySoManyChangesWaitForTheDisk() async throws {
        let journal = journal()
        await journal.open()
        let release = journal.holdUp()
        try await withThrowingTaskGroup(of: ResultCode?.self) { group in
            for _ in 0...Journal.mostWaiting {
                group.addTask {
                    do throws(CommandFailure) {
                        _ = try await journal.begin("x", caller: .someone(.admin), hosts: [])
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            // Only the one too many is answered while the disk is silent.
            #expect(try await group.next() == .some(.unwritableJournal))
            release()
            for try await code in group { #expect(code == nil) }
        }
    }
}
