/// What a requester wants of an ad-hoc command (XEP-0050 §4.3).
package struct CommandRequest: Hashable, Sendable {
    /// The defined actions.
    package enum Action: String, Sendable, CaseIterable {
        case execute, complete, next, prev, cancel
    }

    package var node: String
    package var action: Action
    /// Absent in a request that starts a command.
    package var sessionID: String?
    /// The submitted form.
    package var form: DataForm?

    package init(node: String, action: Action = .execute, sessionID: String? = nil, form: DataForm? = nil) {
        self.node = node
        self.action = action
        self.sessionID = sessionID
        self.form = form
    }

    /// Reads a `<command/>`.
    ///
    /// - Throws: ``StanzaError`` as XEP-0050 §4.4 names it, when the element has no node or its action is not defined.
    package init(_ element: Element) throws(StanzaError) {
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

    /// The request as a `<command/>`.
    package var element: Element {
        Element(
            "command", namespace: Namespaces.commands,
            attributes: ["node": node, "action": action.rawValue, "sessionid": sessionID],
            children: form.map { [$0.element] } ?? [])
    }
}
