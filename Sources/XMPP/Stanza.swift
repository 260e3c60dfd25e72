/// One of the three stanzas (RFC 6120 §8).
package enum Stanza: Hashable, Sendable {
    case iq(IQ)
    case message(Message)
    case presence(Presence)
}

/// A message (RFC 6120 §8.2.1), as far as invited reads messages.
package struct Message: Hashable, Sendable {
    package var from: JID?
    package var to: JID?
    package var id: String?
    /// `nil` means `normal`.
    package var type: String?
    package var children: [Element]

    package init(from: JID?, to: JID?, id: String? = nil, type: String? = nil, children: [Element]) {
        self.from = from
        self.to = to
        self.id = id
        self.type = type
        self.children = children
    }

    /// The stanza as an element of the given namespace.
    package func element(namespace: String = Namespaces.component) -> Element {
        Element(
            "message", namespace: namespace,
            attributes: ["type": type, "id": id, "from": from?.description, "to": to?.description],
            children: children)
    }
}

/// A presence (RFC 6120 §8.2.2), as far as invited reads presences.
package struct Presence: Hashable, Sendable {
    package var from: JID?
    package var to: JID?
    /// `nil` means available.
    package var type: String?

    package init(from: JID?, to: JID?, type: String? = nil) {
        self.from = from
        self.to = to
        self.type = type
    }
}

/// Why an element of the stream is not a stanza that can be worked with.
package enum StanzaFault: Error, Hashable, Sendable {
    /// No answer can be built or none is owed: log and drop.
    case unanswerable(String)
    /// An IQ request that is wrong in itself; the error is its answer.
    case refused(IQ)
}

extension Stanza {
    /// Reads an element of a stream's first level.
    ///
    /// - Parameter namespace: The stream's namespace for stanzas; anything else is no stanza.
    /// - Throws: ``StanzaFault``, which has the error to send back where one is owed.
    package init(_ element: Element, namespace: String = Namespaces.component) throws(StanzaFault) {
        guard element.namespace == namespace else {
            throw .unanswerable("a <\(element.name)/> of the namespace \(element.namespace)")
        }
        switch element.name {
        case "iq":
            self = .iq(try IQ(element))
        case "message":
            let (from, to) = try element.addresses()
            self = .message(
                Message(from: from, to: to, id: element["id"], type: element["type"], children: Array(element.children))
            )
        case "presence":
            let (from, to) = try element.addresses()
            self = .presence(Presence(from: from, to: to, type: element["type"]))
        default:
            throw .unanswerable("a <\(element.name)/>, which is no stanza")
        }
    }
}

extension Element {
    fileprivate func addresses() throws(StanzaFault) -> (from: JID?, to: JID?) {
        do {
            return (
                try self["from"].map { text throws(JIDError) in try JID(text) },
                try self["to"].map { text throws(JIDError) in try JID(text) }
            )
        } catch {
            throw .unanswerable("a <\(name)/> with a malformed address")
        }
    }
}

extension IQ {
    /// Reads an `<iq/>` of any stanza namespace.
    ///
    /// - Throws: ``StanzaFault``: a request without `from` or `id`, and an answer that makes no sense, are
    ///   unanswerable; a request that is wrong otherwise is refused with the error of RFC 6120 §8.3.3.
    package init(_ element: Element) throws(StanzaFault) {
        let type = element["type"]
        let isAnswer = type == "result" || type == "error"
        guard let id = element["id"], !id.isEmpty else {
            throw .unanswerable("an <iq/> without an id")
        }
        let from: JID?
        do {
            from = try element["from"].map { text throws(JIDError) in try JID(text) }
        } catch {
            throw .unanswerable("an <iq/> whose from is malformed: \(error)")
        }
        let to: JID?
        do {
            to = try element["to"].map { text throws(JIDError) in try JID(text) }
        } catch {
            if isAnswer || from == nil { throw .unanswerable("an <iq/> whose to is malformed: \(error)") }
            let refusal = StanzaError(.jidMalformed, text: "to: \(error)")
            throw .refused(IQ(from: nil, to: from, id: id, body: .error(refusal)))
        }

        func refusal(_ text: String) -> StanzaFault {
            guard from != nil else { return .unanswerable("\(text), and no from") }
            return .refused(IQ(from: to, to: from, id: id, body: .error(StanzaError(.badRequest, text: text))))
        }

        let body: Body
        switch type {
        case "get", "set":
            guard from != nil else { throw .unanswerable("a request without a from") }
            // RFC 6120 §8.2.3: a request has exactly one child element.
            var children = element.children.makeIterator()
            guard let payload = children.next(), children.next() == nil else {
                throw refusal("a request must have exactly one child element")
            }
            body = type == "get" ? .get(payload) : .set(payload)
        case "result":
            body = .result(element.firstChild)
        case "error":
            let error = element.child("error", namespace: element.namespace)
            // ejabberd forwards the error that answers a privileged request as the payload of an error without one.
            body = .error(
                error.map { StanzaError($0) } ?? PrivilegedRequest.error(in: element)
                    ?? StanzaError(.undefinedCondition))
        default:
            throw refusal("the type of an IQ is get, set, result or error")
        }
        self.init(from: from, to: to, id: id, language: element.language, body: body)
    }
}
