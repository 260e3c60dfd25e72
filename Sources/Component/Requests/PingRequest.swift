internal import XMPP

/// A ping (XEP-0199 §4.1).
enum PingRequest: RequestHandler {
    static let key = RequestKey(.get, "ping", Namespaces.ping)
    static let servesAccounts = false

    static func answer(_ request: InboundRequest, _ permissions: Permissions) -> IQ {
        request.envelope(request.iq.result())
    }
}
