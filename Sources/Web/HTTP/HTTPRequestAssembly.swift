internal import NIOCore
internal import NIOHTTP1

/// Assembles requests from the parts that swift-nio's parser reads, and refuses what the parser allows and another one,
/// the proxy's, may have read differently.
///
/// A value without input or output: parts are put in, requests are returned, one at a time.
struct HTTPRequestAssembly: Sendable {
    /// The result of the parts so far.
    enum Step: Hashable, Sendable {
        /// More parts are needed.
        case incomplete
        /// The client waits for a word before it sends the body (RFC 9110 §10.1.1).
        case continues
        case request(HTTPRequest)
        /// No further input is read.
        case failure(HTTPStatus)
    }

    private let limits: HTTPLimits
    private var request: HTTPRequest?

    init(_ limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    /// What the parser may read before this is called: all fields of a head, and each of them, may fill it.
    var parserLimits: NIOHTTPDecoderLimitConfiguration {
        var configuration = NIOHTTPDecoderLimitConfiguration()
        configuration.maxHeaderFieldSize = limits.head
        configuration.maxHeaderListSize = limits.head
        configuration.maxHeaderFieldCount = limits.fields
        return configuration
    }

    mutating func add(_ part: HTTPServerRequestPart) -> Step {
        do throws(HTTPProblem) {
            switch part {
            case .head(let head):
                let new = try Self.request(head, limits)
                request = new
                return try mustBeTold(new) ? .continues : .incomplete
            case .body(let bytes):
                guard let length = request?.body.count else { return .incomplete }
                guard length + bytes.readableBytes <= limits.body else { throw HTTPProblem(.contentTooLarge) }
                request?.body.append(contentsOf: bytes.readableBytesView)
                return .incomplete
            case .end:
                guard let whole = request else { return .incomplete }
                request = nil
                return .request(whole)
            }
        } catch {
            request = nil
            return .failure(error.status)
        }
    }

    /// The status for what the parser did not understand.
    static func status(of error: HTTPParserError) -> HTTPStatus {
        switch error {
        case .headerOverflow: .requestHeaderFieldsTooLarge
        case .invalidVersion: .versionNotSupported
        case .invalidMethod: .notImplemented
        default: .badRequest
        }
    }

    // MARK: The head

    private static func request(
        _ head: HTTPRequestHead, _ limits: HTTPLimits
    ) throws(HTTPProblem) -> HTTPRequest {
        guard head.version.major == 1 else { throw HTTPProblem(.versionNotSupported) }
        if head.uri.utf8.count > limits.requestLine { throw HTTPProblem(.uriTooLong) }
        guard head.uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw HTTPProblem(.badRequest)
        }
        guard let method = HTTPMethod(rawValue: head.method.rawValue) else { throw HTTPProblem(.notImplemented) }
        var request = HTTPRequest(method: method, target: head.uri, isVersion11: head.version.minor != 0)
        for (name, value) in head.headers {
            // A folded line, or part of one, is what the parser may make of it.
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw HTTPProblem(.badRequest)
            }
            request.fields.append(HTTPField(name: name.lowercased(), value: value.trimmingSpaces))
        }
        let hosts = request.values(of: "host").count
        guard hosts == 1 || hosts == 0 && !request.isVersion11 else { throw HTTPProblem(.badRequest) }
        try checkBody(of: request, limits)
        return request
    }

    /// A body without a declared length is not accepted: no browser sends a form so.
    private static func checkBody(of request: HTTPRequest, _ limits: HTTPLimits) throws(HTTPProblem) {
        let lengths = request.values(of: "content-length")
        let codings = request.values(of: "transfer-encoding")
        if !codings.isEmpty {
            if !lengths.isEmpty || !request.isVersion11 || codings.count > 1 { throw HTTPProblem(.badRequest) }
            throw HTTPProblem(codings[0].lowercased() == "chunked" ? .lengthRequired : .notImplemented)
        }
        guard let text = lengths.first else { return }
        guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw HTTPProblem(.badRequest)
        }
        guard let length = Int(text), length <= limits.body else { throw HTTPProblem(.contentTooLarge) }
    }

    private func mustBeTold(_ request: HTTPRequest) throws(HTTPProblem) -> Bool {
        guard request.isVersion11, let expectation = request["expect"] else { return false }
        guard expectation.lowercased() == "100-continue" else { throw HTTPProblem(.expectationFailed) }
        return request["content-length"].flatMap { Int($0) } ?? 0 > 0
    }
}

/// Why a request is not read.
private struct HTTPProblem: Error {
    let status: HTTPStatus

    init(_ status: HTTPStatus) { self.status = status }
}
