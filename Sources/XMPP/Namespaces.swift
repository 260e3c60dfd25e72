/// The XML namespaces that invited speaks.
package enum Namespaces {
    package static let xml = "http://www.w3.org/XML/1998/namespace"
    /// Stream headers and stream errors (RFC 6120 §4.8.1).
    package static let streams = "http://etherx.jabber.org/streams"
    /// Conditions of stream errors (RFC 6120 §4.9.2).
    package static let streamErrors = "urn:ietf:params:xml:ns:xmpp-streams"
    /// Conditions of stanza errors (RFC 6120 §8.3.2).
    package static let stanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"
    /// Stanzas on a component stream (XEP-0114).
    package static let component = "jabber:component:accept"
    /// Stanzas as clients write them; a forwarded stanza has this namespace.
    package static let client = "jabber:client"
    /// Data forms (XEP-0004).
    package static let dataForms = "jabber:x:data"
    /// Service discovery (XEP-0030).
    package static let discoInfo = "http://jabber.org/protocol/disco#info"
    package static let discoItems = "http://jabber.org/protocol/disco#items"
    /// Ad-hoc commands (XEP-0050).
    package static let commands = "http://jabber.org/protocol/commands"
    /// Stanza forwarding (XEP-0297).
    package static let forward = "urn:xmpp:forward:0"
    /// Ping (XEP-0199).
    package static let ping = "urn:xmpp:ping"
    /// The nodes of the invitation commands (XEP-0401 §4.1, §4.2).
    package static let inviteCommand = "urn:xmpp:invite#invite"
    package static let createAccountCommand = "urn:xmpp:invite#create-account"
    /// The node of the command with which an admin has a server create an account (XEP-0133 §4.1).
    package static let addUserCommand = "http://jabber.org/protocol/admin#add-user"
    /// The form type of those commands (XEP-0133 §3).
    package static let adminForm = "http://jabber.org/protocol/admin"
    /// Rosters (RFC 6121 §2).
    package static let roster = "jabber:iq:roster"
    /// Last activity (XEP-0012).
    package static let lastActivity = "jabber:iq:last"
    /// The form type of an invitation (XEP-0401 §6.2).
    package static let invitationForm = "urn:xmpp:invite#invitation"
}
