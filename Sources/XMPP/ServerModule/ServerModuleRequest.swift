/// What the module inside a server asks of invited. Names and addresses are prepared.
package enum ServerModuleRequest: Hashable, Sendable {
    case hello(ServerModule.Hello)
    /// Whether a token is good.
    case check(token: String, attempt: String)
    case reserve(Reservation)
    case confirm(token: String, attempt: String, username: String)
    case release(attempt: String, reason: String)
    /// Whether a registration without a token may use a name.
    case name(String)
    case spend(Reservation)
    case subscribe(token: String, user: String, contact: JID)
    /// An account was removed.
    case deleted(String)

    /// A use of a token for an attempt.
    package struct Reservation: Hashable, Sendable {
        package var token: String
        package var attempt: String
        package var username: String
        /// When the token was found good, in milliseconds since 1970-01-01T00:00:00Z.
        package var checked: Int64?

        package init(token: String, attempt: String, username: String, checked: Int64? = nil) {
            self.token = token
            self.attempt = attempt
            self.username = username
            self.checked = checked
        }
    }
}

// Tokens do not print.
extension ServerModuleRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of its element.
    package var description: String {
        switch self {
        case .hello: "hello"
        case .check: "check"
        case .reserve: "reserve"
        case .confirm: "confirm"
        case .release: "release"
        case .name: "name"
        case .spend: "spend"
        case .subscribe: "subscribe"
        case .deleted: "deleted"
        }
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ServerModuleRequest {
    private static let table = ServerModuleTable<ServerModuleRequest>(readers: [
        .set("hello"): { element throws(StanzaError) in .hello(try ServerModule.Hello(element)) },
        .get("check"): { element throws(StanzaError) in
            .check(token: try element.token(), attempt: try element.attempt())
        },
        .set("reserve"): { element throws(StanzaError) in .reserve(try Reservation(element)) },
        .set("confirm"): { element throws(StanzaError) in
            .confirm(
                token: try element.token(), attempt: try element.attempt(), username: try element.localpart())
        },
        .set("release"): { element throws(StanzaError) in
            // A long reason is no reason to hold a use.
            let reason = element.element["reason"] ?? ""
            return .release(
                attempt: try element.attempt(),
                reason: String(String.UnicodeScalarView(reason.unicodeScalars.prefix(longestReason))))
        },
        .get("name"): { element throws(StanzaError) in .name(try element.localpart()) },
        .set("spend"): { element throws(StanzaError) in .spend(try Reservation(element)) },
        .set("subscribe"): { element throws(StanzaError) in
            .subscribe(
                token: try element.token(), user: try element.localpart("user"),
                contact: try element.address("contact"))
        },
        .set("deleted"): { element throws(StanzaError) in .deleted(try element.localpart()) },
    ])

    private static let longestReason = 200

    /// Reads a request; of an answer it makes none.
    ///
    /// - Throws: ``StanzaError``, which is the answer: `feature-not-implemented`, `bad-request`, or `not-acceptable` for a name that
    ///   cannot be one.
    package init(_ body: IQ.Body) throws(StanzaError) { self = try Self.table.read(body) }

    /// The request as it is sent.
    package var body: IQ.Body {
        switch self {
        case .hello(let hello): .set(hello.element)
        case .check(let token, let attempt): .get(Element(module: "check", ["token": token, "attempt": attempt]))
        case .reserve(let reservation): .set(reservation.element("reserve"))
        case .confirm(let token, let attempt, let username):
            .set(Element(module: "confirm", ["token": token, "attempt": attempt, "username": username]))
        case .release(let attempt, let reason):
            .set(Element(module: "release", ["attempt": attempt, "reason": reason]))
        case .name(let username): .get(Element(module: "name", ["username": username]))
        case .spend(let reservation): .set(reservation.element("spend"))
        case .subscribe(let token, let user, let contact):
            .set(Element(module: "subscribe", ["token": token, "user": user, "contact": contact.description]))
        case .deleted(let username): .set(Element(module: "deleted", ["username": username]))
        }
    }
}

extension ServerModuleRequest.Reservation {
    fileprivate init(_ element: ServerModuleReader) throws(StanzaError) {
        self.init(
            token: try element.token(), attempt: try element.attempt(), username: try element.localpart(),
            checked: try element.optionalTime("checked"))
    }

    fileprivate func element(_ name: String) -> Element {
        Element(
            module: name,
            [
                "token": token, "attempt": attempt, "username": username,
                "checked": checked.map { DateTime.formatWithMilliseconds($0) },
            ])
    }
}

extension ServerModule.Hello {
    fileprivate init(_ reader: ServerModuleReader) throws(StanzaError) {
        let children = reader.element.children
        // One that is not known is of a later version.
        let features = children.lazy.filter { $0.is("feature", ServerModule.namespace) }.compactMap {
            $0["name"].flatMap(ServerModule.Feature.init(rawValue:))
        }
        let rules = reader.element.child("rules", namespace: ServerModule.namespace)
        // Texts for people: one that is too long is no reason to refuse a server.
        let limits = children.lazy.filter { $0.is("limit", ServerModule.namespace) }.map(\.text)
            .filter { !$0.isEmpty && $0.utf8.count <= ServerModule.longestText }.prefix(Self.mostLimits)
        self.init(
            version: try reader.number("version", 1...1_000_000), module: try reader.text("module"),
            server: try reader.text("server"), features: Set(features),
            rules: try rules.map { element throws(StanzaError) in
                try ServerModule.Rules(ServerModuleReader(element: element))
            }, limits: Array(limits))
    }

    fileprivate var element: Element {
        let features = features.map(\.rawValue).sorted().map { Element(module: "feature", ["name": $0]) }
        return Element(
            module: "hello", ["version": "\(version)", "module": module, "server": server],
            children: features + (rules.map { [$0.element] } ?? [])
                + limits.map { Element("limit", namespace: ServerModule.namespace, text: $0) })
    }
}

extension ServerModule.Rules {
    private enum Encryption: String { case required, optional }

    fileprivate init(_ reader: ServerModuleReader) throws(StanzaError) {
        let encryption: Encryption = try reader.choice("encryption")
        self.init(
            registration: try reader.choice("registration"), requiresEncryption: encryption == .required,
            passwordLength: reader.element["password-length"] == nil
                ? nil : try reader.number("password-length", 0...ServerModule.longestPassword))
    }

    fileprivate var element: Element {
        Element(
            module: "rules",
            [
                "registration": registration.rawValue,
                "encryption": (requiresEncryption ? Encryption.required : .optional).rawValue,
                "password-length": passwordLength.map { "\($0)" },
            ])
    }
}
