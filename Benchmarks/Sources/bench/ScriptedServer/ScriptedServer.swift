import NIOCore
import NIOPosix

/// The server's side of XEP-0114 on loopback, for one component at a time.
///
/// It answers the handshake, announces what each host delegates to the component, and then does what its caller asks.
final class ScriptedServer: Sendable {
    let port: Int
    private let listener: any Channel
    private let peers: AsyncStream<ConnectedComponent>

    init(hosts: [String]) async throws {
        let (peers, arrived) = AsyncStream.makeStream(of: ConnectedComponent.self)
        self.peers = peers
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let peer = ComponentPeer(hosts: hosts) {
                        arrived.yield(ConnectedComponent(channel: channel, connected: .now()))
                    }
                    try channel.pipeline.syncOperations.addHandler(peer)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = listener.localAddress?.port else { throw BenchError("no free port") }
        self.port = port
    }

    /// The next component that completes its handshake.
    func component(of process: ChildProcess, within limit: Duration = .seconds(60)) async throws -> ConnectedComponent {
        let found = await withTaskGroup { group in
            group.addTask { await self.peers.first { _ in true } }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next().flatMap(\.self)
        }
        guard let found else { throw BenchError("no handshake within \(limit):\n\(process.lastWords)") }
        return found
    }

    func close() async {
        try? await listener.close()
    }
}
