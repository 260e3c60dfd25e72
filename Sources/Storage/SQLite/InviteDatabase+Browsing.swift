internal import GRDB
internal import Invites
internal import Synchronization

/// The operators' queries. A host may have a million invites, and other requests wait meanwhile: each call reads few
/// rows, whatever the filter, and the caller calls again. No index serves the filters: every new invite would have to
/// update it, and to scan a million rows takes a fraction of a second.
extension InviteDatabase {
    /// How many rows a call reads.
    static let rowsPerStretch = 4_096
    /// How many rows a transaction removes.
    static let rowsPerRemoval = 500

    /// Invites that the filter means, with numbers after `start` and up to `end`, from the lowest.
    ///
    /// - Parameter limit: The most to return, at least one.
    func page(_ filter: InviteFilter, after start: Int64, through end: Int64, limit: Int) throws -> InvitePage {
        try access { database in
            let stretch = try Self.endOfStretch(after: start, through: end, database)
            let select = try database.cachedStatement(sql: "\(Self.selection) WHERE \(Self.condition) LIMIT :limit")
            let invites = try Row.fetchAll(
                select, arguments: Self.arguments(filter, after: start, through: stretch ?? end, limit: limit)
            ).map(StoredInvite.init(row:))
            return InvitePage(invites, next: invites.count < limit ? stretch : invites.last?.number)
        }
    }

    /// Counts invites that the filter means, with numbers after `start` and up to `end`.
    func count(_ filter: InviteFilter, after start: Int64, through end: Int64) throws -> InviteTally {
        try access { database in
            let stretch = try Self.endOfStretch(after: start, through: end, database)
            let select = try database.cachedStatement(
                sql: "SELECT count(*) FROM (SELECT 1 FROM invite WHERE \(Self.condition) LIMIT :limit)")
            let count = try Int.fetchOne(
                select, arguments: Self.arguments(filter, after: start, through: stretch ?? end, limit: .max))
            return InviteTally(count: count ?? 0, next: stretch)
        }
    }

    /// Removes invites that the filter means, with numbers after `start` and up to `end`, from the lowest.
    func remove(_ filter: InviteFilter, after start: Int64, through end: Int64) throws -> InviteTally {
        var stretch: Int64?
        let count = try accessRemoving { database in
            stretch = try Self.endOfStretch(after: start, through: end, database)
            let delete = try database.cachedStatement(
                sql: "DELETE FROM invite WHERE id IN (SELECT id FROM invite WHERE \(Self.condition) LIMIT :limit)")
            try delete.execute(
                arguments: Self.arguments(
                    filter, after: start, through: stretch ?? end, limit: Self.rowsPerRemoval))
            return database.changesCount
        }
        // What is removed is not found again.
        return InviteTally(count: count, next: count < Self.rowsPerRemoval ? stretch : start)
    }

    /// The highest number in use, 0 if none is.
    func lastNumber() throws -> Int64 {
        try access { try Int64.fetchOne($0, sql: "SELECT max(id) FROM invite") ?? 0 }
    }

    /// The last number of a call's share of rows; `nil` when nothing is left after it.
    private static func endOfStretch(after start: Int64, through end: Int64, _ database: Database) throws -> Int64? {
        let select = try database.cachedStatement(
            sql: "SELECT id FROM invite WHERE id > ? AND id <= ? ORDER BY id LIMIT 1 OFFSET ?")
        return try Int64.fetchOne(select, arguments: [start, end, rowsPerStretch - 1])
    }

    /// See ``Invites/Invite/state(at:)``.
    private static let stateAtTime = """
        CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN confirmed >= uses THEN 'used'
            WHEN expires_at <= :at THEN 'expired' WHEN confirmed + reserved >= uses THEN 'reserved' ELSE 'open' END
        """
    /// When it ended, or will.
    private static let endTime = """
        CASE WHEN revoked_at IS NOT NULL THEN revoked_at WHEN confirmed >= uses THEN coalesce(used_at, expires_at)
            ELSE expires_at END
        """

    private static let condition = """
        id > :start AND id <= :end
            AND (:kind IS NULL OR kind = :kind)
            AND (:inviter IS NULL OR inviter = :inviter)
            AND (:state IS NULL OR \(stateAtTime) = :state)
            AND (:ended IS NULL OR reserved = 0 AND \(endTime) <= :ended)
            AND (:before IS NULL OR created_at < :before)
            AND (:since IS NULL OR created_at >= :since)
        ORDER BY id
        """

    private static func arguments(
        _ filter: InviteFilter, after start: Int64, through end: Int64, limit: Int
    ) -> StatementArguments {
        [
            "start": start, "end": end, "limit": limit, "kind": filter.kind?.rawValue,
            "inviter": filter.inviter?.description, "state": filter.state?.state.rawValue,
            "at": filter.state?.time.millisecondsSinceEpoch, "ended": filter.endedBy?.millisecondsSinceEpoch,
            "before": filter.createdBefore?.millisecondsSinceEpoch,
            "since": filter.createdSince?.millisecondsSinceEpoch,
        ]
    }
}

// MARK: - By number

extension InviteDatabase {
    /// Those of the numbers that there are, in the order of `numbers`.
    func invites(numbered numbers: some Sequence<Int64>) throws -> [StoredInvite] {
        try access { database in
            try numbers.compactMap { try Self.invite(numbered: $0, database) }
        }
    }

    static func invite(numbered number: Int64, _ database: Database) throws -> StoredInvite? {
        let select = try database.cachedStatement(sql: "\(selection) WHERE id = ?")
        return try Row.fetchOne(select, arguments: [number]).map(StoredInvite.init(row:))
    }

    /// Removes invites in one transaction; returns how many there were.
    func remove(numbered numbers: some Sequence<Int64>) throws -> Int {
        try accessRemoving { database in
            var count = 0
            try database.inTransaction(.immediate) {
                let delete = try database.cachedStatement(sql: "DELETE FROM invite WHERE id = ?")
                for number in numbers {
                    try delete.execute(arguments: [number])
                    count += database.changesCount
                }
                return .commit
            }
            return count
        }
    }

    /// Sets when an invite expires, unless it is no longer good at `now` and another invite fixes its username.
    func extend(_ number: Int64, until expiry: Timestamp, at now: Timestamp) throws -> InviteExtension {
        try access { database in
            var outcome = InviteExtension.unknown
            try database.inTransaction(.immediate) {
                guard let old = try Self.invite(numbered: number, database) else { return .rollback }
                let state = old.invite.state(at: now)
                if state == .revoked || state == .used {
                    outcome = .over(state)
                    return .rollback
                }
                if let username = old.invite.fixedUsername, state == .expired,
                    try Self.isHeld(username, at: now, database)
                {
                    outcome = .usernameTaken
                    return .rollback
                }
                let update = try database.cachedStatement(sql: "UPDATE invite SET expires_at = ? WHERE id = ?")
                try update.execute(arguments: [expiry.millisecondsSinceEpoch, number])
                guard let new = try Self.invite(numbered: number, database) else { return .rollback }
                outcome = .extended(new, before: old.invite.expiresAt)
                return .commit
            }
            return outcome
        }
    }

    /// Runs `body`, which returns how many rows it has removed, for good.
    private func accessRemoving(_ body: (Database) throws -> Int) throws -> Int {
        try access { database in
            // Should it fail, the next transaction counts them again.
            let known = rowCount.withLock { count in
                defer { count = nil }
                return count
            }
            let removed = try body(database)
            rowCount.withLock { $0 = known.map { RowCount(rows: $0.rows - removed, dataVersion: $0.dataVersion) } }
            return removed
        }
    }

    /// Invites whose numbers begin with the digits of `prefix`, those that are still good first, then the newest.
    ///
    /// - Parameter prefix: A number without leading zeros, or empty for all.
    func newest(_ prefix: String, limit: Int, at now: Timestamp) throws -> [StoredInvite] {
        try access { database in
            let select = try database.cachedStatement(
                sql: """
                    SELECT * FROM (\(Self.selection) WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1000)
                    ORDER BY revoked_at IS NULL AND confirmed < uses AND expires_at > ? DESC, id DESC LIMIT ?
                    """)
            var open: [StoredInvite] = []
            var ended: [StoredInvite] = []
            // Lower numbers are older: once there are enough, no better ones follow.
            for range in Self.numbers(beginningWith: prefix) where open.count < limit {
                let found = try Row.fetchAll(
                    select, arguments: [range.lowerBound, range.upperBound, now.millisecondsSinceEpoch, limit]
                ).map(StoredInvite.init(row:))
                open += found.filter { $0.invite.state(at: now).isGood }
                ended += found.filter { !$0.invite.state(at: now).isGood }
            }
            return Array((open + ended).prefix(limit))
        }
    }

    /// The ranges of the positive numbers whose decimal digits begin so, from the highest.
    static func numbers(beginningWith prefix: String) -> [ClosedRange<Int64>] {
        if prefix.isEmpty { return [1...Int64.max] }
        guard prefix.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int64(prefix), number > 0, prefix.utf8.first != UInt8(ascii: "0")
        else { return [] }
        var ranges: [ClosedRange<Int64>] = []
        var (first, width): (Int64, Int64) = (number, 1)
        while true {
            let (last, overflows) = first.addingReportingOverflow(width - 1)
            ranges.append(first...(overflows ? .max : last))
            let (next, isTooLarge) = first.multipliedReportingOverflow(by: 10)
            let (nextWidth, isTooWide) = width.multipliedReportingOverflow(by: 10)
            if isTooLarge || isTooWide { return ranges.reversed() }
            (first, width) = (next, nextWidth)
        }
    }
}
