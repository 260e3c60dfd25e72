import Testing

@testable import Web

@Suite struct HTTPRequestParserTests {
    private static func steps(_ text: String, _ limits: HTTPLimits = HTTPLimits()) -> [HTTPRequestParser.Step] {
        var parser = HTTPRequestParser(limits)
        parser.append(text.utf8)
        var steps: [HTTPRequestParser.Step] = []
        while true {
            let step = parser.next()
            steps.append(step)
            if case .request = step { continue }
            return steps
        }
    }

    private static func failure(_ text: String, _ limits: HTTPLimits = HTTPLimits()) -> HTTPStatus? {
        if case .failure(let status)? = steps(text, limits).last { status } else { nil }
    }

    @Test func requestsComeOutOneByOne() throws {
        let text =
            "\r\nGET /a HTTP/1.1\r\nHost: x.example\r\n\r\n"
            + "POST /b?c HTTP/1.1\r\nhost:x.example \r\nContent-Length: 3\r\n\r\nabcHEAD / HTTP/1.0\r\n\r\n"
        let steps = Self.steps(text)
        try #require(steps.count == 4)
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
        #expect(steps[3] == .incomplete(.idle))
    }

    @Test func bytesMayComeOneByOne() throws {
        let text = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
        var parser = HTTPRequestParser()
        var phases: Set<HTTPRequestParser.Phase> = []
        for byte in text.utf8.dropLast() {
            parser.append([byte])
            guard case .incomplete(let phase) = parser.next() else {
                Issue.record("too early")
                return
            }
            phases.insert(phase)
        }
        parser.append([0x62])
        guard case .request(let request) = parser.next() else {
            Issue.record("no request")
            return
        }
        #expect(request.body == [0x61, 0x62])
        #expect(phases == [.head, .body])
    }

    @Test func aClientThatWaitsIsToldToGoOn() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        var parser = HTTPRequestParser()
        parser.append(head.utf8)
        #expect(parser.next() == .continues)
        #expect(parser.next() == .incomplete(.body))
        #expect(Self.failure(head.replacing("100-continue", with: "tea")) == .expectationFailed)
    }

    /// What two readers could take for two things (RFC 9112 §11.2).
    @Test(arguments: [
        "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3, 3", "Content-Length: +3", "Content-Length: -1",
        "Content-Length: 0x3", "Content-Length: ", "Content-Length : 3", " Content-Length: 3", "Host: y",
        "Transfer-Encoding: chunked\r\nContent-Length: 3", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "A: b\r\n c", "A: b\u{0}", "A: b\rc", "A: b\nc: d", "A\t: b", "A b: c", ": b", "A", "Ä: b",
    ])
    func ambiguousHeadsAreNone(fields: String) {
        #expect(Self.failure("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\nabc") == .badRequest)
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", .badRequest), ("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest),
            ("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest), ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", .badRequest),
            ("GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest), ("GET / http/1.1\r\nHost: x\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\nHost: x\n\n", .badRequest), ("GET /\r\nHost: x\r\n\r\n", .badRequest),
            ("GET /ä HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest), ("\u{16}\u{3}\u{1}\r\n\r\n", .badRequest),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
            ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", .versionNotSupported),
            ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", .notImplemented),
            ("get / HTTP/1.1\r\nHost: x\r\n\r\n", .notImplemented),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthRequired),
            ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", .notImplemented),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n", .contentTooLarge),
            ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", .contentTooLarge),
        ] as [(String, HTTPStatus)])
    func whatIsNoRequestHasAStatus(text: String, status: HTTPStatus) {
        #expect(Self.failure(text) == status)
    }

    @Test func headsAreBounded() {
        let path = String(repeating: "a", count: 8_100)
        #expect(Self.failure("GET /\(path) HTTP/1.1\r\nHost: x\r\n\r\n") == .uriTooLong)
        // Also one that never ends.
        #expect(Self.failure("GET /\(path)") == .uriTooLong)
        let fields = (0..<64).map { "A\($0): b\r\n" }.joined()
        #expect(Self.failure("GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n") == .requestHeaderFieldsTooLarge)
        let long = String(repeating: "a", count: 17_000)
        #expect(Self.failure("GET / HTTP/1.1\r\nHost: x\r\nA: \(long)") == .requestHeaderFieldsTooLarge)
        #expect(Self.failure("GET / HTTP/1.1\r\nHost: x\r\nA: \(long)\r\n\r\n") == .requestHeaderFieldsTooLarge)
        let fit = String(repeating: "a", count: 16_000)
        #expect(Self.failure("GET / HTTP/1.1\r\nHost: x\r\nA: \(fit)\r\n\r\n") == nil)
    }

    /// Whatever comes, in whatever pieces: the same comes out, and nothing traps.
    @Test func piecesMakeNoDifference() {
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
            let whole = Self.steps(text).filter { $0 != .continues }
            var parser = HTTPRequestParser()
            var steps: [HTTPRequestParser.Step] = []
            for byte in text.utf8 {
                parser.append([byte])
                while case .request(let request) = parser.next() { steps.append(.request(request)) }
            }
            var last = parser.next()
            if last == .continues { last = parser.next() }
            steps.append(last)
            if steps != whole {
                // A part that cannot begin a request is refused before its head has ended.
                #expect(whole.last == last, "\(text.debugDescription)")
            }
        }
    }
}
