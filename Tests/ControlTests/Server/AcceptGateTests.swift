import NIOCore
import NIOEmbedded
import Runtime
import Testing

@testable import Control

@Suite struct AcceptGateTests {
    /// What asks the kernel for the next connection.
    private final class Reads: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var count = 0

        func read(context: ChannelHandlerContext) { count += 1 }
    }

    /// What sees the connections that were taken.
    private final class Taken: ChannelInboundHandler {
        typealias InboundIn = Channel
        var count = 0

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { count += 1 }
    }

    private func close(_ connection: EmbeddedChannel) throws {
        try connection.close().wait()
        connection.embeddedEventLoop.run()
    }

    @Test func noneIsAskedForWhileAsManyAreOpenAsMayBe() throws {
        let (reads, taken) = (Reads(), Taken())
        let server = EmbeddedChannel()
        try server.pipeline.syncOperations.addHandlers(reads, AcceptGate(mostOpen: 2), taken)
        func connect() -> EmbeddedChannel {
            let connection = EmbeddedChannel(loop: server.embeddedEventLoop)
            server.pipeline.fireChannelRead(connection as any Channel)
            server.pipeline.read()
            return connection
        }
        server.pipeline.read()
        let first = connect()
        #expect(reads.count == 2)
        let second = connect()
        #expect(reads.count == 2 && taken.count == 2)
        // However many reads are requested, one closed connection admits one new connection.
        server.pipeline.read()
        #expect(reads.count == 2)
        try close(first)
        #expect(reads.count == 3)
        try close(second)
        #expect(reads.count == 3)
        _ = (connect(), connect())
        #expect(reads.count == 4 && taken.count == 4)
    }

    @Test func nothingIsAskedOfASocketThatIsClosed() throws {
        let reads = Reads()
        let server = EmbeddedChannel()
        try server.pipeline.syncOperations.addHandlers(reads, AcceptGate(mostOpen: 1))
        let connection = EmbeddedChannel(loop: server.embeddedEventLoop)
        server.pipeline.fireChannelRead(connection as any Channel)
        server.pipeline.read()
        server.pipeline.fireChannelInactive()
        try close(connection)
        #expect(reads.count == 0)
    }
}
