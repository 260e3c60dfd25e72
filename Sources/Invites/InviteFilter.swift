/// Which invites of a host are meant. Each part that is not `nil` must fit.
public struct InviteFilter: Hashable, Sendable {
    /// Whether an invite is good at a time.
    public enum State: Hashable, Sendable {
        case open(at: Timestamp)
        case expired(at: Timestamp)
    }

    public var kind: InviteKind?
    public var inviter: Account?
    public var state: State?
    /// Only those made earlier.
    public var createdBefore: Timestamp?
    /// Only those made then or later.
    public var createdSince: Timestamp?

    public init(
        kind: InviteKind? = nil, inviter: Account? = nil, state: State? = nil, createdBefore: Timestamp? = nil,
        createdSince: Timestamp? = nil
    ) {
        self.kind = kind
        self.inviter = inviter
        self.state = state
        self.createdBefore = createdBefore
        self.createdSince = createdSince
    }
}
