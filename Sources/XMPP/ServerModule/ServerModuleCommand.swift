/// What invited asks of its module inside a server. Names and addresses are prepared.
package enum ServerModuleCommand: Hashable, Sendable {
    case settings(ServerModule.Settings)
    case exists(String)
    /// - Parameter address: The IP address of the registering client, for the server's limits.
    case create(username: String, password: String, address: String? = nil)
    case password(username: String, password: String)
    case contacts(user: String, contact: JID)
    case notify(username: String, text: String, language: String)
}

// Passwords do not print.
extension ServerModuleCommand: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of its element.
    package var description: String {
        switch self {
        case .settings: "settings"
        case .exists: "exists"
        case .create: "create"
        case .password: "password"
        case .contacts: "contacts"
        case .notify: "notify"
        }
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ServerModuleCommand {
    private static let table = ServerModuleTable<ServerModuleCommand>(readers: [
        .set("settings"): { element throws(StanzaError) in .settings(try ServerModule.Settings(element)) },
        .get("exists"): { element throws(StanzaError) in .exists(try element.localpart()) },
        .set("create"): { element throws(StanzaError) in
            .create(
                username: try element.localpart(),
                password: try element.text("password", longest: ServerModule.longestPassword),
                address: try element.optionalText("address"))
        },
        .set("password"): { element throws(StanzaError) in
            .password(
                username: try element.localpart(),
                password: try element.text("password", longest: ServerModule.longestPassword))
        },
        .set("contacts"): { element throws(StanzaError) in
            .contacts(user: try element.localpart("user"), contact: try element.address("contact"))
        },
        .set("notify"): { element throws(StanzaError) in
            .notify(
                username: try element.localpart(), text: element.element.text,
                language: element.element.language ?? "en")
        },
    ])

    /// Reads a command as a module does; of an answer it makes none.
    ///
    /// - Throws: ``StanzaError``, which is the answer.
    package init(_ body: IQ.Body) throws(StanzaError) { self = try Self.table.read(body) }

    /// The command as it is sent.
    package var body: IQ.Body {
        switch self {
        case .settings(let settings): return .set(settings.element("settings"))
        case .exists(let username): return .get(Element(module: "exists", ["username": username]))
        case .create(let username, let password, let address):
            return .set(
                Element(module: "create", ["username": username, "password": password, "address": address]))
        case .password(let username, let password):
            return .set(Element(module: "password", ["username": username, "password": password]))
        case .contacts(let user, let contact):
            return .set(Element(module: "contacts", ["user": user, "contact": contact.description]))
        case .notify(let username, let text, let language):
            var element = Element(module: "notify", ["username": username])
            element.content = [.text(text)]
            element.language = language
            return .set(element)
        }
    }
}

/// What a module says of an account (`exists`).
package enum ServerModuleAccount: Hashable, Sendable {
    /// With the time it was made, in milliseconds since 1970-01-01T00:00:00Z, where the server knows.
    case present(created: Int64?)
    case absent

    /// Reads the payload of the answer; `nil` where it says nothing of an account.
    package init?(_ payload: Element?) {
        guard let payload, payload.is("exists", ServerModule.namespace) else { return nil }
        switch payload["account"] {
        case "present": self = .present(created: payload["created"].flatMap { DateTime.parse($0) })
        case "absent": self = .absent
        default: return nil
        }
    }

    /// The payload of the answer.
    package var payload: Element {
        switch self {
        case .present(let created):
            Element(
                module: "exists",
                ["account": "present", "created": created.map { DateTime.formatWithMilliseconds($0) }])
        case .absent: Element(module: "exists", ["account": "absent"])
        }
    }
}
