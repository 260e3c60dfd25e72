/// Selects invites of a host. Each part that is not `nil` must match.
package struct InviteFilter: Hashable, Sendable {
    /// How an invite is at a time.
    package struct State: Hashable, Sendable {
        package var state: InviteState
        package var time: Timestamp

        package init(_ state: InviteState, at time: Timestamp) {
            self.state = state
            self.time = time
        }

        package static func open(at time: Timestamp) -> State { State(.open, at: time) }
        package static func expired(at time: Timestamp) -> State { State(.expired, at: time) }
    }

    package var kind: InviteKind?
    package var inviter: Account?
    package var state: State?
    /// Only those made earlier.
    package var createdBefore: Timestamp?
    /// Only those made then or later.
    package var createdSince: Timestamp?
    /// Only those that were revoked, used up or expired then or earlier, and which no attempt holds.
    package var endedBy: Timestamp?

    package init(
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
