import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import XMPP

/// The server sends nothing for 30 s, the value in the options. The clock is the event loop's, which the test advances.
@Suite(.timeLimit(.minutes(5))) struct ComponentStreamSilenceTests {
    private let channel = NIOAsyncTestingChannel()
    private let end: EventLoopFuture<ComponentStreamHandler.End>

    /// Opens a stream.
    init() async throws {
        let options = ComponentOptions(domain: "invites.host.example", host: "127.0.0.1", port: 1, secret: "s3cr3t")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let connection = ComponentConnection(
            options, outlet: Outlet(), receiver: RecordingReceiver(), group: MultiThreadedEventLoopGroup.singleton,
            logger: logger)
        let channel = channel
        let ended = channel.eventLoop.makePromise(of: ComponentStreamHandler.End.self)
        end = ended.futureResult
        try await channel.testingEventLoop.executeInContext {
            try channel.pipeline.syncOperations.addHandler(
                ComponentStreamHandler(connection, logger: logger, ended: ended))
        }
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
        _ = try await written()
        try await receive(streamHeader)
        _ = try await written()
        try await receive("<handshake/>")
    }

    private func pass(_ seconds: Int64) async { await channel.testingEventLoop.advanceTime(by: .seconds(seconds)) }

    private func receive(_ text: String) async throws { try await channel.writeInbound(ByteBuffer(string: text)) }

    /// The next text that is written, waited for if need be.
    private func written() async throws -> String {
        String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
    }

    private func identifier(of ping: String) throws -> String {
        let tail = try #require(ping.split(separator: "id='").last)
        return String(tail.prefix { $0 != "'" })
    }

    @Test func itIsBrokenByAPingAndThenTheStreamEnds() async throws {
        await pass(15)
        #expect(try await written() == " ")
        await pass(15)
        let ping = try await written().withoutPadding
        #expect(ping.hasPrefix("<iq type='get' id='") && ping.hasSuffix("<ping xmlns='urn:xmpp:ping'/></iq>"))
        #expect(ping.contains(" from='invites.host.example' to='invites.host.example'>"))
        await pass(15)
        #expect(try await written() == " ")
        #expect(channel.isActive)
        await pass(15)
        let reason = try await end.get().reason
        #expect(reason == .silent)
        #expect(!channel.isActive)
        let more = try await channel.readOutbound(as: ByteBuffer.self)
        #expect(more == nil)
    }

    @Test func anySignOfLifeWillDo() async throws {
        for _ in 0..<5 {
            await pass(15)
            #expect(try await written() == " ")
            await pass(15)
            let ping = try await written()
            #expect(ping.contains("urn:xmpp:ping"))
            try await receive(
                "<iq type='result' id='\(identifier(of: ping))' from='invites.host.example' to='invites.host.example'/>"
            )
        }
        for _ in 0..<40 {
            await pass(15)
            try await receive(" ")
        }
        for _ in 0..<40 { #expect(try await written() == " ") }
        let more = try await channel.readOutbound(as: ByteBuffer.self)
        #expect(more == nil)
        #expect(channel.isActive)
        _ = try await channel.finish()
    }
}
