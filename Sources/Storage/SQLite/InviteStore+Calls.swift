internal import Invites

/// Each call takes one short turn.
extension InviteStore {
    package func add(_ invites: [NewInvite]) async throws(StoreError) -> InviteAddition {
        try await store(rows: invites.count, makesDatabase: true) { transaction in
            // It is made.
            guard let transaction else { throw StoreError.io("there is no database") }
            return try transaction.add(invites)
        }
    }

    package func invite(withToken token: Token) async throws(StoreError) -> Invite? {
        try await perform(.reading) { try $0.invite(withToken: token) } ?? nil
    }

    package func invites(numbered numbers: [Int64]) async throws(StoreError) -> [StoredInvite] {
        try await perform(.reading) { try $0.invites(numbered: numbers) } ?? []
    }

    package func page(
        _ filter: InviteFilter, after start: Int64, through end: Int64, limit: Int
    ) async throws(StoreError) -> InvitePage {
        try await perform(.reading) {
            try $0.page(filter, after: start, through: end, limit: max(limit, 1))
        } ?? InvitePage()
    }

    package func count(
        _ filter: InviteFilter, after start: Int64, through end: Int64
    ) async throws(StoreError) -> InviteTally {
        try await perform(.reading) { try $0.count(filter, after: start, through: end) } ?? InviteTally()
    }

    package func remove(
        _ filter: InviteFilter, after start: Int64, through end: Int64
    ) async throws(StoreError) -> InviteTally {
        let tally = try await perform(.removing) { try $0.remove(filter, after: start, through: end) } ?? InviteTally()
        if tally.count > 0 { giveBack() }
        return tally
    }

    package func remove(numbered numbers: [Int64]) async throws(StoreError) -> Int {
        let count = try await perform(.removing) { try $0.remove(numbered: numbers) } ?? 0
        if count > 0 { giveBack() }
        return count
    }

    package func extend(
        _ number: Int64, until expiry: Timestamp, at now: Timestamp
    ) async throws(StoreError) -> InviteExtension {
        try await perform(.changing) { try $0.extend(number, until: expiry, at: now) } ?? .unknown
    }

    package func lastNumber() async throws(StoreError) -> Int64 {
        try await perform(.reading) { try $0.lastNumber() } ?? 0
    }

    package func storedCount() async throws(StoreError) -> Int {
        try await perform(.reading) { try $0.storedCount() } ?? 0
    }

    package func usage(
        of user: Account, under limits: InviteLimits, at now: Timestamp
    ) async throws(StoreError) -> InviteUsage {
        try await perform(.reading) { try $0.usage(of: user, under: limits, at: now) } ?? InviteUsage()
    }

    package func newest(_ prefix: String, limit: Int, at now: Timestamp) async throws(StoreError) -> [StoredInvite] {
        try await perform(.reading) { try $0.newest(prefix, limit: limit, at: now) } ?? []
    }

    package func check() async throws(StoreError) {
        _ = try await perform(.checking) { try $0.check() }
    }

    package func close() async {
        await withCheckedContinuation { continuation in
            submit(.close { continuation.resume() }) { _ in continuation.resume() }
        }
    }
}
