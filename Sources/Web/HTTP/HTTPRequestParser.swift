/// Reads requests from the bytes of a connection (RFC 9112), as strictly as the grammar is: what two readers could take for
/// two things is refused, since another reader, the proxy, has seen it before.
///
/// A value without input or output: bytes go in, requests come out, one at a time.
struct HTTPRequestParser: Sendable {
    /// What there is after the bytes so far.
    enum Step: Hashable, Sendable {
        /// More bytes are needed.
        case incomplete(Phase)
        /// The client waits for a word before it sends the body. Said once for each request (RFC 9110 §10.1.1).
        case continues
        case request(HTTPRequest)
        /// Nothing that comes after it can be understood.
        case failure(HTTPStatus)
    }

    enum Phase: Hashable, Sendable {
        /// Not a byte of a request has come.
        case idle
        case head
        case body
    }

    private let limits: HTTPLimits
    private var buffer: [UInt8] = []
    /// How far the buffer was searched for the end of the head.
    private var searched = 0
    private var hasSkippedLine = false
    /// The request whose body is awaited, and how long that is.
    private var waiting: (request: HTTPRequest, length: Int)?
    private var failure: HTTPStatus?
    private var mustContinue = false

    init(_ limits: HTTPLimits = HTTPLimits()) {
        self.limits = limits
    }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        if failure == nil { buffer.append(contentsOf: bytes) }
    }

    /// How many bytes wait.
    var count: Int { buffer.count }

    /// The next of what there is. After a request it can be called again: there may be another.
    mutating func next() -> Step {
        if let failure { return .failure(failure) }
        do throws(HTTPProblem) {
            if waiting == nil {
                skipEmptyLine()
                guard let end = try endOfHead() else { return .incomplete(buffer.isEmpty ? .idle : .head) }
                waiting = try parseHead(buffer[..<end])
                buffer.removeFirst(end)
                (hasSkippedLine, searched) = (false, 0)
            }
            guard let (head, length) = waiting else { return .incomplete(.idle) }
            guard buffer.count >= length else {
                defer { mustContinue = false }
                return mustContinue && buffer.isEmpty ? .continues : .incomplete(.body)
            }
            var request = head
            request.body = Array(buffer.prefix(length))
            buffer.removeFirst(length)
            (waiting, mustContinue) = (nil, false)
            return .request(request)
        } catch {
            failure = error.status
            (buffer, waiting) = ([], nil)
            return .failure(error.status)
        }
    }

    // MARK: The head

    /// One empty line before a request is passed over (RFC 9112 §2.2).
    private mutating func skipEmptyLine() {
        guard !hasSkippedLine, buffer.starts(with: [0x0D, 0x0A]) else { return }
        buffer.removeFirst(2)
        (hasSkippedLine, searched) = (true, 0)
    }

    /// Where the head ends, after its empty line.
    private mutating func endOfHead() throws(HTTPProblem) -> Int? {
        var index = max(searched - 3, 0)
        let end = min(buffer.count, limits.head)
        while index + 3 < end {
            if buffer[index] == 0x0D, buffer[index + 1] == 0x0A, buffer[index + 2] == 0x0D, buffer[index + 3] == 0x0A {
                return index + 4
            }
            index += 1
        }
        searched = end
        guard let line = buffer.prefix(limits.requestLine + 2).firstIndex(of: 0x0A) else {
            if buffer.count > limits.requestLine + 2 { throw HTTPProblem(.uriTooLong) }
            return nil
        }
        if buffer.count >= limits.head { throw HTTPProblem(.requestHeaderFieldsTooLarge) }
        // What will never be a request is not waited for.
        if line == 0 || buffer[line - 1] != 0x0D { throw HTTPProblem(.badRequest) }
        return nil
    }

    private mutating func parseHead(
        _ head: ArraySlice<UInt8>
    ) throws(HTTPProblem) -> (request: HTTPRequest, length: Int) {
        var lines = HeadLines(head)
        guard let first = try lines.next() else { throw HTTPProblem(.badRequest) }
        if first.count > limits.requestLine { throw HTTPProblem(.uriTooLong) }
        var request = try Self.requestLine(first)
        while let line = try lines.next(), !line.isEmpty {
            guard request.fields.count < limits.fields else { throw HTTPProblem(.requestHeaderFieldsTooLarge) }
            request.fields.append(try Self.field(line))
        }
        let hosts = request.fields.count { $0.name == "host" }
        guard hosts == 1 || hosts == 0 && !request.isVersion11 else { throw HTTPProblem(.badRequest) }
        let length = try bodyLength(of: request)
        if let expectation = request["expect"], request.isVersion11 {
            guard expectation.lowercased() == "100-continue" else { throw HTTPProblem(.expectationFailed) }
            mustContinue = length > 0
        }
        return (request, length)
    }

    /// How long the body is. One whose length only its end tells is not taken: no browser sends a form so.
    private func bodyLength(of request: HTTPRequest) throws(HTTPProblem) -> Int {
        let lengths = request.values(of: "content-length")
        let codings = request.values(of: "transfer-encoding")
        if !codings.isEmpty {
            if !lengths.isEmpty || !request.isVersion11 || codings.count > 1 { throw HTTPProblem(.badRequest) }
            throw HTTPProblem(codings[0].lowercased() == "chunked" ? .lengthRequired : .notImplemented)
        }
        guard let text = lengths.first else {
            return 0
        }
        guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw HTTPProblem(.badRequest)
        }
        guard let length = Int(text), length <= limits.body else { throw HTTPProblem(.contentTooLarge) }
        return length
    }

    private static func requestLine(_ line: ArraySlice<UInt8>) throws(HTTPProblem) -> HTTPRequest {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty, parts[0].allSatisfy(isToken),
            parts[1].allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") })
        else { throw HTTPProblem(.badRequest) }
        let version = parts[2]
        guard version.count == 8, version.starts(with: "HTTP/".utf8), isDigit(version[version.startIndex + 5]),
            version[version.startIndex + 6] == UInt8(ascii: "."), isDigit(version[version.startIndex + 7])
        else { throw HTTPProblem(.badRequest) }
        guard version[version.startIndex + 5] == UInt8(ascii: "1") else { throw HTTPProblem(.versionNotSupported) }
        guard let method = HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self)) else {
            throw HTTPProblem(.notImplemented)
        }
        return HTTPRequest(
            method: method, target: String(decoding: parts[1], as: UTF8.self),
            isVersion11: version[version.startIndex + 7] != UInt8(ascii: "0"))
    }

    private static func field(_ line: ArraySlice<UInt8>) throws(HTTPProblem) -> HTTPField {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(isToken)
        else { throw HTTPProblem(.badRequest) }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw HTTPProblem(.badRequest) }
        var text = String.UnicodeScalarView()
        for byte in value { text.append(Unicode.Scalar(byte)) }
        let name = String(decoding: line[..<colon].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        return HTTPField(name: name, value: String(text))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// Why a request is not read.
private struct HTTPProblem: Error {
    let status: HTTPStatus

    init(_ status: HTTPStatus) { self.status = status }
}

/// The lines of a head, each of which ends with CR LF; neither stands anywhere else.
private struct HeadLines {
    private var rest: ArraySlice<UInt8>

    init(_ head: ArraySlice<UInt8>) { rest = head }

    mutating func next() throws(HTTPProblem) -> ArraySlice<UInt8>? {
        if rest.isEmpty { return nil }
        guard let end = rest.firstIndex(where: { $0 == 0x0D || $0 == 0x0A }), end + 1 < rest.endIndex,
            rest[end] == 0x0D, rest[end + 1] == 0x0A
        else { throw HTTPProblem(.badRequest) }
        defer { rest = rest[(end + 2)...] }
        return rest[rest.startIndex..<end]
    }
}
