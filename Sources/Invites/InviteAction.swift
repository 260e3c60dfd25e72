/// What an invite's link asks a client to do first: the query type of its XMPP URI (XEP-0147, XEP-0401 §3).
///
/// An invite of the kind ``InviteKind/accountAndContact`` can ask for either. Made by the command
/// `urn:xmpp:invite#invite` it asks for ``roster``, since the invitee may have an account elsewhere; made by
/// `urn:xmpp:invite#create-account` it asks for ``register``, since the account is the point of it.
package enum InviteAction: String, CaseIterable, Hashable, Sendable {
    /// Add the inviter to one's contacts: `xmpp:alice@example.com?roster;…`.
    case roster
    /// Create an account: `xmpp:example.com?register;…`.
    case register
}
