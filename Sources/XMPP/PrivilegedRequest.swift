extension PrivilegeGrant {
    /// The message to send for one in the name of a host or one of its users (XEP-0356 §5); `nil` where that is not granted.
    package func envelope(of message: Message, to host: JID) -> Message? {
        guard permissions.contains(where: { $0.access == "message" && $0.type == "outgoing" }) else { return nil }
        let forwarded = Element(
            "forwarded", namespace: Namespaces.forward, children: [message.element(namespace: Namespaces.client)])
        return Message(
            from: nil, to: host, children: [Element("privilege", namespace: namespace, children: [forwarded])])
    }
}

/// A request that a component sends in the name of a user of a host, where the host's server grants it (XEP-0356 §6.3).
package struct PrivilegedRequest: Hashable, Sendable {
    static let namespace = "urn:xmpp:privilege:2"

    /// The user in whose name it is sent; a bare JID.
    package let user: JID
    /// The recipient.
    package let to: JID
    /// The request, a get or a set.
    package let body: IQ.Body

    package init(of user: JID, to: JID, _ body: IQ.Body) {
        self.user = user
        self.to = to
        self.body = body
    }

    /// The request to send: of the same type, to the user, with the other one in it.
    package var envelope: IQ {
        // The server puts an id of its own on what it sends.
        let inner = IQ(from: nil, to: to, id: "privileged", body: body).element(namespace: Namespaces.client)
        let payload = Element("privileged_iq", namespace: Self.namespace, children: [inner])
        let envelope: IQ.Body = if case .get = body { .get(payload) } else { .set(payload) }
        return IQ(from: nil, to: user, id: "", body: envelope)
    }

    /// The answer to the inner request, from the payload that answered the envelope.
    ///
    /// - Throws: ``RequestError/refused(_:)`` with the error that it was answered with, or with `undefined-condition` when
    ///   no answer is in the payload.
    package static func answer(in payload: Element?) throws(RequestError) -> Element? {
        guard let inner = payload.flatMap(answeringIQ), let answer = try? IQ(inner) else {
            throw .refused(StanzaError(.undefinedCondition, text: "the server answered without the answer"))
        }
        switch answer.body {
        case .result(let payload): return payload
        case .error(let error): throw .refused(error)
        case .get, .set: throw .refused(StanzaError(.undefinedCondition, text: "the server answered with a request"))
        }
    }

    /// The error of the inner answer that an error carries as ``answer(in:)`` would expect it in a result; `nil` when it
    /// carries none.
    static func error(in iq: Element) -> StanzaError? {
        let inner = iq.child("privilege", namespace: namespace).flatMap(answeringIQ)
        return inner?.child("error", namespace: Namespaces.client).map { StanzaError($0) }
    }

    /// The answer that a `<privilege/>` forwards.
    private static func answeringIQ(_ privilege: Element) -> Element? {
        guard privilege.is("privilege", namespace) else { return nil }
        return privilege.child("forwarded", namespace: Namespaces.forward)?.child("iq", namespace: Namespaces.client)
    }
}
