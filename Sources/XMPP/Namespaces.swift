/// The XML namespaces that invited speaks.
public enum Namespaces {
    public static let xml = "http://www.w3.org/XML/1998/namespace"
    /// Stream headers and stream errors (RFC 6120 §4.8.1).
    public static let streams = "http://etherx.jabber.org/streams"
    /// Conditions of stream errors (RFC 6120 §4.9.2).
    public static let streamErrors = "urn:ietf:params:xml:ns:xmpp-streams"
    /// Conditions of stanza errors (RFC 6120 §8.3.2).
    public static let stanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"
    /// Stanzas on a component stream (XEP-0114).
    public static let component = "jabber:component:accept"
    /// Stanzas as clients write them; a forwarded stanza has this namespace.
    public static let client = "jabber:client"
    /// Data forms (XEP-0004).
    public static let dataForms = "jabber:x:data"
    /// Service discovery (XEP-0030).
    public static let discoInfo = "http://jabber.org/protocol/disco#info"
    public static let discoItems = "http://jabber.org/protocol/disco#items"
    /// Ad-hoc commands (XEP-0050).
    public static let commands = "http://jabber.org/protocol/commands"
    /// Stanza forwarding (XEP-0297).
    public static let forward = "urn:xmpp:forward:0"
    /// Ping (XEP-0199).
    public static let ping = "urn:xmpp:ping"
    /// The nodes of the invitation commands (XEP-0401 §4.1, §4.2).
    public static let inviteCommand = "urn:xmpp:invite#invite"
    public static let createAccountCommand = "urn:xmpp:invite#create-account"
    /// The node of the command with which an admin has a server create an account (XEP-0133 §4.1).
    public static let addUserCommand = "http://jabber.org/protocol/admin#add-user"
    /// The form type of those commands (XEP-0133 §3).
    public static let adminForm = "http://jabber.org/protocol/admin"
    /// Rosters (RFC 6121 §2).
    public static let roster = "jabber:iq:roster"
    /// Last activity (XEP-0012).
    public static let lastActivity = "jabber:iq:last"
    /// The form type of an invitation (XEP-0401 §6.2).
    public static let invitationForm = "urn:xmpp:invite#invitation"
}
