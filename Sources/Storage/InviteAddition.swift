package import Invites

/// What became of invites that were to be stored.
package struct InviteAddition: Hashable, Sendable {
    /// For each, in order, its number, or why it was not stored.
    package var results: [Result<Int64, InviteConflict>]
    /// How many rows the host has then; `nil` where they were not counted, since no limit of these invites asked for it.
    package var storedCount: Int?

    package init(_ results: [Result<Int64, InviteConflict>], storedCount: Int?) {
        self.results = results
        self.storedCount = storedCount
    }
}

/// What a user has of what ``Invites/InviteLimits`` bounds.
package struct InviteUsage: Hashable, Sendable {
    /// Invites that are good, of those that users made themselves.
    package var open: Int
    /// Invites made within the last 24 hours, of those that users made themselves.
    package var daily: Int
    /// How many rows the host has.
    package var stored: Int
    /// Why the user could not add one now under the limits in question.
    package var conflict: InviteConflict?

    package init(open: Int = 0, daily: Int = 0, stored: Int = 0, conflict: InviteConflict? = nil) {
        self.open = open
        self.daily = daily
        self.stored = stored
        self.conflict = conflict
    }
}
