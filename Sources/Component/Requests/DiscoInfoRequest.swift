internal import Languages
internal import XMPP

/// What an address or one of its commands is (XEP-0030 §3.1).
enum DiscoInfoRequest: RequestHandler {
    static let key = RequestKey(.get, "query", Namespaces.discoInfo)
    static let servesAccounts = false

    static func answer(_ request: InboundRequest, _ permissions: Permissions) -> IQ {
        let node = request.iq.request?["node"]
        let texts = request.texts
        let info: DiscoInfo
        switch node {
        case nil, "":
            info = DiscoInfo(
                identities: [.init(category: "component", type: "generic", name: texts[.commandService])],
                features: [Namespaces.discoInfo, Namespaces.discoItems, Namespaces.commands, Namespaces.ping])
        case Namespaces.commands:
            info = DiscoInfo(
                node: node,
                identities: [.init(category: "automation", type: "command-list", name: texts[.commandService])],
                features: [Namespaces.discoInfo, Namespaces.discoItems, Namespaces.commands])
        case let command? where permissions.allows(command):
            info = DiscoInfo(
                node: command,
                identities: [
                    .init(
                        category: "automation", type: "command-node",
                        name: (CommandTable[command]?.name).map { texts[$0] })
                ],
                features: [Namespaces.commands, Namespaces.dataForms])
        default:
            return request.refuse(StanzaError(.itemNotFound))
        }
        return request.envelope(request.iq.result(info.element, language: texts.language))
    }
}
