package import Invites
package import XMPP

extension Account {
    /// The user whom an address belongs to; `nil` for the address of a server.
    package init?(_ jid: JID) {
        guard let localpart = jid.localpart else { return nil }
        self.init(localpart: localpart, domain: jid.domain)
    }
}
