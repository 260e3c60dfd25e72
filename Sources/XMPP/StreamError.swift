/// A stream-level error (RFC 6120 §4.9): after one, the stream is over.
package struct StreamError: Error, Hashable, Sendable {
    /// The defined conditions of RFC 6120 §4.9.3.
    package enum Condition: String, Sendable, CaseIterable {
        case badFormat = "bad-format"
        case badNamespacePrefix = "bad-namespace-prefix"
        case conflict
        case connectionTimeout = "connection-timeout"
        case hostGone = "host-gone"
        case hostUnknown = "host-unknown"
        case improperAddressing = "improper-addressing"
        case internalServerError = "internal-server-error"
        case invalidFrom = "invalid-from"
        case invalidNamespace = "invalid-namespace"
        case invalidXML = "invalid-xml"
        case notAuthorized = "not-authorized"
        case notWellFormed = "not-well-formed"
        case policyViolation = "policy-violation"
        case remoteConnectionFailed = "remote-connection-failed"
        case reset
        case resourceConstraint = "resource-constraint"
        case restrictedXML = "restricted-xml"
        case seeOtherHost = "see-other-host"
        case systemShutdown = "system-shutdown"
        case undefinedCondition = "undefined-condition"
        case unsupportedEncoding = "unsupported-encoding"
        case unsupportedStanzaType = "unsupported-stanza-type"
        case unsupportedVersion = "unsupported-version"
    }

    package let condition: Condition
    /// A human's explanation, if there is one.
    package let text: String?

    package init(_ condition: Condition, text: String? = nil) {
        self.condition = condition
        self.text = text
    }

    /// Reads a `<stream:error/>`. A condition that is not defined counts as `undefined-condition`.
    package init(_ element: Element) {
        var condition = Condition.undefinedCondition
        var text: String?
        for child in element.children where child.namespace == Namespaces.streamErrors {
            if child.name == "text" {
                text = child.text
            } else if let known = Condition(rawValue: child.name) {
                condition = known
            }
        }
        self.init(condition, text: text)
    }

    /// The error as the `<stream:error/>` that announces it.
    package var element: Element {
        var children = [Element(condition.rawValue, namespace: Namespaces.streamErrors)]
        if let text { children.append(Element("text", namespace: Namespaces.streamErrors, text: text)) }
        return Element("error", namespace: Namespaces.streams, children: children)
    }
}

extension StreamError: CustomStringConvertible {
    package var description: String {
        text.map { "\(condition.rawValue): \($0)" } ?? condition.rawValue
    }
}
