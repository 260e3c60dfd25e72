/// An invitation to a host: who holds its token gets what its kind grants, until it expires.
public struct Invite: Hashable, Sendable {
    /// The secret in the invite's link.
    public let token: Token
    /// What the invite grants.
    public let kind: InviteKind
    /// What its link asks a client to do first. Only for ``InviteKind/accountAndContact`` is there a choice.
    public let action: InviteAction
    /// Who made the invite. Whoever redeems a contact invite gets this user as a contact.
    public let inviter: Account?
    /// The localpart of the account to be created, prepared, if the inviter has fixed it.
    public let username: String?
    /// When the invite was made.
    public let createdAt: Timestamp
    /// The first moment at which the invite is no longer good.
    public let expiresAt: Timestamp

    /// An invite as it was made.
    ///
    /// - Parameter action: What the link of an ``InviteKind/accountAndContact`` invite asks for. The other kinds have
    ///   but one action, which they get whatever is passed.
    public init(
        token: Token, kind: InviteKind, action: InviteAction = .roster, inviter: Account?, username: String? = nil,
        createdAt: Timestamp, expiresAt: Timestamp
    ) {
        self.token = token
        self.kind = kind
        self.action =
            switch kind {
            case .account: .register
            case .contact: .roster
            case .accountAndContact: action
            }
        self.inviter = inviter
        self.username = username
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    /// Whether the invite is no longer good at `now`.
    public func isExpired(at now: Timestamp) -> Bool {
        now >= expiresAt
    }
}
