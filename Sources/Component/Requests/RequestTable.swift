internal import XMPP

/// The key by which a request is looked up.
struct RequestKey: Hashable, Sendable {
    enum Kind: Hashable, Sendable { case get, set }

    let kind: Kind
    let element: String
    let namespace: String

    /// The key of a request; `nil` for an answer.
    init?(_ body: IQ.Body) {
        switch body {
        case .get(let payload): self.init(.get, payload.name, payload.namespace)
        case .set(let payload): self.init(.set, payload.name, payload.namespace)
        case .result, .error: return nil
        }
    }

    init(_ kind: Kind, _ element: String, _ namespace: String) {
        self.kind = kind
        self.element = element
        self.namespace = namespace
    }
}

/// Answers requests of one key that are no command and need nothing but the asker's permissions. A new one is a new file
/// and a line in ``RequestTable``.
protocol RequestHandler: Sendable {
    static var key: RequestKey { get }
    /// Whether it also answers at the addresses of users, which servers may delegate, too.
    static var servesAccounts: Bool { get }
    /// The answer; always exactly one.
    static func answer(_ request: InboundRequest, _ permissions: Permissions) -> IQ
}

/// The requests that are answered at any of our addresses.
enum RequestTable {
    static let handlers: [any RequestHandler.Type] = [
        DiscoItemsRequest.self, DiscoInfoRequest.self, PingRequest.self,
    ]

    private static let handlersByKey = Dictionary(uniqueKeysWithValues: handlers.map { ($0.key, $0) })

    /// The answer to a request that is no command to a host; always exactly one.
    static func answer(_ request: InboundRequest, permissions: Permissions) -> IQ {
        let isAccount = request.to?.isDomain != true
        if let handler = RequestKey(request.iq.body).flatMap({ handlersByKey[$0] }),
            !isAccount || handler.servesAccounts
        {
            return handler.answer(request, permissions)
        }
        // A command that a user sent to an account: no account has commands.
        let isCommand = request.iq.request?.namespace == Namespaces.commands
        return request.refuse(StanzaError(isCommand ? .itemNotFound : .serviceUnavailable))
    }
}
