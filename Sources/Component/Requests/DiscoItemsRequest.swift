internal import Languages
internal import XMPP

/// The items at an address (XEP-0030 §4.1): the commands that the asker may use.
enum DiscoItemsRequest: RequestHandler {
    static let key = RequestKey(.get, "query", Namespaces.discoItems)
    static let servesAccounts = true

    static func answer(_ request: InboundRequest, _ permissions: Permissions) -> IQ {
        let node = request.iq.request?["node"]
        let isAccount = request.to?.isDomain != true
        let items: [DiscoItems.Item]
        switch node {
        case nil, "":
            // A server that delegates its users' addresses too asks for them at every log-in.
            items = []
        case Namespaces.commands where isAccount:
            items = []
        case Namespaces.commands:
            guard let address = request.to else { return request.refuse(StanzaError(.itemNotFound)) }
            items = CommandTable.kinds.filter { $0.denial(of: permissions) == nil }.map { command in
                DiscoItems.Item(jid: address, node: command.node, name: request.texts[command.name])
            }
        default:
            return request.refuse(StanzaError(.itemNotFound))
        }
        let language = items.isEmpty ? nil : request.texts.language
        return request.envelope(request.iq.result(DiscoItems(node: node, items: items).element, language: language))
    }
}
