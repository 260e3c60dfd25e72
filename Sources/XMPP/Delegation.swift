/// The two versions of namespace delegation (XEP-0355) that servers speak: Prosody the second, ejabberd 23.01 the
/// first.
package enum DelegationVersion: String, Sendable, CaseIterable {
    case v1 = "urn:xmpp:delegation:1"
    case v2 = "urn:xmpp:delegation:2"

    package var namespace: String { rawValue }
}

/// A request of one of a host's clients that the host's server forwards to us (XEP-0355 §4.3).
package struct DelegatedRequest: Hashable, Sendable {
    /// What the server sent: its `from` is the host.
    package let envelope: IQ
    package let version: DelegationVersion
    /// What the client sent, unchanged. Without a `to` it is for the client's own account.
    package let request: IQ

    /// The version in which this IQ delegates something; `nil` when it is no delegated request.
    package static func version(of iq: IQ) -> DelegationVersion? {
        guard case .set(let payload) = iq.body, payload.name == "delegation" else { return nil }
        return DelegationVersion(rawValue: payload.namespace)
    }

    /// Unwraps a delegated request.
    ///
    /// - Throws: ``StanzaFault`` for the *inner* stanza, with an answer already in its envelope, when that is no
    ///   request or not wrapped as XEP-0355 says; or unanswerable when `envelope` is no delegation.
    package init(_ envelope: IQ) throws(StanzaFault) {
        guard let version = Self.version(of: envelope), let payload = envelope.request else {
            throw .unanswerable("no delegated request")
        }
        func refusal(_ text: String) -> StanzaFault {
            .refused(envelope.error(StanzaError(.badRequest, text: text)))
        }
        guard let forwarded = payload.child("forwarded", namespace: Namespaces.forward),
            let inner = forwarded.child("iq", namespace: Namespaces.client)
        else {
            throw refusal("a delegation must forward one IQ")
        }
        let request: IQ
        do {
            request = try IQ(inner)
        } catch {
            switch error {
            case .unanswerable(let why): throw refusal(why)
            case .refused(let answer): throw .refused(Self.wrap(answer, envelope: envelope, version: version))
            }
        }
        guard request.isRequest, request.from != nil else { throw refusal("the forwarded IQ is no request") }
        self.envelope = envelope
        self.version = version
        self.request = request
    }

    /// The answer to the envelope that carries an answer to the client (XEP-0355 §4.3, example 7).
    package func wrap(_ answer: IQ) -> IQ {
        Self.wrap(answer, envelope: envelope, version: version)
    }

    private static func wrap(_ answer: IQ, envelope: IQ, version: DelegationVersion) -> IQ {
        let forwarded = Element(
            "forwarded", namespace: Namespaces.forward, children: [answer.element(namespace: Namespaces.client)])
        return envelope.result(Element("delegation", namespace: version.namespace, children: [forwarded]))
    }
}

/// What a host's server delegates to us, as its message after the handshake says (XEP-0355 §4.2).
package struct DelegationGrant: Hashable, Sendable {
    package let version: DelegationVersion
    /// The delegated namespaces, each with the attributes that a request must have to be delegated.
    package let namespaces: [String: [String]]

    /// Reads a `<delegation/>` of a message; `nil` when it is none.
    package init?(_ element: Element) {
        guard element.name == "delegation", let version = DelegationVersion(rawValue: element.namespace) else {
            return nil
        }
        self.version = version
        var namespaces: [String: [String]] = [:]
        for child in element.children where child.is("delegated", version.namespace) {
            guard let namespace = child["namespace"] else { continue }
            namespaces[namespace] = child.children.compactMap { $0.name == "attribute" ? $0["name"] : nil }
        }
        self.namespaces = namespaces
    }
}

/// The node of a server's question what to announce for a namespace that it delegates (XEP-0355 §7.2).
package struct DelegationNestingNode: Hashable, Sendable {
    package let version: DelegationVersion
    /// Whether it asks for the users' addresses; otherwise for the host's.
    package let isForUsers: Bool
    package let namespace: String

    /// Reads `urn:xmpp:delegation:2::NAMESPACE` or `urn:xmpp:delegation:2:bare:NAMESPACE`; `nil` for any other node.
    package init?(_ node: String) {
        for version in DelegationVersion.allCases {
            for (separator, isForUsers) in [("::", false), (":bare:", true)] {
                let prefix = version.namespace + separator
                if node.hasPrefix(prefix) {
                    self.version = version
                    self.isForUsers = isForUsers
                    namespace = String(node.dropFirst(prefix.count))
                    return
                }
            }
        }
        return nil
    }
}
