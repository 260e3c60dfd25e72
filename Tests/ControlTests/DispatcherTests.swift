import Access
import Control
import Shell
import Synchronization
import TestSupport
import Testing

@Suite struct DispatcherTests {
    private static let files = ["a.example": "{}", "b.example": "{}"]

    private func withDesk(_ body: (CommandFixture) async throws -> Void) async throws {
        try await CommandFixture.with(Self.files) { _, handlers in
            handlers["host show"] = { call in
                Outcome(try call.invocation.required("host"))
            }
            handlers["host suspend"] = { call in
                Outcome("done", before: "running", after: "suspended")
            }
            handlers["invite create account"] = { _ in Outcome() }
            handlers["grants"] = { call in
                Outcome(Self.files.keys.sorted().filter(call.caller.hosts.contains).joined(separator: " "))
            }
        } _: {
            try await body($0)
        }
    }

    @Test func aHostIsPreparedBeforeItIsLookedUp() async throws {
        try await withDesk { fixture in
            let end = try await fixture.run("host show A.Example")
            #expect(end == ServerMessage.End(.ok, "a.example"))
        }
    }

    @Test func aHostOutOfScopeIsAsUnknownAsOneThatIsNot() async throws {
        try await withDesk { fixture in
            let caller = Caller.someone(.operator, .some(["a.example"]))
            let hidden = try await fixture.run("host show b.example", as: caller)
            let missing = try await fixture.run("host show c.example", as: caller)
            #expect(hidden.code == .unknownHost)
            #expect(missing.code == .unknownHost)
            #expect(hidden.message.replacing("b.example", with: "c.example") == missing.message)
            #expect(hidden.hint == missing.hint)
        }
    }

    /// The values of a command are a dictionary, whose order is another in each.
    @Test func ofSeveralErrorsItIsAlwaysTheFirstOnesThatIsSaid() async throws {
        try await withDesk { fixture in
            for _ in 0..<64 {
                for (line, code) in [
                    ("host why c.example x@y/z", ResultCode.unknownHost), ("host why a.example x@y/z", .badArgument),
                    ("invite create account c.example --contact x@y/z", .unknownHost),
                    ("invite create account a.example --contact x@y/z", .badArgument),
                    ("invite create account a.example --contact x@c.example", .unknownHost),
                ] {
                    let end = try await fixture.run(line)
                    #expect(end.code == code, "\(line)")
                }
            }
        }
    }

    @Test func changesAreInTheJournalAndReadsAreNot() async throws {
        try await withDesk { fixture in
            _ = try await fixture.run("host show a.example")
            _ = try await fixture.run("host suspend a.example")
            #expect(
                fixture.recorder.entries == [
                    .init(
                        line: "host suspend a.example", hosts: ["a.example"], code: .ok, before: "running",
                        after: "suspended")
                ])
        }
    }

    @Test func aCommandThatOnlyShowsWithoutArgumentsIsThenNoChange() async throws {
        try await CommandFixture.with(Self.files) { _, handlers in
            handlers["log level"] = { _ in Outcome() }
        } _: { fixture in
            _ = try await fixture.run("log level")
            #expect(fixture.recorder.entries.isEmpty)
            _ = try await fixture.run("log level debug")
            #expect(fixture.recorder.entries.map(\.line) == ["log level debug"])
        }
    }

    /// Changes wait for one another: those of one operator must not be what an admin waits for.
    @Test func oneUserHasSoManyChangesAtOnce() async throws {
        try await withDesk { fixture in
            let begun = Inbox<Void>()
            let recorder = HeldRecorder(begun: begun)
            let dispatcher = fixture.dispatcher(recorder: recorder)
            @Sendable func suspend(_ uid: UInt32, _ role: Role, _ hosts: HostScope) async -> ResultCode {
                let caller = Caller(uid: uid, pid: 1, user: "u\(uid)", role: role, hosts: hosts)
                return await dispatcher.run(
                    ["host", "suspend", "a.example"], caller: caller, output: RecordingOutput()
                ).code
            }
            try await withThrowingTaskGroup(of: ResultCode.self) { group in
                for _ in 0..<8 { group.addTask { await suspend(1000, .operator, .some(["a.example"])) } }
                for _ in 0..<8 { _ = try await begun.next() }
                #expect(await suspend(1000, .operator, .some(["a.example"])) == .tooManyCommands)
                // Others have theirs, and reading is no change.
                group.addTask { await suspend(1001, .operator, .some(["a.example"])) }
                group.addTask { await suspend(0, .admin, .all) }
                for _ in 0..<2 { _ = try await begun.next() }
                let caller = Caller(uid: 1000, pid: 1, user: "u", role: .operator, hosts: .some(["a.example"]))
                let read = await dispatcher.run(
                    ["host", "show", "a.example"], caller: caller, output: RecordingOutput())
                #expect(read.code == .ok)
                recorder.release()
                for try await code in group { #expect(code == .ok) }
            }
            #expect(await suspend(1000, .operator, .some(["a.example"])) == .ok)
        }
    }

    /// A journal whose disk does not answer until it is released.
    private final class HeldRecorder: ChangeRecorder {
        private let begun: Inbox<Void>
        private let gate = Mutex<[CheckedContinuation<Void, Never>]?>([])

        init(begun: Inbox<Void>) { self.begun = begun }

        func begin(_ invocation: Invocation, caller: Caller, hosts: [String]) async throws(CommandFailure) -> Int64 {
            await withCheckedContinuation { continuation in
                let isOpen = gate.withLock { waiting in
                    waiting?.append(continuation)
                    return waiting == nil
                }
                if isOpen { continuation.resume() }
                begun.put(())
            }
            return 1
        }

        func end(_ entry: Int64, code: ResultCode, outcome: Outcome?) async {}

        func release() {
            let waiting = gate.withLock { $0.take() }
            for continuation in waiting ?? [] { continuation.resume() }
        }
    }

    @Test func aHostThatIsNamedTwiceIsInTheJournalOnce() async throws {
        try await withDesk { fixture in
            _ = try await fixture.run("invite create account a.example --contact alice@a.example")
            _ = try await fixture.run("invite create account a.example --contact alice@b.example")
            #expect(fixture.recorder.entries.map(\.hosts) == [["a.example"], ["a.example", "b.example"]])
        }
    }

    @Test func aViewerChangesNothing() async throws {
        try await withDesk { fixture in
            let end = try await fixture.run("host suspend a.example", as: .someone(.viewer))
            #expect(end.code == .denied)
            #expect(fixture.recorder.entries.isEmpty)
        }
    }

    @Test func aRoleOnOneHostIsNoneOnAnother() async throws {
        try await withDesk { fixture in
            let access = AccessRights(.operator, on: .some(["a.example"])).union(
                AccessRights(.viewer, on: .some(["b.example"])))
            let caller = Caller(uid: 1000, pid: 1, user: "someone", access: access)
            for (line, code) in [
                ("host show b.example", ResultCode.ok), ("host suspend a.example", .ok),
                ("host suspend b.example", .denied), ("host suspend c.example", .unknownHost),
                ("grants b.example --probe", .denied),
            ] {
                let end = try await fixture.run(line, as: caller)
                #expect(end.code == code, "\(line)")
            }
            // A command for all hosts runs on those where the caller may run it.
            let seen = try await fixture.run("grants", as: caller)
            let probed = try await fixture.run("grants --probe", as: caller)
            #expect(seen.message == "a.example b.example")
            #expect(probed.message == "a.example")
        }
    }

    @Test func whatConcernsTheDaemonIsForARoleOnAllHosts() async throws {
        try await withDesk { fixture in
            let access = AccessRights(.viewer, on: .all).union(AccessRights(.admin, on: .some(["a.example"])))
            let caller = Caller(uid: 1000, pid: 1, user: "someone", access: access)
            let end = try await fixture.run("log level debug", as: caller)
            #expect(end.code == .denied)
            // Nothing handles it at this fixture.
            let admin = try await fixture.run("log level debug")
            #expect(admin.code == .internal)
        }
    }
}
