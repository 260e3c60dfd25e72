import Access
import Glibc
import NIOCore
import NIOPosix
import Shell
import Synchronization
import TestSupport
import Testing

@testable import Control

@Suite struct ControlServerTests {
    private static let row: JSON = ["text": .text(String(repeating: "x", count: 1000))]

    @Test func aCommandWaitsForItsReader() async throws {
        let said = Mutex(0)
        let stopped = Inbox<Void>()
        // Nothing else ends it: the peer takes nothing, and the time for that is over soon.
        try await ControlServerFixture.with(limits: .init(stall: .milliseconds(50), grace: .hours(1))) { handlers in
            handlers["status"] = { call in
                defer { stopped.put(()) }
                while true {
                    try await call.output.row(Self.row)
                    said.withLock { $0 += 1 }
                }
            }
        } _: { room in
            let peer = try await room.connect(reads: false)
            try await peer.run(1, "status")
            try await stopped.next()
            // What fits into the sendQueue, the channel and the two sockets.
            #expect(said.withLock { $0 } < 1000)
            let other = try await room.connect()
            try await other.run(1, "version")
            #expect(try await other.end(1).code == .ok)
        }
    }

    @Test func aSlowReaderGetsAll() async throws {
        try await ControlServerFixture.with { handlers in
            handlers["status"] = { call in
                for number in 0..<5000 { try await call.output.row(["n": .integer(Int64(number)), "x": Self.row]) }
                return Outcome()
            }
        } _: { room in
            let peer = try await room.connect(reads: false)
            try await peer.run(1, "status")
            try await peer.channel.setOption(.autoRead, value: true).get()
            _ = try await peer.hello()
            for number in 0..<5000 {
                guard case .row(1, let row) = try await peer.next() else { throw ControlPeer.Closed() }
                #expect(row["n"]?.integer == Int64(number))
            }
            #expect(try await peer.end(1).code == .ok)
        }
    }

    @Test func whatAReaderDoesNotTakeOfAFeedIsCounted() async throws {
        let feed = Feed<Int>(capacity: 100)
        try await ControlServerFixture.with { handlers in
            handlers["trace"] = { call in
                while let batch = await feed.next() {
                    if batch.dropped > 0 { try await call.output.dropped(batch.dropped) }
                    for element in batch.elements {
                        try await call.output.event(["n": .integer(Int64(element)), "x": Self.row])
                    }
                }
                return Outcome()
            }
        } _: { room in
            let peer = try await room.connect(reads: false)
            try await peer.run(1, "trace a.example")
            // Pushing never waits, whatever the reader does.
            for number in 0..<100_000 { feed.push(number) }
            feed.finish()
            try await peer.channel.setOption(.autoRead, value: true).get()
            _ = try await peer.hello()
            var (taken, dropped) = (0, 0)
            while case .event(1, let event) = try await peer.next() {
                if let count = event["dropped"]?.integer { dropped += Int(count) } else { taken += 1 }
            }
            #expect(taken + dropped == 100_000)
            #expect(dropped > 0)
        }
    }

    // MARK: Arriving

    /// Names are looked up meanwhile, and the kernel delivers the pending input when the peer ends it.
    @Test func whatIsSaidBeforeTheSessionIsOpenIsHeard() async throws {
        try await ControlServerFixture.with { room in
            let handlers = Inbox<NIOLoopBound<SessionHandler>>()
            let over = Inbox<Void>()
            let path = "\(room.fixture.directory.path)/other.sock"
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = SessionHandler(limits: .init()) {
                            handlers.put(NIOLoopBound($1, eventLoop: channel.eventLoop))
                        }
                        try channel.pipeline.syncOperations.addHandlers([InputEnd(over), handler])
                    }
                }
                .bind(unixDomainSocketPath: path).get()
            let peer = try await ControlPeer.connect(path)
            try await peer.run(1, "version")
            try await peer.channel.close(mode: .output).get()
            let handler = try await handlers.next()
            try await over.next()
            try await handler.eventLoop.submit {
                guard let sendQueue = handler.value.makeSendQueue() else { return }
                handler.value.open(
                    Session(
                        PeerIdentity(PeerCredentials(pid: 1, uid: 1000, gid: 1000), user: "someone"),
                        caller: .someone(.operator), sendQueue: sendQueue,
                        services: SessionServices(
                            dispatcher: room.fixture.dispatcher,
                            completer: Completer(live: DaemonValues(room.fixture.daemon)),
                            registry: .standard, version: "1.2.3"),
                        onGone: {}, onClose: { _ in }))
            }.get()
            #expect(try await peer.end(1).code == .ok)
            try await server.close()
        }
    }

    /// Reports when the peer has ended its input.
    private final class InputEnd: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let over: Inbox<Void>

        init(_ over: Inbox<Void>) { self.over = over }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event as? ChannelEvent == .inputClosed { over.put(()) }
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Who may

    @Test func whoHasNoRoleIsRefusedAndNotCounted() async throws {
        // The user who runs this test is not the daemon's user here, but root is an admin nevertheless.
        try await ControlServerFixture.with(policy: AccessPolicy(daemon: geteuid() + 1)) { room in
            let peer = try await ControlPeer.connect(room.path)
            if geteuid() == 0 {
                #expect(try await peer.hello().role == .admin)
            } else {
                #expect(try await peer.end(0).code == .denied)
                try await peer.closed()
            }
        }
    }

    @Test func sessionsAreBounded() async throws {
        try await ControlServerFixture.with { room in
            var peers: [ControlPeer] = []
            for _ in 0..<64 { peers.append(try await room.connect()) }
            let refused = try await ControlPeer.connect(room.path)
            #expect(try await refused.end(0).code == .tooManySessions)
            try await refused.closed()
            // One more is admitted when one has closed, which the server may notice a moment later.
            try await peers[0].close()
            var isIn = false
            while !isIn {
                let peer = try await ControlPeer.connect(room.path)
                if case .hello = try await peer.next() { isIn = true }
            }
        }
    }

    // MARK: The end

    @Test func shuttingDownEndsWhatRunsAndThenTheSessions() async throws {
        let (started, stopped) = (Inbox<Void>(), Inbox<Void>())
        try await ControlServerFixture.with { handlers in
            handlers["status"] = SessionTests.waiting(started, stopped)
        } _: { room in
            let (busy, idle) = (try await room.connect(), try await room.connect())
            try await busy.run(1, "status")
            try await started.next()
            await room.server.shutDown()
            try await stopped.next()
            #expect(try await busy.next() == .end(id: 1, .init(.shuttingDown, "the daemon is ending")))
            for peer in [busy, idle] {
                #expect(try await peer.end(0).code == .shuttingDown)
                try await peer.closed()
            }
        }
    }

    @Test func aCommandThatDoesNotEndIsNotWaitedFor() async throws {
        let (started, release) = (Inbox<Void>(), Inbox<Void>())
        try await ControlServerFixture.with(limits: .init(stall: .hours(1), grace: .milliseconds(50))) { handlers in
            handlers["status"] = { _ in
                started.put(())
                // Deaf to cancellation.
                _ = try await Task { try await release.next() }.value
                return Outcome("too late")
            }
        } _: { room in
            let peer = try await room.connect()
            try await peer.run(1, "status")
            try await started.next()
            await room.server.shutDown()
            #expect(try await peer.next() == .end(id: 1, .init(.shuttingDown, "the daemon is ending")))
            #expect(try await peer.end(0).code == .shuttingDown)
            try await peer.closed()
            release.put(())
        }
    }

    @Test func aPeerThatDoesNotReadDoesNotKeepTheDaemonFromEnding() async throws {
        try await ControlServerFixture.with(limits: .init(stall: .hours(1), grace: .milliseconds(50))) { handlers in
            handlers["status"] = { call in
                while true { try await call.output.row(Self.row) }
            }
        } _: { room in
            let peer = try await room.connect(reads: false)
            try await peer.run(1, "status")
            await room.server.shutDown()
        }
    }
}
