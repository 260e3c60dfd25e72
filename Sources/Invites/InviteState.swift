/// How an invite is at a time: the first of these that holds, in this order.
package enum InviteState: String, CaseIterable, Hashable, Sendable {
    /// An operator or the end of its inviter's account has taken it back.
    case revoked
    /// Each of its uses has been redeemed.
    case used
    /// It is past its time.
    case expired
    /// Attempts hold all uses that are left, and have not ended yet.
    case reserved
    /// It can be redeemed.
    case open

    /// Whether it has not ended: it holds its fixed username, and counts against its inviter's limit.
    package var isGood: Bool { self == .open || self == .reserved }
}

/// Who revoked an invite, when, and why.
package struct Revocation: Hashable, Sendable {
    /// When.
    package let at: Timestamp
    /// Who: the name of an operator, or `invited` itself.
    package let by: String
    /// What was said about it, if anything.
    package let why: String?

    package init(at: Timestamp, by: String, why: String? = nil) {
        self.at = at
        self.by = by
        self.why = why
    }
}

/// How many of an invite's uses are spent.
package struct InviteUses: Hashable, Sendable {
    /// How many there are in all, at least one.
    package var total: Int
    /// Uses that were confirmed.
    package var confirmed: Int
    /// Uses that attempts hold which have not ended.
    package var reserved: Int
    /// When the last one was confirmed.
    package var confirmedAt: Timestamp?

    package init(total: Int = 1, confirmed: Int = 0, reserved: Int = 0, confirmedAt: Timestamp? = nil) {
        self.total = total
        self.confirmed = confirmed
        self.reserved = reserved
        self.confirmedAt = confirmedAt
    }
}
