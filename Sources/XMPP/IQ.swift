/// A request or its answer (RFC 6120 §8.2.3).
package struct IQ: Hashable, Sendable {
    /// What kind of IQ it is, with what only that kind carries.
    package enum Body: Hashable, Sendable {
        case get(Element)
        case set(Element)
        /// An answer; its payload may be missing.
        case result(Element?)
        case error(StanzaError)
    }

    package var from: JID?
    package var to: JID?
    package var id: String
    /// `xml:lang` of the stanza.
    package var language: String?
    package var body: Body

    package init(from: JID?, to: JID?, id: String, language: String? = nil, body: Body) {
        self.from = from
        self.to = to
        self.id = id
        self.language = language
        self.body = body
    }

    /// The payload of a request; `nil` for an answer.
    package var request: Element? {
        switch body {
        case .get(let payload), .set(let payload): payload
        case .result, .error: nil
        }
    }

    /// Whether exactly one answer is owed to it.
    package var isRequest: Bool { request != nil }

    /// The answer to this request, from the address it was sent to.
    ///
    /// - Parameter language: That of what people read in it (RFC 6120 §8.1.5).
    package func result(_ payload: Element? = nil, language: String? = nil) -> IQ {
        IQ(from: to, to: answerAddress, id: id, language: language, body: .result(payload))
    }

    /// The error that answers this request, from the address it was sent to.
    package func error(_ error: StanzaError) -> IQ {
        IQ(from: to, to: answerAddress, id: id, body: .error(error))
    }

    /// The recipient of the answer: the sender, or some resource of it where ejabberd asks in a domain's own name.
    ///
    /// ejabberd recognizes the answer to a request of its own by the id, which begins with `rr-` then, wherever it is
    /// sent. But with `mod_privilege`, ejabberd 24 drops each result with a child to a bare address of its own before
    /// that.
    private var answerAddress: JID? {
        guard let from, from.isDomain, id.hasPrefix("rr-") else { return from }
        return JID(preparedLocalpart: nil, domain: from.domain, resource: "answer")
    }

    /// The stanza as an element of the given namespace, ``Namespaces/component`` on the stream itself.
    package func element(namespace: String = Namespaces.component) -> Element {
        let type: String
        let payload: Element?
        switch body {
        case .get(let request): (type, payload) = ("get", request)
        case .set(let request): (type, payload) = ("set", request)
        case .result(let answer): (type, payload) = ("result", answer)
        case .error(let error): (type, payload) = ("error", error.element(namespace: namespace))
        }
        var element = Element(
            "iq", namespace: namespace,
            attributes: ["type": type, "id": id, "from": from?.description, "to": to?.description])
        element.language = language
        if let payload { element.content = [.element(payload)] }
        return element
    }
}
