import ArgumentParser
import NIOCore
import NIOPosix

/// The ceiling: a component that answers every command with a constant and does nothing else.
struct Ceiling: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the component that answers a constant, until it is stopped.")

    enum Way: String, ExpressibleByArgument {
        case delegated, direct
    }

    @Option(help: "The server's component port on 127.0.0.1.")
    var port: Int

    @Option(help: "The component's address.")
    var jid = CommandRequest.component

    @Option(help: "The component's secret.")
    var secret: String

    @Option(help: "How commands come: delegated (XEP-0355), or direct to the component's own address.")
    var way: Way

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        CeilingHandler(jid: jid, secret: secret, way: way))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.closeFuture.get()
    }
}
