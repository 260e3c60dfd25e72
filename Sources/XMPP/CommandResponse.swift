/// What the responder of an ad-hoc command says (XEP-0050 §4.2).
package struct CommandResponse: Hashable, Sendable {
    package enum Status: String, Sendable, CaseIterable {
        case executing, completed, canceled
    }

    /// Which actions the requester may take next, and which one `execute` means (XEP-0050 §3.4).
    package struct Actions: Hashable, Sendable {
        package var `default`: CommandRequest.Action
        package var allowed: [CommandRequest.Action]

        package init(default: CommandRequest.Action, allowed: [CommandRequest.Action]) {
            self.default = `default`
            self.allowed = allowed
        }

        /// This form is the last one.
        package static let complete = Actions(default: .complete, allowed: [.complete])
        /// Another form follows.
        package static let next = Actions(default: .next, allowed: [.next])
    }

    /// A line for the human (XEP-0050 §4.3).
    package struct Note: Hashable, Sendable {
        package enum Kind: String, Sendable, CaseIterable { case info, warn, error }
        package var kind: Kind
        package var text: String

        package init(_ kind: Kind, _ text: String) {
            self.kind = kind
            self.text = text
        }
    }

    package var node: String
    package var sessionID: String
    package var status: Status
    package var actions: Actions?
    package var notes: [Note]
    package var form: DataForm?
    /// The language of titles, labels and notes.
    package var language: String?

    package init(
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
    package var element: Element {
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

    /// Reads a `<command/>` that answers a request; `nil` when it is none. What is not defined is left out.
    package init?(_ element: Element) {
        guard element.is("command", Namespaces.commands), let node = element["node"],
            let status = element["status"].flatMap(Status.init(rawValue:))
        else { return nil }
        let actions = element.child("actions", namespace: Namespaces.commands).map { actions in
            let allowed = actions.children.compactMap { CommandRequest.Action(rawValue: $0.name) }
            // Without a default it is `next` (XEP-0050 §3.4).
            return Actions(
                default: actions["execute"].flatMap(CommandRequest.Action.init(rawValue:)) ?? .next, allowed: allowed)
        }
        let notes = element.children.compactMap { child -> Note? in
            guard child.is("note", Namespaces.commands) else { return nil }
            return Note(child["type"].flatMap(Note.Kind.init(rawValue:)) ?? .info, child.text)
        }
        self.init(
            node: node, sessionID: element["sessionid"] ?? "", status: status, actions: actions, notes: notes,
            form: element.child("x", namespace: Namespaces.dataForms).flatMap { DataForm($0) },
            language: element.language)
    }
}
