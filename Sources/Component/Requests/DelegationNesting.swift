internal import XMPP

extension DelegationNestingNode {
    /// The answer to a server that asks what to announce for a namespace that it delegates (XEP-0355 §7.2).
    ///
    /// With a result for the users' addresses ejabberd would forward what is sent to them, too.
    func answer(to iq: IQ) -> IQ {
        guard [Namespaces.commands, Namespaces.discoItems].contains(namespace) else {
            return iq.error(StanzaError(.itemNotFound))
        }
        if isForUsers {
            guard version == .v2 else { return iq.error(StanzaError(.itemNotFound)) }
            return iq.result(DiscoInfo(node: iq.request?["node"]).element)
        }
        return iq.result(DiscoInfo(node: iq.request?["node"], features: [namespace]).element)
    }
}
