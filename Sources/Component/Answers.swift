internal import Invites
internal import XMPP

/// Answers to everything but commands, which need nothing but the asker's permissions: discovery and ping.
enum Answers {
    /// The answer to a request that is no command; always exactly one.
    static func answer(_ request: InboundRequest, permissions: Permissions) -> IQ {
        guard let payload = request.iq.request else { return request.refuse(StanzaError(.badRequest)) }
        let isAccount = request.to?.isDomain != true
        switch (payload.name, payload.namespace, request.iq.body) {
        case ("query", Namespaces.discoItems, .get):
            return items(payload["node"], request, permissions, isAccount: isAccount)
        case ("query", Namespaces.discoInfo, .get) where !isAccount:
            return info(payload["node"], request, permissions)
        case ("ping", Namespaces.ping, .get) where !isAccount:
            return request.envelope(request.iq.result())
        case (_, Namespaces.commands, _):
            // A command that a user sent to an account: nobody's account has commands.
            return request.refuse(StanzaError(.itemNotFound))
        default:
            return request.refuse(StanzaError(.serviceUnavailable))
        }
    }

    private static func items(
        _ node: String?, _ request: InboundRequest, _ permissions: Permissions, isAccount: Bool
    ) -> IQ {
        let items: [DiscoItems.Item]
        switch node {
        case nil, "":
            // A server that delegates its users' addresses too asks for them at every log-in.
            items = []
        case Namespaces.commands where isAccount:
            items = []
        case Namespaces.commands:
            guard let address = request.to else { return request.refuse(StanzaError(.itemNotFound)) }
            let wording = Wording.for(request.iq.language)
            items = InviteCommands.nodes.filter(permissions.allows).map { node in
                DiscoItems.Item(jid: address, node: node, name: wording.name(ofCommand: node))
            }
        default:
            return request.refuse(StanzaError(.itemNotFound))
        }
        return request.envelope(request.iq.result(DiscoItems(node: node, items: items).element))
    }

    private static func info(_ node: String?, _ request: InboundRequest, _ permissions: Permissions) -> IQ {
        let wording = Wording.for(request.iq.language)
        let info: DiscoInfo
        switch node {
        case nil, "":
            info = DiscoInfo(
                identities: [.init(category: "component", type: "generic", name: wording.service)],
                features: [Namespaces.discoInfo, Namespaces.discoItems, Namespaces.commands, Namespaces.ping])
        case Namespaces.commands:
            info = DiscoInfo(
                node: node, identities: [.init(category: "automation", type: "command-list", name: wording.service)],
                features: [Namespaces.discoInfo, Namespaces.discoItems, Namespaces.commands])
        case let command? where permissions.allows(command):
            info = DiscoInfo(
                node: command,
                identities: [
                    .init(category: "automation", type: "command-node", name: wording.name(ofCommand: command))
                ],
                features: [Namespaces.commands, Namespaces.dataForms])
        default:
            return request.refuse(StanzaError(.itemNotFound))
        }
        return request.envelope(request.iq.result(info.element))
    }

    /// The answer to a server that asks what to announce for a namespace that it delegates (XEP-0355 §7.2).
    ///
    /// With a result for the users' addresses ejabberd would hand over what is sent to them, too.
    static func nesting(_ node: DelegationNestingNode, asked: String, _ iq: IQ) -> IQ {
        guard [Namespaces.commands, Namespaces.discoItems].contains(node.namespace) else {
            return iq.error(StanzaError(.itemNotFound))
        }
        if node.isForUsers {
            guard node.version == .v2 else { return iq.error(StanzaError(.itemNotFound)) }
            return iq.result(DiscoInfo(node: asked).element)
        }
        return iq.result(DiscoInfo(node: asked, features: [node.namespace]).element)
    }
}

extension Wording {
    func name(ofCommand node: String) -> String {
        node == Namespaces.inviteCommand ? inviteCommand : createAccountCommand
    }
}
