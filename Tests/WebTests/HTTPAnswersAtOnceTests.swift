import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Web

/// Requests that are answered on the event loop itself.
@Suite(.timeLimit(.minutes(5))) struct HTTPAnswersAtOnceTests {
    private final class Counts: Sendable {
        let atOnce = Mutex(0)
        let later = Mutex(0)
    }

    @Test func requestsThatCameTogetherAreAnsweredInTheirOrder() async throws {
        let count = 300
        let channel = NIOAsyncTestingChannel()
        let counts = Counts()
        try await channel.testingEventLoop.executeInContext {
            let responder = HTTPResponder(
                atOnce: { request, _ in
                    counts.atOnce.withLock { $0 += 1 }
                    return HTTPResponse(.ok, body: Array("[\(request.target)]".utf8))
                },
                { request, _ in
                    counts.later.withLock { $0 += 1 }
                    return HTTPResponse(.ok, body: Array("[\(request.target)]".utf8))
                })
            try HTTPConnectionHandler(
                HTTPLimits(), connections: HTTPConnections(HTTPConnections.Limits()), now: { 0 }, refused: { _ in },
                responder: responder
            ).join(channel.pipeline.syncOperations)
        }
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/x"))
        let requests = (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
        try await channel.writeInbound(ByteBuffer(string: requests))
        var text = ""
        while !text.contains("[/\(count - 1)]") {
            text += String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
        }
        #expect(text.matches(of: /\[\/([0-9]+)\]/).compactMap { Int($0.1) } == Array(0..<count))
        // After a few of them, others on the event loop have their turn.
        let (atOnce, later) = (counts.atOnce.withLock { $0 }, counts.later.withLock { $0 })
        #expect(atOnce + later == count)
        #expect(later == count / 9)
        _ = try? await channel.finish(acceptAlreadyClosed: true)
    }
}
