import Control
import Shell
import TestSupport
import Testing

@Suite struct DispatcherTests {
    private static let files = ["a.example": "", "b.example": ""]

    private func withDesk(_ body: (Desk) async throws -> Void) async throws {
        try await Desk.with(Self.files) { _, handlers in
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
        try await withDesk { desk in
            let end = try await desk.run("host show A.Example")
            #expect(end == ServerMessage.End(.ok, "a.example"))
        }
    }

    @Test func aHostOutOfScopeIsAsUnknownAsOneThatIsNot() async throws {
        try await withDesk { desk in
            let caller = Caller.someone(.operator, .some(["a.example"]))
            let hidden = try await desk.run("host show b.example", as: caller)
            let missing = try await desk.run("host show c.example", as: caller)
            #expect(hidden.code == .unknownHost)
            #expect(missing.code == .unknownHost)
            #expect(hidden.message.replacing("b.example", with: "c.example") == missing.message)
            #expect(hidden.hint == missing.hint)
        }
    }

    /// The values of a command are a dictionary, whose order is another in each.
    @Test func ofSeveralErrorsItIsAlwaysTheFirstOnesThatIsSaid() async throws {
        try await withDesk { desk in
            for _ in 0..<64 {
                for (line, code) in [
                    ("host why c.example x@y/z", ResultCode.unknownHost), ("host why a.example x@y/z", .badArgument),
                    ("invite create account c.example --contact x@y/z", .unknownHost),
                    ("invite create account a.example --contact x@y/z", .badArgument),
                    ("invite create account a.example --contact x@c.example", .unknownHost),
                ] {
                    let end = try await desk.run(line)
                    #expect(end.code == code, "\(line)")
                }
            }
        }
    }

    @Test func changesAreInTheJournalAndReadsAreNot() async throws {
        try await withDesk { desk in
            _ = try await desk.run("host show a.example")
            _ = try await desk.run("host suspend a.example")
            #expect(
                desk.recorder.entries == [
                    .init(
                        line: "host suspend a.example", hosts: ["a.example"], code: .ok, before: "running",
                        after: "suspended")
                ])
        }
    }

    @Test func aHostThatIsNamedTwiceIsInTheJournalOnce() async throws {
        try await withDesk { desk in
            _ = try await desk.run("invite create account a.example --contact alice@a.example")
            _ = try await desk.run("invite create account a.example --contact alice@b.example")
            #expect(desk.recorder.entries.map(\.hosts) == [["a.example"], ["a.example", "b.example"]])
        }
    }

    @Test func aViewerChangesNothing() async throws {
        try await withDesk { desk in
            let end = try await desk.run("host suspend a.example", as: .someone(.viewer))
            #expect(end.code == .denied)
            #expect(desk.recorder.entries.isEmpty)
        }
    }

    @Test func aRoleOnOneHostIsNoneOnAnother() async throws {
        try await withDesk { desk in
            let access = Access(.operator, on: .some(["a.example"])).union(Access(.viewer, on: .some(["b.example"])))
            let caller = Caller(uid: 1000, pid: 1, user: "someone", access: access)
            for (line, code) in [
                ("host show b.example", ResultCode.ok), ("host suspend a.example", .ok),
                ("host suspend b.example", .denied), ("host suspend c.example", .unknownHost),
                ("grants b.example --probe", .denied),
            ] {
                let end = try await desk.run(line, as: caller)
                #expect(end.code == code, "\(line)")
            }
            // What goes to all hosts goes to those where the caller may do it.
            let seen = try await desk.run("grants", as: caller)
            let probed = try await desk.run("grants --probe", as: caller)
            #expect(seen.message == "a.example b.example")
            #expect(probed.message == "a.example")
        }
    }

    @Test func whatConcernsTheDaemonIsForARoleOnAllHosts() async throws {
        try await withDesk { desk in
            let access = Access(.viewer, on: .all).union(Access(.admin, on: .some(["a.example"])))
            let caller = Caller(uid: 1000, pid: 1, user: "someone", access: access)
            let end = try await desk.run("log level debug", as: caller)
            #expect(end.code == .denied)
            // Nothing handles it at this desk.
            let admin = try await desk.run("log level debug")
            #expect(admin.code == .internal)
        }
    }
}
