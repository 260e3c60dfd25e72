import Access
import NIOCore
import Shell
import Synchronization
import TestSupport
import Testing

@testable import Control

@Suite struct PlainTextTests {
    /// Lines up to the one that begins so; a prompt precedes the next text.
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
        try await ControlServerFixture.with { handlers in
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
        try await ControlServerFixture.with { handlers in
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
        try await ControlServerFixture.with { handlers in
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

    @Test func cancelEndsWhatRunsAndNothingElseDoes() async throws {
        let started = Inbox<Void>()
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { _ in
                started.put(())
                try await Inbox<Void>().next()
                return Outcome()
            }
            handlers["trace"] = handlers["status"]
        } _: { room in
            let peer = try await room.connect()
            for line in ["status", "trace a.example"] {
                try await peer.send("\(line)\n")
                try await started.next()
                try await peer.send("cancel\r\n")
                #expect(try await lines(peer, upTo: "cancelled").last?.hasSuffix("ended before it was done") == true)
            }
            try await peer.send("cancel\nversion\nquit\n")
            let said = try await lines(peer, upTo: "version:")
            #expect(said == ["invited> nothing runs", "invited> version:  1.2.3"], "\(said)")
        }
    }

    /// It waits for the command before it, and is not taken for the answer to a question.
    @Test func whatIsTypedAheadIsTheNextCommand() async throws {
        let (started, go) = (Inbox<Void>(), Inbox<Void>())
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { _ in
                started.put(())
                try await go.next()
                return Outcome("done")
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.send("status\n")
            try await started.next()
            try await peer.send("host shwo\nversion\n")
            go.put(())
            let said = try await lines(peer, upTo: "version:")
            #expect(said.contains { $0.hasSuffix("done") } && said.contains { $0.contains("usage.unknown-command") })
        }
    }

    @Test func aLineThatIsNoTextEndsWhatGoesOn() async throws {
        let started = Inbox<Void>()
        try await ControlServerFixture.with { handlers in
            handlers["trace"] = { _ in
                started.put(())
                try await Inbox<Void>().next()
                return Outcome()
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.send("trace a.example\n")
            try await started.next()
            try await peer.send([0xFF, 0xF4, 0x0A])
            let said = try await lines(peer, upTo: "UTF-8")
            #expect(said.suffix(2).first == "error cancelled: ended before it was done", "\(said)")
        }
    }

    @Test func nothingBeginsForAPeerThatHasGone() async throws {
        let (started, go, gone) = (Inbox<Void>(), Inbox<Void>(), Inbox<Void>())
        let hasRun = Mutex(false)
        try await ControlServerFixture.with { handlers in
            handlers["trace"] = { _ in
                started.put(())
                // Deaf to cancellation.
                _ = try await Task { try await go.next() }.value
                return Outcome()
            }
            handlers["status"] = { _ in
                hasRun.withLock { $0 = true }
                return Outcome()
            }
        } _: { room in
            let session = Session(
                PeerIdentity(PeerCredentials(pid: 1, uid: 1000, gid: 1000), user: "someone"),
                caller: .someone(.operator), sendQueue: SendQueue {},
                services: SessionServices(
                    dispatcher: room.fixture.dispatcher,
                    completer: Completer(live: DaemonValues(room.fixture.daemon)),
                    registry: .standard, version: "1.2.3"),
                onGone: { gone.put(()) }, onClose: { _ in })
            session.receive(Array("trace a.example".utf8))
            try await started.next()
            session.receive(Array("status".utf8))
            session.channelClosed()
            go.put(())
            try await gone.next()
            #expect(!hasRun.withLock { $0 })
        }
    }
}
