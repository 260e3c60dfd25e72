internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Runtime

/// Where connections are taken.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address without brackets, and a port; 0 for any that is free.
    case tcp(host: String, port: Int)
    /// The path of a Unix socket.
    case unix(String)
    /// What the service manager has bound.
    case handedOver(CInt)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        case .handedOver(let descriptor): "descriptor \(descriptor) of the service manager"
        }
    }
}

/// Accepts connections at one place and answers their requests, until it is drained.
final class HTTPListener: Sendable {
    /// Why it could not be begun.
    struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        let description: String
    }

    let address: ListenAddress
    let connections: HTTPConnections
    private let channel: any Channel
    private let socket: UnixSocket?

    private init(
        _ address: ListenAddress, connections: HTTPConnections, channel: any Channel, socket: UnixSocket?
    ) {
        self.address = address
        self.connections = connections
        self.channel = channel
        self.socket = socket
    }

    /// Where it really is, with the port that was free.
    var boundAddress: String {
        guard case .tcp = address, let bound = channel.localAddress, let host = bound.ipAddress, let port = bound.port
        else { return "\(address)" }
        return ListenAddress.tcp(host: host, port: port).description
    }

    /// Who may connect to a Unix socket: members of the daemon's group, as the proxy has to be.
    private static let mode: UInt32 = 0o660

    /// Binds and begins to accept connections.
    ///
    /// - Parameters:
    ///   - isUnlimited: Whether a peer, such as a proxy, may have as many connections as there may be.
    ///   - now: Seconds since 1970.
    ///   - refused: Called for each answer to what was no request.
    /// - Throws: ``Failure``, with the system's reason.
    static func start(
        _ address: ListenAddress, limits: HTTPLimits = HTTPLimits(), connections: HTTPConnections,
        isUnlimited: @escaping @Sendable (HTTPPeer) -> Bool, group: any EventLoopGroup,
        now: @escaping @Sendable () -> Int64, ranOutOfFiles: @escaping @Sendable () -> Void,
        refused: @escaping @Sendable (HTTPStatus) -> Void, responder: HTTPResponder
    ) async throws(Failure) -> HTTPListener {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptPause {
                            FileLimit.hasRoom(for: 1)
                        } failed: { error in
                            // EMFILE and ENFILE, or an equivalent.
                            if [24, 23].contains(error?.errnoCode ?? 24) { ranOutOfFiles() }
                        })
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let peer = HTTPPeer(channel.remoteAddress)
                    let counted: IPAddress? =
                        if case .address(let address) = peer, !isUnlimited(peer) { address } else { nil }
                    guard connections.admit(channel, from: counted) else { throw ChannelError.ioOnClosedChannel }
                    try HTTPConnectionHandler(
                        limits, connections: connections, now: now, refused: refused, responder: responder
                    ).join(channel.pipeline.syncOperations)
                }
            }
        do {
            switch address {
            case .tcp(let host, let port):
                let channel = try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .bind(host: host, port: port).get()
                return HTTPListener(address, connections: connections, channel: channel, socket: nil)
            case .unix(let path):
                let socket = try UnixSocket(binding: path, mode: mode)
                let channel = try await bootstrap.withBoundSocket(socket.descriptor).get()
                return HTTPListener(address, connections: connections, channel: channel, socket: socket)
            case .handedOver(let descriptor):
                // The manager's own stays open, for the next time that this listens.
                let copy = try UnixSocket.duplicate(descriptor)
                let channel = try await bootstrap.withBoundSocket(copy).get()
                return HTTPListener(address, connections: connections, channel: channel, socket: nil)
            }
        } catch {
            // NIO's own words name its functions.
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw Failure(description: "cannot listen on \(address): \(reason)")
        }
    }

    /// Takes no more connections, closes those that wait, and returns when the others have their answers, or the time is over.
    func drain(within limit: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void) async {
        // Before the channel closes, so that no client finds a socket without a listener.
        socket?.remove()
        try? await channel.close().get()
        let connections = connections
        if await !finishes(within: limit, sleep: sleep, { await connections.drain() }) { connections.closeAll() }
    }
}
