internal import GRDB
internal import Invites

/// Redeems in a transaction: looks up the facts, has ``Invites/TokenFacts`` decide, and writes the result. Every change
/// of a redemption goes through ``store(_:replacing:)``, which maintains the counters of its invite.
struct Redeeming {
    let database: Database
    /// The host, which accounts are made on.
    let host: String
    let terms: RedemptionTerms
    /// See ``RedemptionResults/overused``.
    private(set) var overused: [Int64] = []

    init(_ transaction: InviteDatabase.Transaction, host: String, terms: RedemptionTerms) {
        database = transaction.database
        self.host = host
        self.terms = terms
    }

    init(_ database: Database, host: String, now: Timestamp) {
        self.database = database
        self.host = host
        terms = RedemptionTerms(now: now)
    }

    private var now: Timestamp { terms.now }

    mutating func redeem(_ request: RedemptionRequest) throws -> Result<RedemptionOutcome, RedemptionRefusal> {
        switch request {
        case .reserve(let reservation): try reserve(reservation, for: .register)
        case .spend(let reservation): try reserve(reservation, for: .reset)
        case .confirm(let confirmation): try confirm(confirmation)
        case .release(let attempt, let reason): .success(.released(try release(attempt, reason)))
        case .subscribe(let request): try subscribe(request)
        }
    }

    // MARK: Accounts

    private mutating func reserve(
        _ reservation: Reservation, for kind: Redemption.Kind
    ) throws -> Result<RedemptionOutcome, RedemptionRefusal> {
        guard let stored = try InviteDatabase.invite(withToken: reservation.token, database) else {
            return .failure(.unknown)
        }
        let own = try InviteDatabase.redemption(ofAttempt: reservation.attempt, database)
        let facts = TokenFacts(
            number: stored.number, invite: stored.invite, own: own,
            isUsernameHeld: try InviteDatabase.isHeld(
                reservation.username, exceptBy: stored.number, reservation.attempt, at: now, database))
        if let refusal = facts.refusal(of: reservation, for: kind, at: now) { return .failure(refusal) }
        if let own, own.isConfirmed { return .success(.reserved(own)) }
        let deadline = now.advanced(byMilliseconds: reservation.milliseconds)
        let new = Redemption(
            number: own?.number ?? 0, invite: stored.number, attempt: reservation.attempt, kind: kind,
            way: reservation.way, account: reservation.username, inviter: stored.invite.inviter, reservedAt: now,
            // What becomes of a reset is not asked.
            state: kind == .reset
                ? .confirmed(now) : .reserved(deadline: deadline, nextQuestion: deadline, questions: 0))
        return .success(.reserved(try store(new, replacing: own)))
    }

    /// The account exists: that is written down, whatever became of the invite meanwhile.
    private mutating func confirm(
        _ confirmation: Confirmation
    ) throws -> Result<RedemptionOutcome, RedemptionRefusal> {
        let own = try InviteDatabase.redemption(ofAttempt: confirmation.attempt, database)
        if var new = own {
            guard new.kind == .register else { return .failure(.unknown) }
            if new.isConfirmed { return .success(.confirmed(new, isNew: false)) }
            new.account = confirmation.username
            return .success(.confirmed(try confirm(new, replacing: own), isNew: true))
        }
        guard let stored = try InviteDatabase.invite(withToken: confirmation.token, database),
            stored.invite.kind == .account || stored.invite.kind == .accountAndContact
        else { return .failure(.unknown) }
        let new = Redemption(
            number: 0, invite: stored.number, attempt: confirmation.attempt, kind: .register, way: confirmation.way,
            account: confirmation.username, inviter: stored.invite.inviter, reservedAt: now, state: .confirmed(now))
        return .success(.confirmed(try confirm(new, replacing: nil), isNew: true))
    }

    private mutating func confirm(_ redemption: Redemption, replacing old: Redemption?) throws -> Redemption {
        var new = redemption
        new.state = .confirmed(now)
        // An account is made once: another attempt that holds its name cannot make it any more, and must not be
        // credited.
        if let account = new.account, let other = try InviteDatabase.reservation(ofName: account, database),
            other.attempt != new.attempt
        {
            try release(other, "another attempt has made the account")
        }
        let stored = try store(new, replacing: old)
        guard let invite = try InviteDatabase.invite(numbered: stored.invite, database)?.invite else { return stored }
        if invite.uses.confirmed > invite.uses.total { overused.append(stored.invite) }
        // A revoked invite has no further effects.
        if invite.revocation != nil { return stored }
        for action in stored.tasks(of: invite, on: host, notifiesInviter: terms.notifiesInviter) {
            try InviteDatabase.addTask(action, of: stored.number, language: invite.language, at: now, database)
        }
        return stored
    }

    private mutating func release(_ attempt: String, _ reason: String) throws -> Redemption? {
        guard let own = try InviteDatabase.redemption(ofAttempt: attempt, database) else { return nil }
        return own.isReserved ? try release(own, reason) : own
    }

    @discardableResult mutating func release(_ old: Redemption, _ reason: String) throws -> Redemption {
        var new = old
        // It may be external input.
        new.state = .released(now, reason: String(reason.prefix(200)))
        return try store(new, replacing: old)
    }

    /// - Returns: The redemption, where the answer changed it.
    mutating func record(_ answer: AccountAnswer, of asked: Redemption) throws -> Redemption? {
        guard asked.isReserved, let old = try InviteDatabase.redemption(ofAttempt: asked.attempt, database),
            old == asked
        else { return nil }
        switch old.state(after: answer, at: now) {
        case .confirmed: return try confirm(old, replacing: old)
        case .released(_, let reason): return try release(old, reason)
        case .reserved(let deadline, let next, let questions):
            var new = old
            new.state = .reserved(deadline: deadline, nextQuestion: next, questions: questions)
            return try store(new, replacing: old)
        }
    }

    // MARK: Contacts

    private mutating func subscribe(
        _ request: ContactRequest
    ) throws -> Result<RedemptionOutcome, RedemptionRefusal> {
        guard let stored = try InviteDatabase.invite(withToken: request.token, database) else {
            return .failure(.unknown)
        }
        let attempt = request.attempt(on: stored.number)
        let own = try InviteDatabase.redemption(ofAttempt: attempt, database)
        let registration =
            request.contact.domain == host
            ? try InviteDatabase.registration(of: request.contact.localpart, with: stored.number, database) : nil
        let granted = registration ?? own
        let inviter = Account(localpart: request.user, domain: host)
        let action = RedemptionTask.Action.contacts(user: inviter, contact: request.contact)
        var facts = TokenFacts(number: stored.number, invite: stored.invite, own: own)
        if case .confirmed(let time) = registration?.state { facts.registeredAt = time }
        let last = try granted.map { try InviteDatabase.lastTask(action, of: $0.number, database) } ?? nil
        facts.isContactImpossible = last?.impossible != nil
        if let refusal = facts.refusal(of: request, on: host, at: now) { return .failure(refusal) }
        if let granted {
            // It may have been undone since. While it is yet to be done, once is enough.
            if last == nil || last?.doneAt != nil {
                try InviteDatabase.addTask(
                    action, of: granted.number, language: stored.invite.language, at: now, database)
            }
            return .success(.confirmed(granted, isNew: false))
        }
        let new = Redemption(
            number: 0, invite: stored.number, attempt: attempt, kind: .contact, way: .stream,
            account: request.contact.description, inviter: inviter, reservedAt: now, state: .confirmed(now))
        return .success(.confirmed(try confirm(new, replacing: nil), isNew: true))
    }

    // MARK: Writing

    /// Writes a redemption in place of what its attempt had, and counts it for its invite.
    ///
    /// - Returns: The same with its number.
    private func store(_ new: Redemption, replacing old: Redemption?) throws -> Redemption {
        if let old { try count(old, -1) }
        try count(new, 1)
        return try InviteDatabase.write(new, database)
    }

    private func count(_ redemption: Redemption, _ change: Int) throws {
        // `confirmed` is in an index, `reserved` in none: a reservation writes no page of one.
        if redemption.isReserved {
            let update = try database.cachedStatement(sql: "UPDATE invite SET reserved = reserved + ? WHERE id = ?")
            try update.execute(arguments: [change, redemption.invite])
        } else if redemption.isConfirmed {
            let update = try database.cachedStatement(
                sql: """
                    UPDATE invite SET confirmed = confirmed + :change, used_at = iif(:change > 0, :now, used_at)
                    WHERE id = :invite
                    """)
            try update.execute(arguments: [
                "change": change, "now": now.millisecondsSinceEpoch, "invite": redemption.invite,
            ])
        }
    }
}

extension Timestamp {
    fileprivate func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        let (sum, overflow) = millisecondsSinceEpoch.addingReportingOverflow(milliseconds)
        return Timestamp(millisecondsSinceEpoch: overflow ? .max : sum)
    }
}
