/// Which invites of a host are meant. Each part that is not `nil` must fit.
public struct InviteFilter: Hashable, Sendable {
    /// How an invite is at a time.
    public struct State: Hashable, Sendable {
        public var state: InviteState
        public var time: Timestamp

        public init(_ state: InviteState, at time: Timestamp) {
            self.state = state
            self.time = time
        }

        public static func open(at time: Timestamp) -> State { State(.open, at: time) }
        public static func expired(at time: Timestamp) -> State { State(.expired, at: time) }
    }

    public var kind: InviteKind?
    public var inviter: Account?
    public var state: State?
    /// Only those made earlier.
    public var createdBefore: Timestamp?
    /// Only those made then or later.
    public var createdSince: Timestamp?
    /// Only those that were revoked, used up or expired then or earlier, and which no attempt holds.
    public var endedBy: Timestamp?

    public init(
        kind: InviteKind? = nil, inviter: Account? = nil, state: State? = nil, createdBefore: Timestamp? = nil,
        createdSince: Timestamp? = nil, endedBy: Timestamp? = nil
    ) {
        self.kind = kind
        self.inviter = inviter
        self.state = state
        self.createdBefore = createdBefore
        self.createdSince = createdSince
        self.endedBy = endedBy
    }
}
