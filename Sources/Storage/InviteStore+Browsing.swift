public import Invites

/// What operators ask for. Each call takes one short turn, so that requests in between do not wait: whoever wants all
/// calls again with the `next` of the last answer until there is none.
extension InviteStore {
    /// Invites that the filter means, in the order of their numbers.
    ///
    /// - Parameters:
    ///   - start: The number after which to begin.
    ///   - end: The last number of interest.
    ///   - limit: The most to return, at least one.
    public func page(
        _ filter: InviteFilter = InviteFilter(), after start: Int64 = 0, through end: Int64 = .max, limit: Int = 500
    ) async throws(StoreError) -> InvitePage {
        try await read { try $0.page(filter, after: start, through: end, limit: max(limit, 1)) } ?? InvitePage()
    }

    /// Counts a stretch of the invites that the filter means.
    public func count(
        _ filter: InviteFilter, after start: Int64 = 0, through end: Int64 = .max
    ) async throws(StoreError) -> InviteTally {
        try await read { try $0.count(filter, after: start, through: end) } ?? InviteTally()
    }

    /// Removes up to 500 of the invites that the filter means, in one transaction, which is durable when this returns.
    public func remove(
        _ filter: InviteFilter, after start: Int64 = 0, through end: Int64 = .max
    ) async throws(StoreError) -> InviteTally {
        try await read { try $0.remove(filter, after: start, through: end) } ?? InviteTally()
    }

    /// The highest number in use, 0 if none is.
    public func lastNumber() async throws(StoreError) -> Int64 {
        try await read { try $0.lastNumber() } ?? 0
    }

    /// Those of the numbers that there are, in the order of `numbers`.
    public func invites(numbered numbers: [Int64]) async throws(StoreError) -> [StoredInvite] {
        try await read { try $0.invites(numbered: numbers) } ?? []
    }

    /// Removes these invites in one transaction, which is durable when this returns.
    ///
    /// - Returns: How many there were.
    public func remove(numbered numbers: [Int64]) async throws(StoreError) -> Int {
        try await read { try $0.remove(numbered: numbers) } ?? 0
    }

    /// Sets when an invite expires, unless it is no longer good at `now` and its username is promised to another.
    public func extend(
        _ number: Int64, until expiry: Timestamp, at now: Timestamp
    ) async throws(StoreError) -> InviteExtension {
        try await read { try $0.extend(number, until: expiry, at: now) } ?? .unknown
    }

    /// Invites whose numbers begin with the digits of `prefix`, those that are still good at `now` first, then the
    /// newest; of very many, only the latest are looked at.
    public func newest(
        _ prefix: String, limit: Int, at now: Timestamp
    ) async throws(StoreError) -> [StoredInvite] {
        try await read { try $0.newest(prefix, limit: limit, at: now) } ?? []
    }
}
