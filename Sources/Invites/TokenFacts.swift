/// What there is to know of a token when something is decided about it. The repository gathers it in the transaction that
/// stores the decision.
public struct TokenFacts: Hashable, Sendable {
    public var number: Int64
    public var invite: Invite
    /// What the attempt in question has, whose name is unique.
    public var own: Redemption?
    /// Whether another attempt or another invite holds the name in question, see ``Invite/fixedUsername``.
    public var isUsernameHeld: Bool
    /// Whether the person in question has registered with this token, and when.
    public var registeredAt: Timestamp?

    public init(
        number: Int64, invite: Invite, own: Redemption? = nil, isUsernameHeld: Bool = false,
        registeredAt: Timestamp? = nil
    ) {
        self.number = number
        self.invite = invite
        self.own = own
        self.isUsernameHeld = isUsernameHeld
        self.registeredAt = registeredAt
    }
}

// What holds of a token, decided from facts alone.
extension TokenFacts {
    /// Why the token cannot be redeemed at `now`.
    ///
    /// - Parameter checkedAt: When it was found good for this attempt: it may have expired since (XEP-0445 §4).
    public func refusal(at now: Timestamp, checkedAt: Timestamp? = nil) -> RedemptionRefusal? {
        switch invite.state(at: now) {
        case .revoked: return .revoked
        case .used: return .used
        case .expired:
            guard let checkedAt, checkedAt < invite.expiresAt, checkedAt <= now,
                now.millisecondsSinceEpoch - checkedAt.millisecondsSinceEpoch < Reservation.checkMilliseconds
            else { return .expired }
            return invite.uses.confirmed + invite.uses.reserved >= invite.uses.total ? .reservedByOthers : nil
        case .reserved: return .reservedByOthers
        case .open: return nil
        }
    }

    /// Why an attempt cannot hold a use for `reservation`, `nil` where it can.
    public func refusal(of reservation: Reservation, at now: Timestamp) -> RedemptionRefusal? {
        if invite.revocation != nil { return .revoked }
        if invite.kind == .contact { return .unknown }
        if let fixed = invite.username, fixed != reservation.username { return .otherUsername }
        switch own?.state {
        // Its own use: only the name may change.
        case .reserved, .confirmed: break
        case .released, nil:
            if let refusal = refusal(at: now, checkedAt: reservation.checkedAt) { return refusal }
        }
        return invite.kind != .reset && isUsernameHeld ? .usernameTaken : nil
    }

    /// Why `request` is an ordinary one; `nil` where it is to be approved.
    public func refusal(of request: ContactRequest, at now: Timestamp) -> RedemptionRefusal? {
        guard let inviter = invite.inviter, inviter.localpart == request.user,
            invite.kind == .contact || invite.kind == .accountAndContact
        else { return .unknown }
        if invite.revocation != nil { return .revoked }
        if case .confirmed = own?.state { return nil }
        if let registeredAt {
            let age = now.millisecondsSinceEpoch - registeredAt.millisecondsSinceEpoch
            if age < ContactRequest.gracePeriodMilliseconds { return nil }
        }
        return refusal(at: now)
    }
}
