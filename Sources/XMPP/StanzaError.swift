/// A stanza-level error (RFC 6120 §8.3).
package struct StanzaError: Error, Hashable, Sendable {
    /// What the sender may do about it (RFC 6120 §8.3.2).
    package enum Kind: String, Sendable, CaseIterable {
        case auth, cancel, `continue`, modify, wait
    }

    /// The defined conditions of RFC 6120 §8.3.3.
    package enum Condition: String, Sendable, CaseIterable {
        case badRequest = "bad-request"
        case conflict
        case featureNotImplemented = "feature-not-implemented"
        case forbidden
        case gone
        case internalServerError = "internal-server-error"
        case itemNotFound = "item-not-found"
        case jidMalformed = "jid-malformed"
        case notAcceptable = "not-acceptable"
        case notAllowed = "not-allowed"
        case notAuthorized = "not-authorized"
        case policyViolation = "policy-violation"
        case recipientUnavailable = "recipient-unavailable"
        case redirect
        case registrationRequired = "registration-required"
        case remoteServerNotFound = "remote-server-not-found"
        case remoteServerTimeout = "remote-server-timeout"
        case resourceConstraint = "resource-constraint"
        case serviceUnavailable = "service-unavailable"
        case subscriptionRequired = "subscription-required"
        case undefinedCondition = "undefined-condition"
        case unexpectedRequest = "unexpected-request"

        /// The kind that RFC 6120 §8.3.3 recommends for the condition.
        package var usualKind: Kind {
            switch self {
            case .forbidden, .notAuthorized, .registrationRequired, .subscriptionRequired: .auth
            case .badRequest, .jidMalformed, .notAcceptable, .policyViolation, .redirect: .modify
            case .recipientUnavailable, .remoteServerTimeout, .resourceConstraint, .unexpectedRequest: .wait
            case .conflict, .featureNotImplemented, .gone, .internalServerError, .itemNotFound, .notAllowed,
                .remoteServerNotFound, .serviceUnavailable, .undefinedCondition:
                .cancel
            }
        }
    }

    package let kind: Kind
    package let condition: Condition
    /// A human's explanation, if there is one.
    package let text: String?
    /// The language of the text, for its `xml:lang`.
    package let language: String?
    /// The application's own condition beside the defined one, such as XEP-0050's `<bad-sessionid/>`.
    package let applicationCondition: Element?

    /// Makes an error; without `kind` it has the condition's usual one.
    package init(
        _ condition: Condition, kind: Kind? = nil, text: String? = nil, language: String? = nil,
        applicationCondition: Element? = nil
    ) {
        self.kind = kind ?? condition.usualKind
        self.condition = condition
        self.text = text
        self.language = language
        self.applicationCondition = applicationCondition
    }

    /// Reads an `<error/>`. A condition that is not defined counts as `undefined-condition`.
    package init(_ element: Element) {
        var condition = Condition.undefinedCondition
        var text: String?
        var language: String?
        var application: Element?
        for child in element.children {
            if child.namespace != Namespaces.stanzaErrors {
                application = child
            } else if child.name == "text" {
                (text, language) = (child.text, child.language)
            } else if let known = Condition(rawValue: child.name) {
                condition = known
            }
        }
        self.init(
            condition, kind: element["type"].flatMap(Kind.init(rawValue:)), text: text,
            language: language, applicationCondition: application)
    }

    /// The error as an `<error/>` inside a stanza of the given namespace.
    package func element(namespace: String) -> Element {
        var children = [Element(condition.rawValue, namespace: Namespaces.stanzaErrors)]
        if let text {
            var element = Element("text", namespace: Namespaces.stanzaErrors, text: text)
            element.language = language
            children.append(element)
        }
        if let applicationCondition { children.append(applicationCondition) }
        return Element("error", namespace: namespace, attributes: ["type": kind.rawValue], children: children)
    }
}

extension StanzaError: CustomStringConvertible {
    package var description: String {
        text.map { "\(condition.rawValue): \($0)" } ?? condition.rawValue
    }
}
