/// The sessions of multi-stage commands at one address (XEP-0050 §3.1): bounded, expiring, and usable by the opener
/// only.
///
/// Times are milliseconds of any monotonic clock.
package struct CommandSessions<State: Sendable>: Sendable {
    private struct Session: Sendable {
        let owner: JID
        let node: String
        let deadline: Int64
        let state: State
    }

    /// How long a session waits for its next request, in milliseconds.
    package let lifetime: Int64
    /// Sessions that one bare JID may have open; another one ends its oldest.
    package let perUser: Int
    /// Sessions in all; another one ends the oldest.
    package let total: Int

    private var sessions: [String: Session] = [:]
    /// Identifiers, oldest first; those of ended sessions are skipped.
    private var order: [String] = []

    package init(lifetime: Int64 = 600_000, perUser: Int = 4, total: Int = 1024) {
        self.lifetime = lifetime
        self.perUser = max(1, perUser)
        self.total = max(1, total)
    }

    /// The number of open sessions.
    package var count: Int { sessions.count }

    /// Opens a session and returns its identifier, which cannot be guessed.
    ///
    /// - Parameters:
    ///   - owner: The full JID that may continue it.
    ///   - identifier: The name of a session just taken that continues with another stage; `nil` for a new one.
    package mutating func open(
        owner: JID, node: String, state: State, now: Int64, using random: inout some RandomNumberGenerator,
        identifier: String? = nil
    ) -> String {
        removeExpired(now: now)
        let bare = owner.bare
        let own = order.filter { sessions[$0]?.owner.bare == bare }
        if own.count >= perUser, let oldest = own.first { sessions[oldest] = nil }
        if sessions.count >= total, let oldest = order.first(where: { sessions[$0] != nil }) { sessions[oldest] = nil }
        order.removeAll { sessions[$0] == nil }

        let identifier = identifier ?? Self.identifier(using: &random)
        sessions[identifier] = Session(owner: owner, node: node, deadline: now.saturatingAdd(lifetime), state: state)
        order.append(identifier)
        return identifier
    }

    /// Ends a session and returns what it remembered.
    ///
    /// - Throws: ``CommandError/badSessionID`` when there is none of that name that belongs to this owner and node:
    ///   someone else's session answers as if it were not there. ``CommandError/sessionExpired`` when it waited too
    ///   long.
    package mutating func take(
        _ identifier: String, owner: JID, node: String, now: Int64
    ) throws(CommandError) -> State {
        guard let session = sessions[identifier], session.owner == owner, session.node == node else {
            throw .badSessionID
        }
        sessions[identifier] = nil
        guard session.deadline > now else { throw .sessionExpired }
        return session.state
    }

    private mutating func removeExpired(now: Int64) {
        // An expired session answers `session-expired` for one lifetime more before it is forgotten.
        for (identifier, session) in sessions where session.deadline.saturatingAdd(lifetime) <= now {
            sessions[identifier] = nil
        }
    }

    /// A name for a session: 96 random bits in hexadecimal.
    package static func identifier(using random: inout some RandomNumberGenerator) -> String {
        let high = String(random.next() as UInt64, radix: 16)
        let low = String(random.next() as UInt32, radix: 16)
        return String(repeating: "0", count: 16 - high.count) + high + String(repeating: "0", count: 8 - low.count)
            + low
    }
}

extension Int64 {
    func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}
