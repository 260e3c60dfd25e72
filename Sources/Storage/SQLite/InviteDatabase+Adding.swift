internal import GRDB
internal import Invites
internal import Synchronization

/// How many rows the table has.
struct RowCount: Hashable, Sendable {
    var rows: Int
    /// What SQLite tells this connection of others' commits: it changes with each.
    let dataVersion: Int64
}

/// What stores invites, and decides whether it may. The decision is in the transaction: what it looks at stays so until
/// the commit.
extension InviteDatabase {
    /// Adds those of `groups` whose limits allow it, in one transaction, which is durable when this returns. Each sees
    /// those before it.
    ///
    /// - Returns: What became of each group, and what SQLite told of others' commits.
    func add(_ groups: some Collection<[NewInvite]>) throws -> (additions: [InviteAddition], dataVersion: Int64) {
        try access { database in
            var additions: [InviteAddition] = []
            additions.reserveCapacity(groups.count)
            let isLimited = groups.contains { $0.contains { $0.limits.stored != .unlimited } }
            var count: RowCount?
            var version: Int64 = 0
            try database.inTransaction(.immediate) {
                version = try Self.dataVersion(database)
                count = try isLimited ? currentRowCount(version, database) : knownRowCount(version)
                let insert = try database.cachedStatement(sql: Self.insertion)
                for group in groups {
                    let results = try group.map { try Self.add($0, &count, insert, database) }
                    additions.append(InviteAddition(results, storedCount: count?.rows))
                }
                return .commit
            }
            rowCount.withLock { $0 = count }
            return (additions, version)
        }
    }

    private static func add(
        _ new: NewInvite, _ count: inout RowCount?, _ insert: Statement, _ database: Database
    ) throws -> Result<Int64, InviteConflict> {
        if let conflict = try conflict(with: new, rows: count?.rows ?? 0, database) { return .failure(conflict) }
        let invite = new.invite
        do {
            try insert.execute(arguments: [
                invite.token.text, invite.kind.rawValue, invite.action.rawValue, invite.inviter?.description,
                invite.username, invite.createdAt.millisecondsSinceEpoch, invite.expiresAt.millisecondsSinceEpoch,
                invite.createdBy.rawValue, invite.note,
            ])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            // SQLite undoes the statement alone.
            return .failure(.tokenTaken)
        }
        count?.rows += 1
        return .success(database.lastInsertedRowID)
    }

    private static let insertion = """
        INSERT INTO invite (
            id, token, kind, action, inviter, username, created_at, expires_at, created_by, note
        ) VALUES (\(nextNumber), ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    /// `NULL`, for the number that SQLite gives, as long as it has any to give. After the last one that there is, which only
    /// a damaged or edited table has, it would refuse all invites as if the disk were full; then the count goes on below
    /// what nobody can have counted up to.
    private static let nextNumber = """
        CASE WHEN (SELECT seq FROM sqlite_sequence WHERE name = 'invite') >= 1 << 62
            THEN (SELECT coalesce(max(id), 0) + 1 FROM invite WHERE id < 1 << 62) END
        """

    private static func conflict(with new: NewInvite, rows: Int, _ database: Database) throws -> InviteConflict? {
        let (invite, limits) = (new.invite, new.limits)
        if case .atMost(let limit) = limits.stored, rows >= limit { return .tooManyStored(limit) }
        if let username = invite.fixedUsername, try isFixed(username, at: invite.createdAt, database) {
            return .usernameTaken
        }
        guard let inviter = invite.inviter else { return nil }
        return try conflict(of: inviter, under: limits, at: invite.createdAt, database)
    }

    /// Whether an invite that is good at `time` fixes this username.
    static func isFixed(_ username: String, at time: Timestamp, _ database: Database) throws -> Bool {
        let select = try database.cachedStatement(
            sql: """
                SELECT EXISTS (SELECT 1 FROM invite WHERE username = ? AND expires_at > ? AND kind <> 'reset')
                """)
        return try Bool.fetchOne(select, arguments: [username, time.millisecondsSinceEpoch]) ?? false
    }
}

// MARK: - Counting

extension InviteDatabase {
    /// How many rows there are, expired invites included.
    func storedCount() throws -> Int {
        try access { database in
            var count = RowCount(rows: 0, dataVersion: 0)
            try database.inTransaction(.deferred) {
                count = try currentRowCount(Self.dataVersion(database), database)
                return .commit
            }
            rowCount.withLock { $0 = count }
            return count.rows
        }
    }

    /// What a user has of what the limits bound.
    func usage(of user: Account, under limits: InviteLimits, at now: Timestamp) throws -> InviteUsage {
        let stored = try storedCount()
        return try access { database in
            let (open, daily) = try Self.counts(of: user, at: now, database)
            var conflict = try Self.conflict(of: user, under: limits, at: now, database)
            if case .atMost(let limit) = limits.stored, stored >= limit { conflict = .tooManyStored(limit) }
            return InviteUsage(open: open, daily: daily, stored: stored, conflict: conflict)
        }
    }

    /// Within a transaction. Counting takes a while where there are many rows, and others wait meanwhile: it is done where a
    /// limit asks for it, and again only after changes of other connections.
    private func currentRowCount(_ version: Int64, _ database: Database) throws -> RowCount {
        if let known = knownRowCount(version) { return known }
        let rows = try Int.fetchOne(try database.cachedStatement(sql: "SELECT count(*) FROM invite"))
        return RowCount(rows: rows ?? 0, dataVersion: version)
    }

    /// What was counted, unless another connection has changed something since. Within a transaction.
    private func knownRowCount(_ version: Int64) -> RowCount? {
        rowCount.withLock { $0 }.flatMap { $0.dataVersion == version ? $0 : nil }
    }

    private static func conflict(
        of user: Account, under limits: InviteLimits, at now: Timestamp, _ database: Database
    ) throws -> InviteConflict? {
        if limits.userOpen == .unlimited, limits.userDaily == .unlimited { return nil }
        let (open, daily) = try counts(of: user, at: now, database)
        var conflict: (InviteConflict, next: Timestamp?)?
        if case .atMost(let limit) = limits.userDaily, daily >= limit {
            let made = try value(
                "created_at", of: user, after: now.dayBefore, through: now, rank: limit, database)
            let next = made.map { Timestamp(millisecondsSinceEpoch: $0).dayAfter }
            conflict = (.tooManyDaily(limit, next: next), next)
        }
        if case .atMost(let limit) = limits.userOpen, open >= limit {
            let ends = try value("expires_at", of: user, after: now, rank: limit, database)
            let next = ends.map { Timestamp(millisecondsSinceEpoch: $0) }
            // Where both are reached, the one that holds longer says when.
            let holdsLonger = conflict.map { earlier in
                earlier.next.map { before in next.map { $0 > before } ?? true } ?? false
            }
            if holdsLonger ?? true { conflict = (.tooManyOpen(limit, next: next), next) }
        }
        return conflict?.0
    }

    private static func counts(
        of user: Account, at now: Timestamp, _ database: Database
    ) throws -> (open: Int, daily: Int) {
        // What was made while the clock was ahead counts for its day, and not until then as well.
        let select = try database.cachedStatement(
            sql: """
                SELECT count(*) FILTER (WHERE expires_at > :now),
                    count(*) FILTER (WHERE created_at > :day AND created_at <= :now)
                FROM invite WHERE inviter = :user AND created_by = 'user'
                """)
        let row = try Row.fetchOne(
            select,
            arguments: [
                "now": now.millisecondsSinceEpoch, "day": now.dayBefore.millisecondsSinceEpoch,
                "user": user.description,
            ])
        guard let row, let open = Int.fromDatabaseValue(row[0]), let daily = Int.fromDatabaseValue(row[1]) else {
            throw StoreError.corrupt
        }
        return (open, daily)
    }

    /// The value at `rank`, from the latest, of those after `time`, and not after `end`; `nil` for rank 0.
    private static func value(
        _ column: String, of user: Account, after time: Timestamp,
        through end: Timestamp = Timestamp(millisecondsSinceEpoch: .max), rank: Int, _ database: Database
    ) throws -> Int64? {
        if rank < 1 { return nil }
        let select = try database.cachedStatement(
            sql: """
                SELECT \(column) FROM invite
                WHERE inviter = ? AND created_by = 'user' AND \(column) > ? AND \(column) <= ?
                ORDER BY \(column) DESC LIMIT 1 OFFSET ?
                """)
        return try Int64.fetchOne(
            select,
            arguments: [user.description, time.millisecondsSinceEpoch, end.millisecondsSinceEpoch, rank - 1])
    }
}

extension Timestamp {
    /// The point 24 hours later, or the last one that can be represented.
    fileprivate var dayAfter: Timestamp {
        let (sum, overflow) = millisecondsSinceEpoch.addingReportingOverflow(InviteLimits.day)
        return Timestamp(millisecondsSinceEpoch: overflow ? .max : sum)
    }

    /// The point 24 hours earlier, or the first one that can be represented.
    fileprivate var dayBefore: Timestamp {
        let (difference, overflow) = millisecondsSinceEpoch.subtractingReportingOverflow(InviteLimits.day)
        return Timestamp(millisecondsSinceEpoch: overflow ? .min : difference)
    }
}
