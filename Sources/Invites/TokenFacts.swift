/// The facts about a token that decisions depend on. The repository reads them in the transaction that stores the
/// decision.
package struct TokenFacts: Hashable, Sendable {
    package var number: Int64
    package var invite: Invite
    /// The redemption of the attempt in question, whose name is unique; perhaps of another invite.
    package var own: Redemption?
    /// Whether another attempt or another invite holds the name in question, see ``Invite/fixedUsername``.
    package var isUsernameHeld: Bool
    /// Whether the person in question has registered with this token, and when.
    package var registeredAt: Timestamp?
    /// Whether the person in question was granted the contact before, and no server can make it one.
    package var isContactImpossible: Bool

    package init(
        number: Int64, invite: Invite, own: Redemption? = nil, isUsernameHeld: Bool = false,
        registeredAt: Timestamp? = nil, isContactImpossible: Bool = false
    ) {
        self.number = number
        self.invite = invite
        self.own = own
        self.isUsernameHeld = isUsernameHeld
        self.registeredAt = registeredAt
        self.isContactImpossible = isContactImpossible
    }
}

// What holds of a token, decided from facts alone.
extension TokenFacts {
    /// Why the token cannot be redeemed at `now`.
    ///
    /// - Parameter checkedAt: When it was found good for this attempt: it may have expired since (XEP-0445 §4).
    package func refusal(at now: Timestamp, checkedAt: Timestamp? = nil) -> RedemptionRefusal? {
        switch invite.state(at: now) {
        case .revoked: return .revoked
        case .used: return .used
        case .expired:
            guard let checkedAt, checkedAt < invite.expiresAt,
                Self.isWithin(Reservation.checkMilliseconds, from: checkedAt, to: now)
            else { return .expired }
            return invite.uses.confirmed + invite.uses.reserved >= invite.uses.total ? .reservedByOthers : nil
        case .reserved: return .reservedByOthers
        case .open: return nil
        }
    }

    /// Why the attempt cannot continue at `now`, for any name. A use that it holds itself does not count.
    package func refusal(ofAttemptCheckedAt checkedAt: Timestamp, at now: Timestamp) -> RedemptionRefusal? {
        if invite.revocation != nil { return .revoked }
        if let own, own.invite == number, own.isReserved || own.isConfirmed { return nil }
        return refusal(at: now, checkedAt: checkedAt)
    }

    /// Why an attempt cannot have a use for `reservation`, `nil` where it can.
    ///
    /// - Parameter kind: `register`, or `reset` where the use is spent at once.
    package func refusal(
        of reservation: Reservation, for kind: Redemption.Kind, at now: Timestamp
    ) -> RedemptionRefusal? {
        if invite.revocation != nil { return .revoked }
        guard invite.kind != .contact, kind == (invite.kind == .reset ? .reset : .register) else { return .unknown }
        if let fixed = invite.username, fixed != reservation.username { return .otherUsername }
        switch own?.state {
        // After a registration, a stream redeems nothing more. A reset is requested again where the answer was lost.
        case .confirmed: return kind == .reset && own?.invite == number ? nil : .used
        // Its own use: only the name may change.
        case .reserved where own?.invite == number: break
        case .reserved, .released, nil:
            if let refusal = refusal(at: now, checkedAt: reservation.checkedAt) { return refusal }
        }
        return kind == .register && isUsernameHeld ? .usernameTaken : nil
    }

    /// Why `request` is handled as an ordinary one; `nil` where it is to be approved.
    ///
    /// - Parameter host: The host of the recipient.
    package func refusal(of request: ContactRequest, on host: String, at now: Timestamp) -> RedemptionRefusal? {
        guard let inviter = invite.inviter, inviter == Account(localpart: request.user, domain: host),
            request.contact != inviter, invite.kind == .contact || invite.kind == .accountAndContact
        else { return .unknown }
        if invite.revocation != nil { return .revoked }
        if isContactImpossible { return .used }
        let grace = ContactRequest.gracePeriodMilliseconds
        if let registeredAt, Self.isWithin(grace, from: registeredAt, to: now) { return nil }
        // Not for ever: a contact that was removed later must ask like all others.
        if case .confirmed(let time) = own?.state { return Self.isWithin(grace, from: time, to: now) ? nil : .used }
        return refusal(at: now)
    }

    /// Whether a time is past, by less than a span.
    private static func isWithin(_ milliseconds: Int64, from time: Timestamp, to now: Timestamp) -> Bool {
        let (age, overflow) = now.millisecondsSinceEpoch.subtractingReportingOverflow(time.millisecondsSinceEpoch)
        return !overflow && (0..<milliseconds).contains(age)
    }
}
