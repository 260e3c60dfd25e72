/// What an invite grants.
package enum InviteKind: String, CaseIterable, Hashable, Sendable {
    /// An account on the host.
    case account
    /// Becoming a contact of the inviter.
    case contact
    /// Becoming a contact of the inviter and, for an invitee who has none yet, an account on the host.
    case accountAndContact = "account-and-contact"
    /// Choosing a new password for an account that there is.
    case reset
}
