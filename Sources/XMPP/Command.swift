/// What a requester wants of an ad-hoc command (XEP-0050 §4.3).
public struct CommandRequest: Hashable, Sendable {
    /// The defined actions.
    public enum Action: String, Sendable, CaseIterable {
        case execute, complete, next, prev, cancel
    }

    public var node: String
    public var action: Action
    /// Absent in a request that starts a command.
    public var sessionID: String?
    /// The form that came along.
    public var form: DataForm?

    public init(node: String, action: Action = .execute, sessionID: String? = nil, form: DataForm? = nil) {
        self.node = node
        self.action = action
        self.sessionID = sessionID
        self.form = form
    }

    /// Reads a `<command/>`.
    ///
    /// - Throws: ``StanzaError`` as XEP-0050 §4.4 names it, when the element has no node or its action is not defined.
    public init(_ element: Element) throws(StanzaError) {
        guard element.is("command", Namespaces.commands), let node = element["node"], !node.isEmpty else {
            throw StanzaError(.badRequest, text: "a command needs a node")
        }
        let action: Action
        switch element["action"] {
        case nil: action = .execute
        case let name?:
            guard let known = Action(rawValue: name) else {
                throw CommandError.malformedAction.stanzaError
            }
            action = known
        }
        let form = element.child("x", namespace: Namespaces.dataForms).flatMap { DataForm($0) }
        self.init(node: node, action: action, sessionID: element["sessionid"], form: form)
    }
}

/// What the responder of an ad-hoc command says (XEP-0050 §4.2).
public struct CommandResponse: Hashable, Sendable {
    public enum Status: String, Sendable, CaseIterable {
        case executing, completed, canceled
    }

    /// Which actions the requester may take next, and which one `execute` stands for (XEP-0050 §3.4).
    public struct Actions: Hashable, Sendable {
        public var `default`: CommandRequest.Action
        public var allowed: [CommandRequest.Action]

        public init(default: CommandRequest.Action, allowed: [CommandRequest.Action]) {
            self.default = `default`
            self.allowed = allowed
        }

        /// The form at hand is the last one.
        public static let complete = Actions(default: .complete, allowed: [.complete])
        /// Another form follows.
        public static let next = Actions(default: .next, allowed: [.next])
    }

    /// A line for the human (XEP-0050 §4.3).
    public struct Note: Hashable, Sendable {
        public enum Kind: String, Sendable, CaseIterable { case info, warn, error }
        public var kind: Kind
        public var text: String

        public init(_ kind: Kind, _ text: String) {
            self.kind = kind
            self.text = text
        }
    }

    public var node: String
    public var sessionID: String
    public var status: Status
    public var actions: Actions?
    public var notes: [Note]
    public var form: DataForm?
    /// The language of titles, labels and notes.
    public var language: String?

    public init(
        node: String, sessionID: String, status: Status, actions: Actions? = nil, notes: [Note] = [],
        form: DataForm? = nil, language: String? = nil
    ) {
        self.node = node
        self.sessionID = sessionID
        self.status = status
        self.actions = actions
        self.notes = notes
        self.form = form
        self.language = language
    }

    /// The response as a `<command/>`.
    public var element: Element {
        var children: [Element] = []
        if let actions {
            children.append(
                Element(
                    "actions", namespace: Namespaces.commands, attributes: ["execute": actions.default.rawValue],
                    children: actions.allowed.map { Element($0.rawValue, namespace: Namespaces.commands) }))
        }
        for note in notes {
            children.append(
                Element(
                    "note", namespace: Namespaces.commands, attributes: ["type": note.kind.rawValue], text: note.text))
        }
        if let form { children.append(form.element) }
        var element = Element(
            "command", namespace: Namespaces.commands,
            attributes: ["node": node, "sessionid": sessionID, "status": status.rawValue], children: children)
        element.language = language
        return element
    }
}

/// The errors of ad-hoc commands (XEP-0050 §4.4).
public enum CommandError: String, Error, Sendable, CaseIterable {
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
    public var stanzaError: StanzaError { stanzaError(text: nil) }

    /// The stanza error with an explanation for the human.
    public func stanzaError(text: String?) -> StanzaError {
        let condition = Element(rawValue, namespace: Namespaces.commands)
        return switch self {
        case .malformedAction, .badAction, .badPayload, .badSessionID:
            StanzaError(.badRequest, text: text, applicationCondition: condition)
        case .sessionExpired:
            StanzaError(.notAllowed, text: text, applicationCondition: condition)
        }
    }
}
