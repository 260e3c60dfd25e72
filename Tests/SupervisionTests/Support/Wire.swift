import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import XMPP

/// Replaces the stream to the server: takes what an outlet sends, and parses it as the server would.
final class Wire: Sendable {
    /// What was sent and is not taken yet.
    let answers = Inbox<IQ>()
    /// Everything that was sent.
    var all: [IQ] { everything.withLock { $0 } }

    private let everything = Mutex<[IQ]>([])
    private let onSend: @Sendable (IQ) -> Void
    private let channel = Mutex<(any Channel)?>(nil)
    private let peer = Mutex<CInt>(-1)

    /// - Parameter onSend: Called at the moment at which a stanza is written.
    init(_ outlet: Outlet, onSend: @escaping @Sendable (IQ) -> Void = { _ in }) async throws {
        self.onSend = onSend
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        peer.withLock { $0 = ends[1] }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Recorder { self.take($0) })
                }
            }
            .withConnectedSocket(ends[0]).get()
        self.channel.withLock { $0 = channel }
        outlet.attach(channel)
    }

    /// Waits until all that was given to the outlet before is written.
    func flush() async throws {
        try await channel.withLock { $0 }?.eventLoop.submit {}.get()
    }

    /// Waits for the answer with that id, and takes it.
    func answer(to id: String) async throws -> IQ {
        try await answers.next { $0.id == id }
    }

    func close() async {
        try? await channel.withLock { $0 }?.close()
        _ = peer.withLock { Glibc.close($0) }
    }

    private func take(_ iq: IQ) {
        onSend(iq)
        everything.withLock { $0.append(iq) }
        answers.put(iq)
    }

    private final class Recorder: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private let parser = StreamParser(limits: ParserLimits(stanzaBytes: 10_000_000))
        private let take: (IQ) -> Void

        init(_ take: @escaping (IQ) -> Void) throws {
            self.take = take
            let header = "<s:stream xmlns:s='\(Namespaces.streams)' xmlns='\(Namespaces.component)'>"
            _ = try parser.read(ByteBuffer(string: header))
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            do {
                for event in try parser.read(unwrapOutboundIn(data)) {
                    guard case .element(let element) = event else {
                        Issue.record("no stanza: \(event)")
                        continue
                    }
                    take(try IQ(element))
                }
            } catch {
                Issue.record("what was sent cannot be read: \(error)")
            }
            promise?.succeed()
        }
    }
}
