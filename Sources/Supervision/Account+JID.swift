package import Invites
package import XMPP

extension Account {
    /// The user at an address; `nil` for the address of a server.
    package init?(_ jid: JID) {
        guard let localpart = jid.localpart else { return nil }
        self.init(localpart: localpart, domain: jid.domain)
    }
}
