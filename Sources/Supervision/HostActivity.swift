internal import Synchronization

/// Counts what one host does, for all front doors and all readers of the counters.
package final class HostActivity: Sendable {
    private let state = Mutex(HostCounters())

    package init() {}

    package var counters: HostCounters { state.withLock { $0 } }

    /// A request was received, and waits for its answer.
    package func arrived() {
        state.withLock {
            $0.requests += 1
            $0.waiting += 1
        }
    }

    /// The request that was just received is not accepted.
    package func withdrawn() {
        state.withLock {
            $0.requests -= 1
            $0.waiting -= 1
        }
    }

    /// Requests are answered.
    ///
    /// - Parameters:
    ///   - refused: Of them, those that were refused.
    ///   - overloaded: Of the refused, those for which there was too much to do.
    package func answered(_ count: Int, refused: Int = 0, overloaded: Int = 0) {
        state.withLock {
            $0.waiting -= count
            $0.refused += refused
            $0.overloaded += overloaded
        }
    }

    /// A request is refused at once because too much waits.
    package func turnedAway() {
        state.withLock {
            $0.requests += 1
            $0.refused += 1
            $0.overloaded += 1
        }
    }

    /// What became of attempts to redeem invites.
    func redeemed(confirmed: Int, released: Int = 0, refused: Int = 0) {
        state.withLock {
            $0.redemptions += confirmed
            $0.releasedRedemptions += released
            $0.refusedRedemptions += refused
        }
    }

    func made(_ invites: Int) {
        state.withLock { $0.invites += invites }
    }
}
