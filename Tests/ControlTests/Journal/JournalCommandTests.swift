import Access
import Shell
import TestSupport
import Testing

@testable import Control

/// `journal`, and the journal behind commands.
@Suite struct JournalCommandTests {
    private static let files = ["a.example": "{}", "b.example": "{}"]
    private let admin = Caller.someone(.admin)
    private let ann = Caller(uid: 1001, pid: 9, user: "ann", role: .viewer, hosts: .some(["a.example"]))

    private func withDesk(_ body: (CommandFixture, Journal) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let journal = Journal(stateDirectory: directory.path, dependencies: ControlledDependencies().dependencies)
        try await CommandFixture.with(Self.files) { daemon, handlers in
            JournalHandlers(journal, dependencies: ControlledDependencies().dependencies).register(in: &handlers)
        } _: { fixture in
            try await body(fixture, journal)
        }
        _ = directory
    }

    private func rows(
        _ line: String, as caller: Caller? = nil, at fixture: CommandFixture,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> [JSON] {
        let output = RecordingOutput()
        let end = try await fixture.run(line, as: caller ?? admin, output: output)
        #expect(end.code == .ok, "\(end)")
        #expect(RowChecker(command: "journal").mistakes(in: output).isEmpty)
        return output.rows
    }

    @Test func theNewestAreShownFirstAndNoMoreThanTheLimit() async throws {
        try await withDesk { fixture, journal in
            for index in 1...150 {
                let number = try await journal.begin("change \(index)", caller: admin, hosts: ["a.example"])
                if index != 149 { await journal.end(number, code: .ok, outcome: Outcome(before: "x", after: "y")) }
            }
            let all = try await rows("journal", at: fixture)
            #expect(all.count == 100)
            #expect(all.first?["command"] == "change 150")
            #expect(all[1]["code"] == "running")
            #expect(all.last?["command"] == "change 51")
            #expect(try await rows("journal --limit 3", at: fixture).count == 3)
            #expect(try await rows("journal --limit 1000 --command 'change 14'", at: fixture).count == 11)
            #expect(try await rows("journal --failed", at: fixture).isEmpty)
        }
    }

    @Test func otherHostsAreNowhereForWhoDoesNotSeeThem() async throws {
        try await withDesk { fixture, journal in
            for hosts in [["a.example"], ["b.example"], ["a.example", "b.example"], []] {
                let number = try await journal.begin(
                    "x \(hosts.joined(separator: " "))", caller: admin, hosts: hosts)
                await journal.end(number, code: .ok, outcome: nil)
            }
            let seen = try await rows("journal", as: ann, at: fixture)
            #expect(seen.map { $0["command"] } == ["x a.example"])
            // As for a host that never was.
            #expect(try await rows("journal --host b.example", as: ann, at: fixture).isEmpty)
            #expect(try await rows("journal --host c.example", as: ann, at: fixture).isEmpty)
        }
    }

    @Test func aHostThatIsGoneIsStillFound() async throws {
        try await withDesk { fixture, journal in
            _ = try await journal.begin("host suspend gone.example", caller: admin, hosts: ["gone.example"])
            #expect(try await rows("journal --host Gone.Example", at: fixture).count == 1)
        }
    }

    @Test func whatIsNoHostIsRefused() async throws {
        try await withDesk { fixture, _ in
            let end = try await fixture.run("journal --host a@b", as: admin)
            #expect(end.code == .badArgument)
        }
    }

    /// With the dispatcher: a change that cannot be recorded does not happen.
    @Test func aChangeThatCannotBeWrittenDownDoesNotHappen() async throws {
        let directory = try TemporaryDirectory()
        try directory.write("in the way", to: "journal")
        let journal = Journal(stateDirectory: directory.path, dependencies: ControlledDependencies().dependencies)
        let done = Inbox<Void>()
        try await CommandFixture.with(Self.files) { daemon, handlers in
            handlers["host suspend"] = { _ in
                done.put(())
                return Outcome("done")
            }
        } _: { fixture in
            let dispatcher = fixture.dispatcher(recorder: journal)
            let refused = await dispatcher.run(
                ["host", "suspend", "a.example"], caller: admin, output: RecordingOutput())
            #expect(refused.code == .unwritableJournal)
            #expect(done.items.isEmpty)
            try directory.remove("journal")
            let end = await dispatcher.run(["host", "suspend", "a.example"], caller: admin, output: RecordingOutput())
            #expect(end.code == .ok)
            #expect(done.items.count == 1)
        }
    }

    /// A secret is a field of an answer or an answer to a question, and neither is recorded: no argument or option
    /// of a command is named like one.
    @Test func noSecretGetsIntoTheJournal() async throws {
        let secrets = Set(
            CommandRegistry.standard.commands.flatMap { $0.result.fields }.filter(\.isSecret).map(\.name))
        #expect(!secrets.isEmpty)
        for spec in CommandRegistry.standard.commands {
            for name in spec.arguments.map(\.name) + spec.options.filter({ $0.kind != nil }).map(\.name) {
                #expect(!secrets.contains(name), "\(spec.name) takes \(name)")
                #expect(!["password", "secret", "token"].contains { name.contains($0) }, "\(spec.name) takes \(name)")
            }
        }
        let directory = try TemporaryDirectory()
        let journal = Journal(stateDirectory: directory.path, dependencies: ControlledDependencies().dependencies)
        let secret = "xmpp:a.example?register;preauth=s3cretT0ken"
        try await CommandFixture.with(Self.files) { daemon, handlers in
            handlers["invite create account"] = { call in
                // What the handler shows, with the answer to its question.
                let answer = try await call.output.ask(.secret("password")) ?? ""
                var row: [String: JSON] = [:]
                for name in secrets { row[name] = .text(secret) }
                try await call.output.row(.object(row))
                try await call.output.text(answer)
                return Outcome("made", hosts: ["a.example"], after: "invite 1")
            }
        } _: { fixture in
            let output = RecordingOutput(answers: ["hunter2"])
            let end = await fixture.dispatcher(recorder: journal).run(
                ["invite", "create", "account", "a.example"], caller: admin, output: output)
            #expect(end.code == .ok)
            #expect(output.rows.first?.line.contains("s3cretT0ken") == true)
        }
        let content = try directory.read("journal/journal.ndjson")
        #expect(content.contains("invite 1"))
        #expect(!content.contains("s3cretT0ken") && !content.contains("hunter2"))
    }
}
