import Access
import NIOCore
import Shell
import Synchronization
import TestSupport
import Testing

@testable import Control

@Suite struct SessionTests {
    @Test func helloTellsWhoTheDaemonTakesThePeerFor() async throws {
        try await ControlServerFixture.with { room in
            let peer = try await ControlPeer.connect(room.path)
            let hello = try await peer.hello()
            #expect(hello.version == "1.2.3")
            #expect(hello.role == .admin)
            #expect(hello.hosts == nil)
            #expect(hello.registry == CommandRegistry.standard.hash)
        }
    }

    @Test func rowsTextsAndEventsComeInOrderBeforeTheEnd() async throws {
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { call in
                #expect(call.output.width == 80)
                try await call.output.row(["n": 1])
                try await call.output.text("two\nlines")
                try await call.output.progress("still there")
                try await call.output.event(["n": 2])
                return Outcome("done", hint: "rest")
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(7, "status")
            #expect(try await peer.next() == .row(id: 7, ["n": 1]))
            #expect(try await peer.next() == .text(id: 7, "two\nlines"))
            #expect(try await peer.next() == .progress(id: 7, "still there"))
            #expect(try await peer.next() == .event(id: 7, ["n": 2]))
            #expect(try await peer.next() == .end(id: 7, .init(.ok, "done", hint: "rest")))
        }
    }

    @Test func aCancelledCommandEndsOnce() async throws {
        let (started, stopped) = (Inbox<Void>(), Inbox<Void>())
        try await ControlServerFixture.with { handlers in
            handlers["status"] = Self.waiting(started, stopped)
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(1, "status")
            try await started.next()
            try await peer.say(.cancel(id: 1))
            try await stopped.next()
            #expect(try await peer.end(1).code == .cancelled)
            // Neither is this a request, nor does it end the one before again.
            try await peer.say(.cancel(id: 1))
            try await peer.run(2, "version")
            guard case .row(2, _) = try await peer.next() else {
                Issue.record("something came before the answer")
                return
            }
        }
    }

    @Test func commandsOfAPeerThatLeavesAreCancelled() async throws {
        let (started, stopped) = (Inbox<Void>(), Inbox<Void>())
        try await ControlServerFixture.with { handlers in
            handlers["status"] = Self.waiting(started, stopped)
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(1, "status")
            try await started.next()
            try await peer.close()
            try await stopped.next()
        }
    }

    @Test func aPeerThatOnlyEndsItsInputGetsItsAnswers() async throws {
        let go = Inbox<Void>()
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { _ in
                try await go.next()
                return Outcome("done")
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(1, "status")
            try await peer.channel.close(mode: .output).get()
            go.put(())
            #expect(try await peer.end(1) == .init(.ok, "done"))
            try await peer.closed()
        }
    }

    // MARK: Questions

    @Test func theAnswerGoesToTheCommandThatAsks() async throws {
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { call in
                let answer = try await call.output.ask(.secret("password"))
                return Outcome(answer ?? "none")
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(1, "status", isInteractive: true)
            try await peer.run(2, "status", isInteractive: true)
            for _ in 1...2 {
                guard case .ask(let id, .secret("password")) = try await peer.next() else {
                    Issue.record("no question")
                    return
                }
                #expect([1, 2].contains(id))
            }
            try await peer.say(.answer(id: 2, text: "second"))
            #expect(try await peer.end(2).message == "second")
            try await peer.say(.answer(id: 1, text: nil))
            #expect(try await peer.end(1).message == "none")
        }
    }

    @Test(.timeLimit(.minutes(5))) func anAnswerIsHeardHoweverSoonItComes() async throws {
        try await ControlServerFixture.with { room in
            let peer = Peer()
            let answers = Inbox<String?>()
            // The reader of the question answers it before the command that asks continues.
            let sendQueue = SendQueue { peer.session.withLock { $0 }?.answer(1, "yes") }
            let session = Session(
                PeerIdentity(PeerCredentials(pid: 1, uid: 1000, gid: 1000), user: "someone"),
                caller: .someone(.operator), sendQueue: sendQueue,
                services: SessionServices(
                    dispatcher: room.fixture.dispatcher,
                    completer: Completer(live: DaemonValues(room.fixture.daemon)),
                    registry: .standard, version: "1.2.3"),
                onGone: {}, onClose: { _ in })
            peer.session.withLock { $0 = session }
            session.begin(1) { session in
                let output = SessionOutput(session, id: 1, width: 0, isInteractive: true)
                answers.put(try? await output.ask(.confirm("really?")))
                return .init(.ok)
            }
            let answer = try await answers.next()
            #expect(answer == "yes")
        }
    }

    private final class Peer: Sendable {
        let session = Mutex<Session?>(nil)
    }

    @Test func nobodyIsAskedWhereNobodyIs() async throws {
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { call in
                try await call.confirm("really?")
                return Outcome()
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(1, "status")
            #expect(try await peer.end(1).code == .unconfirmed)
        }
    }

    @Test func aQuestionEndsWithItsCommand() async throws {
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { call in Outcome(try await call.output.ask(.confirm("really?")) ?? "none") }
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(1, "status", isInteractive: true)
            _ = try await peer.next()
            try await peer.say(.cancel(id: 1))
            #expect(try await peer.end(1).code == .cancelled)
        }
    }

    // MARK: Bounds

    @Test func eightCommandsRunAtOnce() async throws {
        let (started, stopped) = (Inbox<Void>(), Inbox<Void>())
        try await ControlServerFixture.with { handlers in
            handlers["status"] = Self.waiting(started, stopped)
        } _: { room in
            let peer = try await room.connect()
            for id in 1...8 { try await peer.run(Int64(id), "status") }
            for _ in 1...8 { try await started.next() }
            try await peer.run(9, "version")
            #expect(try await peer.end(9).code == .tooManyCommands)
            // The number of one that runs is no number for another.
            try await peer.run(3, "version")
            #expect(try await peer.end(0).code == .badRequest)
            try await peer.say(.cancel(id: 3))
            #expect(try await peer.end(3).code == .cancelled)
            try await peer.run(9, "version")
            #expect(try await peer.end(9).code == .ok)
        }
    }

    @Test func aLineOfTooManyValuesIsNotRead() async throws {
        try await ControlServerFixture.with { room in
            let peer = try await room.connect()
            for (from, piece, to) in [("[", "1,", "1]"), ("[", "[],", "[]]"), ("{\"a\":1", ",\"\\\"a\":1", "}")] {
                let values = String(repeating: piece, count: Session.mostValues)
                try await peer.send("{\"id\":1,\"cancel\":true,\"x\":\(from)\(values)\(to)}\n")
                #expect(try await peer.end(0).message.contains("values"))
            }
            // In a text they are none.
            let text = String(repeating: "\\\"[{,\\\\", count: Session.mostValues)
            try await peer.send("{\"id\":2,\"argv\":[\"version\",\"\(text)\"]}\n")
            #expect(try await peer.end(2).code == .badArgument)
            try await peer.send("{\"id\":3,\"argv\":[\"version\"\(String(repeating: ",\"a\"", count: 9_000))]}\n")
            #expect(try await peer.end(3).code == .badArgument)
        }
    }

    @Test func aLineWithoutAnEndIsRefused() async throws {
        try await ControlServerFixture.with { room in
            let peer = try await room.connect()
            try await peer.send(#"{"id":1,"argv":[""#)
            // The session may close before it has received the rest.
            try? await peer.send([UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20))
            #expect(try await peer.end(0).code == .tooLong)
            try await peer.closed()
        }
    }

    private static let noRequests = [
        "{", "{}", #"{"id":0,"argv":["version"]}"#, #"{"id":"1","argv":["version"]}"#, #"{"id":1.5,"argv":[]}"#,
        #"{"id":99999999999999999999999,"argv":["version"]}"#, #"{"argv":["version"]}"#, "{\"id\":1\u{0}}",
        String(repeating: "{\"a\":", count: 40_000), String(repeating: "[", count: 200_000), "{\"id\":1 2}",
    ]

    @Test(arguments: noRequests.indices)
    func whatIsNoRequestIsAnsweredAndTheSessionGoesOn(_ index: Int) async throws {
        let line = Self.noRequests[index]
        try await ControlServerFixture.with { room in
            let peer = try await room.connect()
            // What the first line is decides the language.
            try await peer.run(1, "version")
            #expect(try await peer.end(1).code == .ok)
            try await peer.send(line + "\n")
            #expect(try await peer.end(0).code == .badRequest)
            try await peer.run(2, "version")
            #expect(try await peer.end(2).code == .ok)
        }
    }

    @Test func aRequestThatIsWrongHasItsOwnEnd() async throws {
        try await ControlServerFixture.with { room in
            let peer = try await room.connect()
            try await peer.send("{\"id\":5,\"argv\":\"version\"}\n")
            #expect(try await peer.end(5).code == .badRequest)
            try await peer.send(Array("{\"id\":6,\"argv\":[\"".utf8) + [0xC3, 0x28] + Array("\"]}\n".utf8))
            #expect(try await peer.end(0).code == .badRequest)
        }
    }

    @Test func whoSpeaksSomethingElseIsLeft() async throws {
        try await ControlServerFixture.with { room in
            let peer = try await room.connect()
            try await peer.run(1, "version")
            #expect(try await peer.end(1).code == .ok)
            try await peer.send(String(repeating: "{\"hello\":1}\n", count: 5000))
            for _ in 0...SessionMachine.mostBadLines {
                #expect(try await peer.end(0).code == .badRequest)
            }
            try await peer.closed()
        }
    }

    /// Everything is answered, though the peer reads nothing until all was sent.
    @Test func requestsWaitWhileTheirAnswersDo() async throws {
        try await ControlServerFixture.with { room in
            let peer = try await room.connect(reads: false)
            let count = 20_000
            let requests = (1...count).map { "{\"id\":\($0),\"argv\":[\"nonsense\"]}\n" }.joined()
            async let sent: Void = peer.send(requests)
            try await peer.channel.setOption(.autoRead, value: true).get()
            peer.channel.read()
            _ = try await peer.hello()
            var ended: Set<Int64> = []
            while ended.count < count {
                guard case .end(let id, let end) = try await peer.next() else { continue }
                #expect(end.code == .unknownCommand || end.code == .tooManyCommands)
                #expect(ended.insert(id).inserted)
            }
            try await sent
        }
    }

    static func waiting(_ started: Inbox<Void>, _ stopped: Inbox<Void>) -> CommandHandlers.Handler {
        { _ in
            started.put(())
            defer { stopped.put(()) }
            try await Inbox<Void>().next()
            return Outcome()
        }
    }
}
