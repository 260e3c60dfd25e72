internal import CLibMD

/// The life of one component stream (XEP-0114 §3) as a pure state machine: each event returns the actions for the
/// caller.
struct ComponentStreamMachine {
    /// What the caller must do, in order.
    enum Action: Hashable {
        /// Write this text.
        case send(String)
        /// The handshake is done: stanzas may flow.
        case becomeReady
        /// A stanza of the server.
        case deliver(Element)
        /// A stanza that was not read.
        case refuse(RefusedStanza)
        /// Say this, if anything, and close the connection.
        case close(farewell: String?, reason: DisconnectReason)
    }

    private enum State: Hashable {
        case unopened
        case awaitingHeader
        case awaitingHandshake
        case ready
        case closed
    }

    private let domain: String
    private let secret: String
    private var state = State.unopened

    init(domain: String, secret: String) {
        self.domain = domain
        self.secret = secret
    }

    var isReady: Bool { state == .ready }

    /// The connection is there.
    mutating func connected() -> [Action] {
        guard state == .unopened else { return [] }
        state = .awaitingHeader
        let header = Element("stream", namespace: "", attributes: ["to": domain]).xml(inside: "")
        let to = header.dropFirst("<stream ".count).dropLast("/>".count)
        return [
            .send(
                "<?xml version='1.0'?><stream:stream xmlns='\(Namespaces.component)' "
                    + "xmlns:stream='\(Namespaces.streams)' \(to)>")
        ]
    }

    /// The parser found something.
    mutating func received(_ event: StreamEvent) -> [Action] {
        switch (state, event) {
        case (.closed, _), (.unopened, _):
            return []
        case (.awaitingHeader, .opened(let header, let contentNamespace)):
            return opened(header, contentNamespace)
        case (_, .element(let element)) where element.is("error", Namespaces.streams):
            return close(DisconnectReason(StreamError(element), duringHandshake: state != .ready))
        case (.awaitingHandshake, .element(let element)) where element.is("handshake", Namespaces.component):
            state = .ready
            return [.becomeReady]
        case (.ready, .element(let element)):
            return [.deliver(element)]
        case (.ready, .refused(let stanza)):
            return [.refuse(stanza)]
        case (_, .closed):
            return close(.closedByServer, farewell: "</stream:stream>")
        default:
            return failed(StreamError(.badFormat, text: "not expected during the handshake"))
        }
    }

    /// The stream cannot continue.
    mutating func failed(_ error: StreamError) -> [Action] {
        guard state != .closed else { return [] }
        // The prefix `stream` is bound by our own header.
        let condition = error.element.content
            .compactMap { node in if case .element(let child) = node { child.xml(inside: "") } else { nil } }.joined()
        return close(
            .protocolViolation(error), farewell: "<stream:error>\(condition)</stream:error></stream:stream>")
    }

    /// Nothing was heard for too long, or the handshake took too long.
    mutating func timedOut() -> [Action] {
        guard state != .closed else { return [] }
        return close(state == .ready ? .silent : .handshakeTimeout)
    }

    /// We end the stream.
    mutating func leave(_ reason: DisconnectReason) -> [Action] {
        guard state != .closed else { return [] }
        return close(reason, farewell: state == .unopened ? nil : "</stream:stream>")
    }

    /// The connection is lost.
    mutating func disconnected() -> [Action] {
        guard state != .closed else { return [] }
        return close(.connectionLost)
    }

    private mutating func opened(_ header: Element, _ contentNamespace: String) -> [Action] {
        guard header.is("stream", Namespaces.streams) else {
            return failed(StreamError(.invalidNamespace))
        }
        // A port for clients or servers, say, has no use for a handshake (RFC 6120 §4.8.2, XEP-0114 §3).
        guard contentNamespace == Namespaces.component else {
            return failed(StreamError(.invalidNamespace, text: "not a stream for components"))
        }
        guard let identifier = header["id"] else {
            return failed(StreamError(.badFormat, text: "a stream header needs an id"))
        }
        state = .awaitingHandshake
        return [.send("<handshake>\(Self.digest(streamID: identifier, secret: secret))</handshake>")]
    }

    private mutating func close(_ reason: DisconnectReason, farewell: String? = nil) -> [Action] {
        state = .closed
        return [.close(farewell: farewell, reason: reason)]
    }

    /// SHA-1 of the stream's identifier followed by the secret, in lower-case hexadecimal (XEP-0114 §3).
    static func digest(streamID: String, secret: String) -> String {
        let input = Array((streamID + secret).utf8)
        // 40 digits and a NUL.
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 41) { output in
            guard SHA1Data(input, input.count, output.baseAddress) != nil, let base = output.baseAddress else {
                return ""
            }
            return String(cString: base)
        }
    }
}
