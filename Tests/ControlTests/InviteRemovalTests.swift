import Control
import Daemon
import Invites
import Shell
import Storage
import Supervision
import TestSupport
import Testing

/// `invite delete`, `extend` and `purge`.
@Suite(.timeLimit(.minutes(5))) struct InviteRemovalTests {
    private func withInvites(_ count: Int, _ body: (CommandFixture) async throws -> Void) async throws {
        try await InviteHandlersTests.with { fixture async throws in
            for _ in 0..<count { _ = try await fixture.row("invite create contact alice@a.example") }
            try await body(fixture)
        }
    }

    private func numbers(_ fixture: CommandFixture) async throws -> [Int64?] {
        try await fixture.rows("invite list a.example").map { $0["invite"]?.integer }
    }

    @Test func deletingShowsAndAsksFirst() async throws {
        try await withInvites(4) { fixture async throws in
            let output = RecordingOutput(answers: ["yes"])
            let end = try await fixture.run("invite delete a.example 3 1 3", output: output)
            #expect(end == .init(.ok, "deleted 2 invites"))
            #expect(output.rows.map(CommandFixture.name) == ["a.example 1", "a.example 3"])
            #expect(
                output.questions == [.confirm("Delete these 2 invites of a.example? Their links stop working.")])
            #expect(try await numbers(fixture) == [2, 4])
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.before == "1 contact by alice@a.example, 3 contact by alice@a.example")
            #expect(entry.hosts == ["a.example"] && entry.code == .ok)
        }
    }

    @Test(arguments: [
        "1": "Delete this invite of a.example?",
        "2": "Delete this invite of a.example? Its link stops working.",
        "1 2": "Delete these 2 invites of a.example? One of their links stops working.",
        "1 2 3": "Delete these 3 invites of a.example? 2 of their links stop working.",
    ]) func onlyLinksThatWorkAreSaidToStop(numbers: String, question: String) async throws {
        try await withInvites(3) { fixture async throws in
            #expect(try await fixture.run("invite revoke a.example 1 --yes").code == .ok)
            let output = RecordingOutput(answers: ["no"])
            _ = try await fixture.run("invite delete a.example \(numbers)", output: output)
            #expect(output.questions == [.confirm(question)])
        }
    }

    @Test(arguments: ["invite delete a.example 2", "invite purge a.example --all"])
    func whoDoesNotSayYesKeepsAll(line: String) async throws {
        try await withInvites(2) { fixture async throws in
            for answer in ["no", "", "Yes", nil] {
                let output = RecordingOutput(answers: [answer])
                #expect(try await fixture.run(line, output: output).code == .refused)
                #expect(output.questions.count == 1)
            }
            #expect(try await fixture.run(line).code == .unconfirmed)
            #expect(try await numbers(fixture) == [1, 2])
            #expect(
                fixture.recorder.entries.suffix(5).map(\.code) == Array(repeating: .refused, count: 4) + [.unconfirmed])
            let output = RecordingOutput()
            #expect(try await fixture.run("\(line) --yes", output: output).code == .ok)
            #expect(output.questions.isEmpty)
            #expect(try await numbers(fixture).count < 2)
        }
    }

    /// The output for a caller who has disconnected: the first write fails.
    private struct LeavingOutput: CommandOutput {
        let width = 0

        func row(_ row: JSON) throws { throw CancellationError() }
        func text(_ text: String) throws { throw CancellationError() }
        func progress(_ message: String) throws { throw CancellationError() }
        func event(_ event: JSON) throws { throw CancellationError() }
        func ask(_ question: ServerMessage.Question) throws -> String? { throw CancellationError() }
    }

    @Test(arguments: [
        "invite create contact alice@a.example": "2 contact by alice@a.example",
        "invite extend a.example 1 1d": "1 contact by alice@a.example, until ",
        "invite show a.example 1 --reveal": "1 contact by alice@a.example",
    ]) func whatIsDoneIsInTheJournalThoughNobodyReadsTheAnswer(line: String, after: String) async throws {
        try await withInvites(1) { fixture async throws in
            let end = await fixture.dispatcher.run(
                try Words(line).words, caller: .someone(.admin), output: LeavingOutput())
            #expect(end.code == .cancelled)
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.code == .cancelled && entry.after?.hasPrefix(after) == true, "\(entry)")
        }
    }

    @Test func aPurgeThatEndsEarlyTellsTheJournalHowFarItCame() async throws {
        // The caller disconnects at the message that the first 5,000 are removed.
        try await withInvites(1) { fixture async throws in
            for _ in 0..<20 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<250 {
                        group.addTask {
                            _ = try await fixture.daemon.registry.invite(
                                .init(.contact(of: Self.alice)), on: "a.example")
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let end = await fixture.dispatcher.run(
                try Words("invite purge a.example --all --yes").words, caller: .someone(.admin),
                output: LeavingOutput())
            #expect(end.code == .cancelled)
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.after == "deleted 5000 invites" && entry.before?.hasSuffix(" and 4981 more") == true)
        }
    }

    private static let alice = Account(localpart: "alice", domain: "a.example")

    @Test func oneUnknownNumberKeepsAll() async throws {
        try await withInvites(2) { fixture async throws in
            let output = RecordingOutput(answers: ["yes"])
            let end = try await fixture.run("invite delete a.example 1 7 2", output: output)
            #expect(end.code == .unknownInvite && end.message.contains("7"))
            #expect(output.questions.isEmpty)
            #expect(try await numbers(fixture) == [1, 2])
        }
    }

    @Test func extendingCountsFromNow() async throws {
        try await withInvites(1) { fixture async throws in
            fixture.controlled.advance(byMilliseconds: 8 * 86_400_000)
            #expect(try await fixture.row("invite show a.example 1")["state"] == "expired")
            let row = try await fixture.row("invite extend a.example 1 1d")
            #expect(row["state"] == "open" && row["expires"] == "2027-01-24T08:00:00Z")
            #expect(try await fixture.row("invite show a.example 1") == row)
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.before == "1 contact by alice@a.example, until 2027-01-22T08:00:00Z")
            #expect(entry.after == "1 contact by alice@a.example, until 2027-01-24T08:00:00Z")
        }
    }

    @Test func aNamePromisedAnewIsNotExtended() async throws {
        try await InviteHandlersTests.with { fixture async throws in
            _ = try await fixture.row("invite create account a.example --username juliet --expires 1h")
            fixture.controlled.advance(byMilliseconds: 3_600_000)
            _ = try await fixture.row("invite create account a.example --username juliet")
            #expect(try await fixture.run("invite extend a.example 1 1d").code == .takenUsername)
            _ = try await fixture.row("invite extend a.example 2 1d")
        }
    }

    @Test func purgingDeletesWhatTheFiltersChoose() async throws {
        try await withInvites(2) { fixture async throws in
            _ = try await fixture.row("invite create reset alice@a.example")
            let dry = RecordingOutput()
            let end = try await fixture.run("invite purge a.example --kind contact --dry-run", output: dry)
            #expect(end == .init(.ok, "2 invites would be deleted"))
            #expect(dry.rows.map(CommandFixture.name) == ["a.example 1", "a.example 2"])
            #expect(try await numbers(fixture) == [1, 2, 3])

            let output = RecordingOutput(answers: ["yes"])
            let done = try await fixture.run("invite purge a.example --kind contact", output: output)
            #expect(done == .init(.ok, "deleted 2 invites"))
            let names = "1 contact by alice@a.example, 2 contact by alice@a.example"
            #expect(
                output.questions == [.confirm("Delete 2 invites of a.example (\(names))? Their links stop working.")])
            #expect(output.rows.isEmpty)
            #expect(try await numbers(fixture) == [3])
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.before == names)
            #expect(entry.after == "deleted 2 invites")

            let none = try await fixture.run("invite purge a.example --kind contact")
            #expect(none == .init(.ok, "no invite matches"))
        }
    }

    /// While the question waits for its answer, an invite is made, and another is extended.
    @Test func whatChangesDuringTheQuestionStays() async throws {
        try await withInvites(2) { fixture async throws in
            fixture.controlled.advance(byMilliseconds: 8 * 86_400_000)
            _ = try await fixture.row("invite create contact alice@a.example --expires 1s")
            let output = AskingOutput {
                fixture.controlled.advance(byMilliseconds: 60_000)
                _ = try await fixture.row("invite create contact alice@a.example")
                _ = try await fixture.row("invite extend a.example 2 1d")
                return "yes"
            }
            let end = await fixture.dispatcher.run(
                ["invite", "purge", "a.example", "--state", "expired"], caller: .someone(.operator), output: output)
            #expect(end == .init(.ok, "deleted 1 invite"))
            #expect(try await numbers(fixture) == [2, 3, 4])
        }
    }

    @Test(arguments: ["--all", "--newer-than 1h", "--state open", "--kind contact"])
    func whatIsMadeDuringTheQuestionStays(filter: String) async throws {
        try await withInvites(2) { fixture async throws in
            let output = AskingOutput {
                _ = try await fixture.row("invite create contact alice@a.example")
                return "yes"
            }
            let argv = try Words("invite purge a.example \(filter)").words
            let end = await fixture.dispatcher.run(argv, caller: .someone(.operator), output: output)
            #expect(end == .init(.ok, "deleted 2 invites"))
            #expect(try await numbers(fixture) == [3])
        }
    }

    @Test func aLongPurgeTellsHowFarItIs() async throws {
        try await InviteHandlersTests.with { fixture async throws in
            let store = fixture.daemon.store(of: "a.example")
            let sample = try await fixture.daemon.registry.invite(
                OperatorRequest(.account(username: nil, contact: nil)), on: "a.example"
            ).invite.invite
            try await store.add(
                (0..<11_000).map { number in
                    Invite(
                        token: try #require(Token("token\(10_000_000 + number)")), kind: .account, inviter: nil,
                        createdAt: sample.createdAt, expiresAt: sample.expiresAt)
                })
            let output = RecordingOutput()
            let end = try await fixture.run("invite purge a.example --all --yes", output: output)
            #expect(end.message == "deleted 11001 invites")
            let progress = output.messages.items.compactMap { message in
                if case .progress(_, let text) = message { text } else { nil }
            }
            #expect(progress == ["deleted 5000 of 11001", "deleted 10000 of 11001"])
            #expect(try await store.count() == 0)
            let before = try #require(fixture.recorder.entries.last?.before)
            #expect(before.hasSuffix(" and 10981 more"))
        }
    }

    @Test func aCancelledPurgeStopsAndSaysWhere() async throws {
        try await InviteHandlersTests.with { fixture async throws in
            let store = fixture.daemon.store(of: "a.example")
            let now = fixture.controlled.now
            try await store.add(
                (0..<12_000).map { number in
                    Invite(
                        token: try #require(Token("token\(10_000_000 + number)")), kind: .account, inviter: nil,
                        createdAt: now, expiresAt: now)
                })
            let output = StallingOutput()
            let purge = Task {
                await fixture.dispatcher.run(
                    ["invite", "purge", "a.example", "--all", "--yes"], caller: .someone(.operator), output: output)
            }
            try await output.progressed.next()
            purge.cancel()
            let end = await purge.value
            #expect(end == .init(.cancelled, "ended early: 5000 invites had been deleted by then"))
            #expect(try await store.count() == 7_000)
        }
    }
}

/// Takes no more after the first word of progress.
private struct StallingOutput: CommandOutput {
    let width = 80
    let progressed = Inbox<Void>()
    private let room = Inbox<Void>()

    func row(_ row: JSON) {}
    func text(_ text: String) {}
    func progress(_ message: String) async throws {
        progressed.put(())
        try await room.next()
    }
    func event(_ event: JSON) {}
    func ask(_ question: ServerMessage.Question) -> String? { nil }
}

/// Runs a closure before answering a question.
private struct AskingOutput: CommandOutput {
    let width = 80
    let answer: @Sendable () async throws -> String?

    func row(_ row: JSON) {}
    func text(_ text: String) {}
    func progress(_ message: String) {}
    func event(_ event: JSON) {}
    func ask(_ question: ServerMessage.Question) async throws -> String? { try await answer() }
}
