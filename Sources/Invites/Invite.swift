/// An invitation to a host: its token gives what its kind grants, until it expires.
package struct Invite: Hashable, Sendable {
    /// The secret in the invite's link.
    package let token: Token
    /// What the invite grants.
    package let kind: InviteKind
    /// What its link asks a client to do first. Only for ``InviteKind/accountAndContact`` is there a choice.
    package let action: InviteAction
    /// Who made the invite, or for whom an operator did. The invitee of a contact invite gets this user as a contact.
    package let inviter: Account?
    /// The localpart, prepared, of the account to be created, if the inviter has fixed it; of a reset, that of the
    /// account that there is.
    package let username: String?
    /// Who had it made.
    package let createdBy: InviteCreator
    /// What an operator noted about it, if anything.
    package let note: String?
    /// The language of the requester, in which the inviter is notified; a tag of BCP 47.
    package let language: String?
    /// How often it can be redeemed, and has been.
    package var uses: InviteUses
    /// Who revoked it, and when; `nil` where it is not revoked.
    package var revocation: Revocation?
    /// When the invite was made.
    package let createdAt: Timestamp
    /// The first moment at which the invite is no longer good.
    package let expiresAt: Timestamp

    /// An invite as it was made.
    ///
    /// - Parameter action: What the link of an ``InviteKind/accountAndContact`` invite asks for. The other kinds have
    ///   but one action, which they get whatever is passed.
    package init(
        token: Token, kind: InviteKind, action: InviteAction = .roster, inviter: Account?, username: String? = nil,
        createdBy: InviteCreator = .user, note: String? = nil, language: String? = nil, uses: InviteUses = InviteUses(),
        revocation: Revocation? = nil, createdAt: Timestamp, expiresAt: Timestamp
    ) {
        self.token = token
        self.kind = kind
        self.action =
            switch kind {
            case .account, .reset: .register
            case .contact: .roster
            case .accountAndContact: action
            }
        self.inviter = inviter
        self.username = username
        self.createdBy = createdBy
        self.note = note
        self.language = language
        self.uses = uses
        self.revocation = revocation
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    /// The name that is reserved while the invite is good (XEP-0401 §5.2). A reset reserves none: its account exists
    /// already.
    package var fixedUsername: String? { kind == .reset ? nil : username }

    /// The state of the invite at `now`.
    package func state(at now: Timestamp) -> InviteState {
        if revocation != nil { return .revoked }
        if uses.confirmed >= uses.total { return .used }
        if isExpired(at: now) { return .expired }
        return uses.confirmed + uses.reserved >= uses.total ? .reserved : .open
    }

    /// Whether the time of the invite is over at `now`.
    package func isExpired(at now: Timestamp) -> Bool {
        now >= expiresAt
    }
}
