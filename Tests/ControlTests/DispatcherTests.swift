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

    @Test func aViewerChangesNothing() async throws {
        try await withDesk { desk in
            let end = try await desk.run("host suspend a.example", as: .someone(.viewer))
            #expect(end.code == .denied)
            #expect(desk.recorder.entries.isEmpty)
        }
    }
}
