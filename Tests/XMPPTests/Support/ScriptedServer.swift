import NIOCore
import NIOPosix

/// A server for components that sends what a test has it send.
final class ScriptedServer: Sendable {
    /// One connection to it.
    final class Peer: Sendable {
        let channel: any Channel
        /// The received texts, and `nil` at the end.
        private let inbox = Recorder<String?>()

        fileprivate init(_ channel: any Channel) { self.channel = channel }

        fileprivate func received(_ text: String?) { inbox.record(text) }

        func send(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

        /// All that was received, once it contains the text or the connection is closed.
        @discardableResult
        func wait(for needle: String) async -> String {
            await inbox.wait { pieces in
                pieces.contains(nil) || pieces.compactMap { $0 }.joined().contains(needle)
            }.compactMap { $0 }.joined()
        }

        /// All that was received, once the connection is closed.
        func waitForEnd() async -> String {
            await inbox.wait { $0.contains(nil) }.compactMap { $0 }.joined()
        }

        /// Answers the component's header, accepts its handshake, and sends more text with the acknowledgement.
        func accept(_ more: String = "") async {
            await wait(for: "to='invites.host.example'>")
            send(streamHeader)
            await wait(for: "</handshake>")
            send("<handshake/>" + more)
        }

        func close() { channel.close(promise: nil) }
    }

    private final class Reader: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let peer: Peer

        init(_ peer: Peer) { self.peer = peer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            peer.received(String(buffer: unwrapInboundIn(data)))
        }

        func channelInactive(context: ChannelHandlerContext) { peer.received(nil) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let channel: any Channel
    private let peers: Recorder<Peer>

    var port: Int { channel.localAddress?.port ?? 0 }

    init() async throws {
        let peers = Recorder<Peer>()
        self.peers = peers
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let peer = Peer(channel)
                    try channel.pipeline.syncOperations.addHandler(Reader(peer))
                    peers.record(peer)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// The connection of this number, from 0, once it is accepted.
    func peer(_ number: Int) async -> Peer { await peers.wait { $0.count > number }[number] }

    /// Listens no more, and closes what is open.
    func stop() async {
        try? await channel.close()
        for peer in peers.values { peer.close() }
    }
}
