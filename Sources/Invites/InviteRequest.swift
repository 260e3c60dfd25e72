/// A request for an invite.
package enum InviteRequest: Hashable, Sendable {
    /// An invite to become a contact of `inviter`, who asks for it (XEP-0401, `urn:xmpp:invite#invite`).
    ///
    /// `language` is that of the requester, a tag of BCP 47.
    case contact(inviter: Account, language: String? = nil)
    /// An invite to create an account on the host, asked for by `by` (XEP-0401, `urn:xmpp:invite#create-account`).
    ///
    /// `username` fixes the localpart of the account, already prepared. With `rosterSubscription` the new user and `by`
    /// become contacts.
    case account(by: Account, username: String?, rosterSubscription: Bool, language: String? = nil)
    /// What the host's operator asks for in the shell.
    case operated(OperatorRequest)
}
