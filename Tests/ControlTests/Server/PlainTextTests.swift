import NIOCore
import Shell
import TestSupport
import Testing

@testable import Control

@Suite struct PlainTextTests {
    /// Lines up to the one that begins so; a prompt stands in front of what comes next.
    private func lines(_ peer: ControlPeer, upTo last: String) async throws -> [String] {
        var lines: [String] = []
        while true {
            guard case .line(let line) = try await peer.inbox.next() else { throw ControlPeer.Closed() }
            lines.append(line)
            if line.contains(last) { return lines }
        }
    }

    @Test func linesAreCommandsOneAfterTheOther() async throws {
        let go = Inbox<Void>()
        try await ControlRoom.with { handlers in
            handlers["host show"] = { call in
                try await go.next()
                return Outcome(try call.invocation.required("host"))
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.send("host show a.example\nhost show 'b.example'\nhost show c.example\nquit\n")
            go.put(())
            go.put(())
            let said = try await lines(peer, upTo: "hint: ")
            #expect(said.first?.contains(/^invited 1\.2\.3: you are \S+, admin of all hosts/) == true)
            #expect(
                said.suffix(4) == [
                    "a.example", "invited> b.example", "invited> error host.unknown: there is no host `c.example`",
                    "hint: `host list` shows them",
                ])
            try await peer.closed()
        }
    }

    @Test func yesAndNoAreAnsweredInLines() async throws {
        try await ControlRoom.with { handlers in
            handlers["status"] = { call in
                try await call.confirm("really?")
                return Outcome("done")
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.send("status\nyes\nstatus\nno\nquit\n")
            let said = try await lines(peer, upTo: "refused")
            #expect(
                said.suffix(2) == [
                    "really? [yes/no] done", "invited> really? [yes/no] error confirm.refused: nothing was changed",
                ])
            try await peer.closed()
        }
    }

    @Test func aLineEndsWhatGoesOn() async throws {
        let started = Inbox<Void>()
        try await ControlRoom.with { handlers in
            handlers["trace"] = { call in
                try await call.output.event(["stanza": "<iq/>\u{1B}[2J"])
                started.put(())
                try await Inbox<Void>().next()
                return Outcome()
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.send("trace a.example\n")
            try await started.next()
            try await peer.send("version\n")
            let said = try await lines(peer, upTo: "1.2.3: ") + lines(peer, upTo: "1.2.3")
            #expect(said.contains { $0.contains("<iq/>\\u{1B}[2J") })
            #expect(said.contains("error cancelled: ended before it was done"))
        }
    }
}
