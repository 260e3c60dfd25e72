/// What one host has done since its service was started.
package struct HostCounters: Hashable, Sendable {
    /// Requests that reached the host, whatever became of them.
    package var requests = 0
    /// Of them, those that were refused: by the rules, for a mistake, or because the host could not.
    package var refused = 0
    /// Of the refused, those for which there was too much to do.
    package var overloaded = 0
    /// Invites made, also those that were not requested by a stanza.
    package var invites = 0
    /// Redemptions that were confirmed.
    package var redemptions = 0
    /// Attempts to redeem an invite that ended without an account.
    package var releasedRedemptions = 0
    /// Requests about tokens that were refused, for whatever is wrong with the token or the name.
    package var refusedRedemptions = 0
    /// Requests that wait for their answers now.
    package var waiting = 0

    package init() {}

    package static func + (left: HostCounters, right: HostCounters) -> HostCounters {
        var sum = left
        sum.requests += right.requests
        sum.refused += right.refused
        sum.overloaded += right.overloaded
        sum.invites += right.invites
        sum.redemptions += right.redemptions
        sum.releasedRedemptions += right.releasedRedemptions
        sum.refusedRedemptions += right.refusedRedemptions
        sum.waiting += right.waiting
        return sum
    }
}
