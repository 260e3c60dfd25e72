import NIOCore
import NIOPosix
import Shell
import Synchronization
import TestSupport
import Testing

/// A client of the control socket that sends what a test wants, and collects what it receives.
struct ControlPeer {
    /// What was received: lines, and the end of the connection.
    enum Received: Hashable, Sendable {
        case line(String)
        case closed
    }

    let channel: any Channel
    let inbox: Inbox<Received>

    /// - Parameter reads: Whether it reads from the start; one that does not can later.
    static func connect(_ path: String, reads: Bool = true) async throws -> ControlPeer {
        let inbox = Inbox<Received>()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Lines(inbox: inbox))
                }
            }
            .connect(unixDomainSocketPath: path).get()
        return ControlPeer(channel: channel, inbox: inbox)
    }

    func close() async throws { try await channel.close() }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(channel.allocator.buffer(bytes: bytes))
    }

    func say(_ message: ClientMessage) async throws { try await send(message.json.line + "\n") }

    func run(_ id: Int64, _ line: String, isInteractive: Bool = false) async throws {
        try await say(.run(id: id, argv: try Words(line).words, width: 80, isInteractive: isInteractive))
    }

    /// The next line, as a message of the daemon.
    func next() async throws -> ServerMessage {
        guard case .line(let line) = try await inbox.next() else { throw Closed() }
        return try #require(ServerMessage(JSON(reading: line.utf8)), "\(line)")
    }

    struct Closed: Error {}

    func hello() async throws -> ServerMessage.Hello {
        guard case .hello(let hello) = try await next() else { throw Closed() }
        return hello
    }

    /// The end of a request; other messages about it before that are skipped.
    func end(_ id: Int64) async throws -> ServerMessage.End {
        while true {
            if case .end(id, let end) = try await next() { return end }
        }
    }

    func closed() async throws { _ = try await inbox.next { $0 == .closed } }

    private final class Lines: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let inbox: Inbox<Received>
        private var buffer = ByteBuffer()

        init(inbox: Inbox<Received>) { self.inbox = inbox }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            buffer.writeBuffer(&bytes)
            while let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer.readString(length: end - buffer.readerIndex) ?? ""
                buffer.moveReaderIndex(forwardBy: 1)
                inbox.put(.line(line))
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            // Prompts have no end of a line.
            if buffer.readableBytes > 0 { inbox.put(.line(String(buffer: buffer))) }
            inbox.put(.closed)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
