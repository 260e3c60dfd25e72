import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Web

/// What the bytes of a connection are read as, by swift-nio's parser and the checks after it.
@Suite struct HTTPRequestTests {
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private var assembly: HTTPRequestAssembly
        private(set) var steps: [HTTPRequestAssembly.Step] = []

        init(_ assembly: HTTPRequestAssembly) { self.assembly = assembly }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .failure = steps.last { return }
            let step = assembly.add(unwrapInboundIn(data))
            if step != .incomplete { steps.append(step) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if case .failure = steps.last { return }
            guard let error = error as? HTTPParserError else {
                Issue.record("\(error)")
                return
            }
            steps.append(.failure(HTTPRequestAssembly.status(of: error)))
        }
    }

    /// - Parameter size: Of the pieces that the bytes are received in.
    private static func steps(
        _ text: String, _ limits: HTTPLimits = HTTPLimits(), inPiecesOf size: Int = .max
    ) throws -> [HTTPRequestAssembly.Step] {
        let assembly = HTTPRequestAssembly(limits)
        let reader = Reader(assembly)
        let decoder = HTTPRequestDecoder(limitConfiguration: assembly.parserLimits)
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(decoder), reader])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            channel.pipeline.fireChannelRead(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        let steps = reader.steps
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return steps
    }

    private static func failure(_ text: String, _ limits: HTTPLimits = HTTPLimits()) throws -> HTTPStatus? {
        if case .failure(let status)? = try steps(text, limits).last { status } else { nil }
    }

    @Test func requestsComeOutOneByOne() throws {
        let text =
            "\r\nGET /a HTTP/1.1\r\nHost: x.example\r\n\r\n"
            + "POST /b?c HTTP/1.1\r\nhost:x.example \r\nContent-Length: 3\r\n\r\nabcHEAD / HTTP/1.0\r\n\r\n"
        let steps = try Self.steps(text)
        try #require(steps.count == 3)
        #expect(
            steps[0]
                == .request(
                    HTTPRequest(method: .get, target: "/a", fields: [HTTPField(name: "host", value: "x.example")])))
        guard case .request(let second) = steps[1], case .request(let third) = steps[2] else {
            Issue.record("\(steps)")
            return
        }
        #expect(second.body == Array("abc".utf8))
        #expect(second["host"] == "x.example")
        #expect(second.keepsConnection)
        #expect(!third.keepsConnection)
    }

    @Test func aClientThatWaitsIsToldToGoOn() throws {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        #expect(try Self.steps(head) == [.continues])
        #expect(try Self.steps(head + "ab").count == 2)
        #expect(try Self.failure(head.replacing("100-continue", with: "tea")) == .expectationFailed)
    }

    /// What two readers could take for two things (RFC 9112 §11.2).
    @Test(arguments: [
        "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3, 3", "Content-Length: +3", "Content-Length: -1",
        "Content-Length: 0x3", "Content-Length: ", "Content-Length : 3", " Content-Length: 3", "Host: y",
        "Transfer-Encoding: chunked\r\nContent-Length: 3", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "A: b\r\n c", "A: b\u{0}", "A: b\rc", "A: b\nc: d", "A\t: b", "A b: c", ": b", "A", "Ä: b",
    ])
    func ambiguousHeadsAreNone(fields: String) throws {
        #expect(try Self.failure("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\nabc") == .badRequest)
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", .badRequest),
            ("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", .versionNotSupported),
            ("GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest), ("GET / http/1.1\r\nHost: x\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\nHost: x\n\n", .versionNotSupported), ("GET /\r\nHost: x\r\n\r\n", .versionNotSupported),
            ("GET /ä HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest), ("\u{16}\u{3}\u{1}\r\n\r\n", .notImplemented),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .badRequest),
            ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", .versionNotSupported),
            ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", .notImplemented),
            ("get / HTTP/1.1\r\nHost: x\r\n\r\n", .notImplemented),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthRequired),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", .notImplemented),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n", .contentTooLarge),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", .badRequest),
        ] as [(String, HTTPStatus)])
    func whatIsNoRequestHasAStatus(text: String, status: HTTPStatus) throws {
        #expect(try Self.failure(text) == status)
    }

    @Test func headsAreBounded() throws {
        let path = String(repeating: "a", count: 8_100)
        #expect(try Self.failure("GET /\(path) HTTP/1.1\r\nHost: x\r\n\r\n") == .uriTooLong)
        // One that never ends is refused when a head would be too long.
        #expect(try Self.failure("GET /\(path)\(path)\(path)") == .requestHeaderFieldsTooLarge)
        let fields = (0..<64).map { "A\($0): b\r\n" }.joined()
        #expect(try Self.failure("GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n") == .requestHeaderFieldsTooLarge)
        let long = String(repeating: "a", count: 17_000)
        #expect(try Self.failure("GET / HTTP/1.1\r\nHost: x\r\nA: \(long)") == .requestHeaderFieldsTooLarge)
        #expect(try Self.failure("GET / HTTP/1.1\r\nHost: x\r\nA: \(long)\r\n\r\n") == .requestHeaderFieldsTooLarge)
        let fit = String(repeating: "a", count: 16_000)
        #expect(try Self.failure("GET / HTTP/1.1\r\nHost: x\r\nA: \(fit)\r\n\r\n") == nil)
    }

    /// For any input in any pieces the result is the same, and nothing traps.
    @Test func piecesMakeNoDifference() throws {
        var generator = SystemRandomNumberGenerator()
        let parts = [
            "GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "Host: x\r\n", "Content-Length: 5\r\n", "\r\n", "abcde", "\r",
            "\n",
            "A: b\r\n", " ", ":", "HTTP/1.0\r\n", "Expect: 100-continue\r\n",
        ]
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 1...12, using: &generator)).compactMap { _ in
                parts.randomElement(using: &generator)
            }.joined()
            let whole = try Self.steps(text)
            #expect(try Self.steps(text, inPiecesOf: 1) == whole, "\(text.debugDescription)")
        }
    }
}
