internal import Invites
internal import Synchronization

/// Redeems, each call in one short turn; changes of redemptions share a transaction.
extension InviteStore {
    package func storedInvites(withTokens tokens: [Token]) async throws(StoreError) -> [StoredInvite?] {
        let found = try await perform(.reading) { database in
            let now = self.uptime()
            let found = try database.access { connection in
                try tokens.map { try InviteDatabase.invite(withToken: $0, connection) }
            }
            // Only one call of a store runs at a time, so nothing has been written since the read.
            self.state.withLock { state in
                for case let invite? in found { state.recent.insert(invite, readAt: now) }
            }
            return found
        }
        return found ?? tokens.map { _ in nil }
    }

    package func recentInvite(withToken token: Token) -> StoredInvite? {
        let now = uptime()
        return state.withLock { $0.recent.invite(withToken: token, at: now) }
    }

    package func storedInvite(
        withToken token: Token, for attempt: String
    ) async throws(StoreError) -> (invite: StoredInvite?, redemption: Redemption?) {
        let found = try await perform(.reading) { database in
            try database.access { connection in
                (
                    try InviteDatabase.invite(withToken: token, connection),
                    try InviteDatabase.redemption(ofAttempt: attempt, connection)
                )
            }
        }
        return found ?? (nil, nil)
    }

    package func redeem(
        _ requests: [RedemptionRequest], under terms: RedemptionTerms
    ) async throws(StoreError) -> RedemptionResults {
        let host = host
        return try await store(rows: requests.count) { transaction in
            guard let transaction else { return RedemptionResults(requests.map(\.resultWithoutInvites)) }
            var redeeming = Redeeming(transaction, host: host, terms: terms)
            let results = try requests.map { try redeeming.redeem($0) }
            return RedemptionResults(results, overused: redeeming.overused)
        }
    }

    package func record(
        _ answers: [Redemption: AccountAnswer], under terms: RedemptionTerms
    ) async throws(StoreError) -> [Redemption] {
        let host = host
        return try await store(rows: answers.count) { transaction in
            guard let transaction else { return [] }
            var redeeming = Redeeming(transaction, host: host, terms: terms)
            return try answers.compactMap { try redeeming.record($1, of: $0) }
        }
    }

    package func record(_ outcomes: [Int64: TaskOutcome], at now: Timestamp) async throws(StoreError) {
        try await store(rows: outcomes.count) { transaction in
            guard let database = transaction?.database else { return }
            for (task, outcome) in outcomes { try InviteDatabase.record(outcome, of: task, at: now, database) }
        }
    }

    package func hasten(at now: Timestamp) async throws(StoreError) {
        try await store(rows: 1) { transaction in
            guard let database = transaction?.database else { return }
            try InviteDatabase.hasten(at: now, database)
        }
    }

    package func isHeld(_ username: String, at now: Timestamp) async throws(StoreError) -> Bool {
        try await perform(.reading) { try $0.isHeld(username, at: now) } ?? false
    }

    package func heldUsernames(limit: Int, at now: Timestamp) async throws(StoreError) -> [String] {
        try await perform(.reading) { try $0.heldUsernames(limit: limit, at: now) } ?? []
    }

    package func firstEndOfHeldUsernames(at now: Timestamp) async throws(StoreError) -> Timestamp? {
        try await perform(.reading) { try $0.firstEndOfHeldUsernames(at: now) } ?? nil
    }

    package func dueWork(at now: Timestamp, limit: Int) async throws(StoreError) -> DueWork {
        try await perform(.reading) { try $0.dueWork(at: now, limit: limit) } ?? DueWork()
    }

    package func revoke(
        _ numbers: [Int64], _ revocation: Revocation
    ) async throws(StoreError) -> [StoredInvite] {
        try await perform(.changing) { try $0.revoke(numbers, revocation) } ?? []
    }

    package func reinstate(_ numbers: [Int64], at now: Timestamp) async throws(StoreError) -> Int {
        try await perform(.changing) { try $0.reinstate(numbers, at: now) } ?? 0
    }

    package func release(
        reservationsOf invite: Int64, reason: String, at now: Timestamp
    ) async throws(StoreError) -> [Redemption] {
        let host = host
        return try await perform(.changing) {
            try $0.release(reservationsOf: invite, reason: reason, at: now, on: host)
        } ?? []
    }

    package func forget(_ account: Account, _ revocation: Revocation) async throws(StoreError) -> Int {
        let host = host
        return try await perform(.changing) { try $0.forget(account, revocation, on: host) } ?? 0
    }

    package func redemptions(of invite: Int64, limit: Int) async throws(StoreError) -> [Redemption] {
        try await perform(.reading) { try $0.redemptions(of: invite, limit: limit) } ?? []
    }

    package func redemptions(
        _ filter: RedemptionFilter, after start: Int64, limit: Int
    ) async throws(StoreError) -> RedemptionPage {
        try await perform(.reading) { try $0.redemptions(filter, after: start, limit: max(limit, 1)) }
            ?? RedemptionPage()
    }

    package func latestRedemptions(of account: Account, limit: Int) async throws(StoreError) -> [Redemption] {
        let host = host
        return try await perform(.reading) { try $0.latestRedemptions(of: account, limit: limit, on: host) } ?? []
    }

    package func invites(for username: String, limit: Int) async throws(StoreError) -> [StoredInvite] {
        try await perform(.reading) { try $0.invites(for: username, limit: limit) } ?? []
    }

    package func invitees(
        of inviter: Account, after start: Int64, before end: Int64, limit: Int
    ) async throws(StoreError) -> [Redemption] {
        try await perform(.reading) { try $0.invitees(of: inviter, after: start, before: end, limit: limit) } ?? []
    }

    package func roots(after start: Int64, limit: Int) async throws(StoreError) -> RedemptionPage {
        let host = host
        return try await perform(.reading) { try $0.roots(after: start, limit: max(limit, 1), on: host) }
            ?? RedemptionPage()
    }

    package func registrations(
        of username: String, after start: Int64, limit: Int
    ) async throws(StoreError) -> [Redemption] {
        try await perform(.reading) { try $0.registrations(of: username, after: start, limit: limit) } ?? []
    }

    package func tasks(concerning account: Account, after start: Int64) async throws(StoreError) -> (
        tasks: [RecordedTask], next: Int64?
    ) {
        try await perform(.reading) { try $0.tasks(concerning: account, after: start) } ?? ([], nil)
    }

    package func erase(_ account: Account, _ revocation: Revocation) async throws(StoreError) -> Erasure {
        let host = host
        return try await perform(.changing) { try $0.erase(account, revocation, on: host) } ?? Erasure()
    }

    package func tasks(of redemption: Int64) async throws(StoreError) -> [RecordedTask] {
        try await perform(.reading) { try $0.tasks(of: redemption) } ?? []
    }

    package func removeReleased(endedBy time: Timestamp, after start: Int64) async throws(StoreError) -> InviteTally {
        let tally =
            try await perform(.removing) { try $0.removeReleased(endedBy: time, after: start) } ?? InviteTally()
        if tally.count > 0 { giveBack() }
        return tally
    }
}

extension RedemptionRequest {
    /// What becomes of it on a host that has no invites.
    fileprivate var resultWithoutInvites: Result<RedemptionOutcome, RedemptionRefusal> {
        if case .release = self { .success(.released(nil)) } else { .failure(.unknown) }
    }
}
