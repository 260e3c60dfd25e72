/// The errors of ad-hoc commands (XEP-0050 §4.4).
package enum CommandError: String, Error, Sendable, CaseIterable {
    /// The action is not defined.
    case malformedAction = "malformed-action"
    /// The action cannot be taken now.
    case badAction = "bad-action"
    /// The form is missing or wrong.
    case badPayload = "bad-payload"
    /// There is no such session, or it is someone else's.
    case badSessionID = "bad-sessionid"
    /// The session is over.
    case sessionExpired = "session-expired"

    /// The stanza error that carries the condition.
    package var stanzaError: StanzaError { stanzaError(text: nil) }

    /// The stanza error with an explanation for the human.
    package func stanzaError(text: String?, language: String? = nil) -> StanzaError {
        let condition = Element(rawValue, namespace: Namespaces.commands)
        return switch self {
        case .malformedAction, .badAction, .badPayload, .badSessionID:
            StanzaError(.badRequest, text: text, language: language, applicationCondition: condition)
        case .sessionExpired:
            StanzaError(.notAllowed, text: text, language: language, applicationCondition: condition)
        }
    }
}
