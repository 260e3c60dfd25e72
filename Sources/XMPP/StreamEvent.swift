/// What a ``StreamParser`` found.
package enum StreamEvent: Hashable, Sendable {
    /// The stream header, an element without content, and the default namespace that it declares; empty without one.
    case opened(Element, contentNamespace: String)
    /// One whole element of the stream's first level.
    case element(Element)
    /// An element of the stream's first level that ended but was not read.
    case refused(RefusedStanza)
    /// The stream's end tag.
    case closed
}

/// An element of a stream's first level that is not processed, while the stream continues.
package struct RefusedStanza: Hashable, Sendable {
    /// What is wrong with it.
    package enum Reason: Hashable, Sendable {
        /// It is past one of the ``ParserLimits``.
        case tooLarge
        /// Its names are not what Namespaces in XML 1.0 wants, as where a prefix is declared nowhere.
        case namespace

        /// The error for the requester.
        var error: StanzaError {
            switch self {
            case .tooLarge: StanzaError(.policyViolation, text: "the stanza is too large")
            case .namespace: StanzaError(.badRequest, text: "a prefix or name does not fit XML namespaces")
            }
        }
    }

    /// As many levels as lead from a delegation's envelope to the payload inside (XEP-0355 §4.3).
    static let outlineDepth = 5
    /// The placeholder in an outline for an element that was not read.
    static let unread = Element("unread", namespace: "")

    package let reason: Reason
    /// Its start tag with the first element inside, which has its first element inside, and so on; enough for an
    /// answer. An element whose tag was not read is `<unread xmlns=''/>` in it. `nil` where that is the stanza's own.
    package let outline: Element?

    package init(_ reason: Reason, outline: Element?) {
        self.reason = reason
        self.outline = outline
    }
}

extension Element {
    /// The element without its content, except for the first element of each level.
    func outline(depth: Int = RefusedStanza.outlineDepth) -> Element {
        var outline = self
        outline.content = depth > 1 ? firstChild.map { [.element($0.outline(depth: depth - 1))] } ?? [] : []
        return outline
    }
}
