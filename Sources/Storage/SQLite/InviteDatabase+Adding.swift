internal import GRDB
internal import Invites
internal import Synchronization

/// How many rows the table has.
struct RowCount: Hashable, Sendable {
    var rows: Int
    /// SQLite's `data_version` for this connection, which changes with each commit of another one.
    let dataVersion: Int64
}

extension InviteDatabase {
    /// A transaction that several callers share. Each sees what those before it did.
    final class Transaction {
        let database: Database
        /// SQLite's `data_version` in this transaction.
        let dataVersion: Int64
        /// How many rows there are, where that is known.
        fileprivate(set) var count: RowCount?
        /// The `data_version` at which SQLite itself had numbers left to give.
        fileprivate var numberedVersion: Int64?

        /// - Parameters:
        ///   - before: The count of an earlier transaction.
        ///   - numberedVersion: As above.
        fileprivate init(_ database: Database, before: RowCount?, numberedVersion: Int64? = nil) throws {
            self.database = database
            self.numberedVersion = numberedVersion
            dataVersion = try InviteDatabase.dataVersion(database)
            count = before.flatMap { [dataVersion] in $0.dataVersion == dataVersion ? $0 : nil }
        }

        fileprivate func insertion() throws -> Statement {
            if numberedVersion != dataVersion, try InviteDatabase.hasNumbersLeft(database) {
                numberedVersion = dataVersion
            }
            let sql = numberedVersion == dataVersion ? InviteDatabase.insertion : InviteDatabase.insertionBelow
            return try database.cachedStatement(sql: sql)
        }

        fileprivate func rowCount() throws -> RowCount {
            let rows = try count ?? InviteDatabase.countRows(dataVersion, database)
            count = rows
            return rows
        }
    }

    /// Runs the bodies in one transaction, which is durable when this returns.
    ///
    /// - Returns: What they return, and SQLite's `data_version`.
    func store<Value>(
        _ bodies: some Collection<(Transaction) throws -> Value>
    ) throws -> (values: [Value], dataVersion: Int64) {
        try access { database in
            var values: [Value] = []
            var version: Int64 = 0
            var count: RowCount?
            var numberedVersion: Int64?
            try database.inImmediateTransaction {
                let transaction = try Transaction(
                    database, before: rowCount.withLock { $0 }, numberedVersion: self.numberedVersion.withLock { $0 })
                values = try bodies.map { try $0(transaction) }
                (version, count) = (transaction.dataVersion, transaction.count)
                numberedVersion = transaction.numberedVersion
            }
            rowCount.withLock { $0 = count }
            self.numberedVersion.withLock { $0 = numberedVersion }
            return (values, version)
        }
    }
}

/// Stores invites, and decides whether it may. The decision is in the transaction: the rows it reads cannot change
/// before the commit.
extension InviteDatabase.Transaction {
    /// Adds those of the invites whose limits allow it. Each sees those before it.
    func add(_ invites: [NewInvite]) throws -> InviteAddition {
        // Counting takes a while where there are many rows, and other calls wait meanwhile.
        if invites.contains(where: { $0.limits.stored != .unlimited }) { _ = try rowCount() }
        let insert = try insertion()
        let results = try invites.map { try InviteDatabase.add($0, &count, insert, database) }
        return InviteAddition(results, storedCount: count?.rows)
    }
}

extension InviteDatabase {
    fileprivate static func add(
        _ new: NewInvite, _ count: inout RowCount?, _ insert: Statement, _ database: Database
    ) throws -> Result<Int64, InviteConflict> {
        if let conflict = try conflict(with: new, rows: count?.rows ?? 0, database) { return .failure(conflict) }
        let invite = new.invite
        do {
            try insert.execute(arguments: [
                invite.token.text, invite.kind.rawValue, invite.action.rawValue, invite.inviter?.description,
                invite.username, invite.createdAt.millisecondsSinceEpoch, invite.expiresAt.millisecondsSinceEpoch,
                invite.createdBy.rawValue, invite.note, invite.language, invite.uses.total,
            ])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            // SQLite undoes the statement alone.
            return .failure(.tokenTaken)
        }
        count?.rows += 1
        return .success(database.lastInsertedRowID)
    }

    /// With the number that SQLite gives, and with one that it would not give any more.
    fileprivate static let insertion = insertion(numbered: "NULL")
    fileprivate static let insertionBelow = insertion(
        numbered: "(SELECT coalesce(max(id), 0) + 1 FROM invite WHERE id < 1 << 62)")

    private static func insertion(numbered number: String) -> String {
        """
        INSERT INTO invite (
            id, token, kind, action, inviter, username, created_at, expires_at, created_by, note, language, uses
        ) VALUES (\(number), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    }

    /// Whether SQLite can still number what is added. After the highest number, which only a damaged or edited table
    /// has, it would refuse all invites as if the disk were full; then numbers continue below a bound that counting
    /// alone never reaches.
    fileprivate static func hasNumbersLeft(_ database: Database) throws -> Bool {
        let select = try database.cachedStatement(sql: "SELECT max(seq) FROM sqlite_sequence WHERE name = 'invite'")
        return try Int64.fetchOne(select) ?? 0 < 1 << 62
    }

    /// Reads ahead of the first invite what one is stored by.
    func prepare() throws {
        try access { database in
            for sql in Database.transactionStatements + [Self.insertion] {
                _ = try database.cachedStatement(sql: sql)
            }
        }
    }

    private static func conflict(with new: NewInvite, rows: Int, _ database: Database) throws -> InviteConflict? {
        let (invite, limits) = (new.invite, new.limits)
        if case .atMost(let limit) = limits.stored, rows >= limit { return .tooManyStored(limit) }
        if let username = invite.fixedUsername, try isHeld(username, at: invite.createdAt, database) {
            return .usernameTaken
        }
        guard let inviter = invite.inviter else { return nil }
        return try conflict(of: inviter, under: limits, at: invite.createdAt, database)
    }

    /// Whether an invite that is good at `time`, or an attempt, holds this username.
    ///
    /// - Parameters:
    ///   - invite: The number of an invite that does not count.
    ///   - attempt: An attempt that does not count.
    static func isHeld(
        _ username: String, exceptBy invite: Int64? = nil, _ attempt: String? = nil, at time: Timestamp,
        _ database: Database
    ) throws -> Bool {
        let select = try database.cachedStatement(
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM invite WHERE username = :username AND \(isGood) AND kind <> 'reset' AND id IS NOT :invite
                ) OR EXISTS (
                    SELECT 1 FROM redemption
                    WHERE account = :username AND state = 'reserved' AND kind = 'register' AND attempt IS NOT :attempt
                )
                """)
        return try Bool.fetchOne(
            select,
            arguments: [
                "username": username, "at": time.millisecondsSinceEpoch, "invite": invite, "attempt": attempt,
            ]) ?? false
    }

    /// See ``Invites/InviteState/isGood``.
    static let isGood = "revoked_at IS NULL AND confirmed < uses AND expires_at > :at"

    /// What was made within ``Invites/InviteLimits/day`` of `:at`. What was made while the clock was ahead counts for its
    /// day, and not until then as well.
    private static let isRecent = "created_at > :at - \(InviteLimits.day) AND created_at <= :at"
}

// MARK: - Counting

extension InviteDatabase {
    /// How many rows there are, expired invites included.
    func storedCount() throws -> Int {
        try access { database in
            var count = RowCount(rows: 0, dataVersion: 0)
            try database.inTransaction(.deferred) {
                count = try Transaction(database, before: rowCount.withLock { $0 }).rowCount()
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

    /// Within a transaction.
    fileprivate static func countRows(_ version: Int64, _ database: Database) throws -> RowCount {
        let rows = try Int.fetchOne(try database.cachedStatement(sql: "SELECT count(*) FROM invite"))
        return RowCount(rows: rows ?? 0, dataVersion: version)
    }

    private static func conflict(
        of user: Account, under limits: InviteLimits, at now: Timestamp, _ database: Database
    ) throws -> InviteConflict? {
        if limits.userOpen == .unlimited, limits.userDaily == .unlimited { return nil }
        let (open, daily) = try counts(of: user, at: now, database)
        var conflict: (InviteConflict, next: Timestamp?)?
        if case .atMost(let limit) = limits.userDaily, daily >= limit {
            let made = try value(
                "created_at", of: user, where: isRecent, at: now, rank: limit, database)
            let next = made.map { Timestamp(millisecondsSinceEpoch: $0).dayAfter }
            conflict = (.tooManyDaily(limit, next: next), next)
        }
        if case .atMost(let limit) = limits.userOpen, open >= limit {
            let ends = try value("expires_at", of: user, where: isGood, at: now, rank: limit, database)
            let next = ends.map { Timestamp(millisecondsSinceEpoch: $0) }
            // Where both are reached, the one that holds longer says when.
            let holdsLonger = conflict.map { earlier in
                earlier.next.map { before in next.map { $0 > before } ?? true } ?? false
            }
            if holdsLonger ?? true { conflict = (.tooManyOpen(limit, next: next), next) }
        }
        return conflict?.0
    }

    /// The blocks of numbers that exist; the index `invite_by_user` groups each user's invites within a block. All of
    /// it is read from the index, at the cost of one lookup for each block.
    private static let blocks = """
        WITH RECURSIVE block (number) AS (
            SELECT min(id) >> 10 FROM invite
            UNION ALL
            SELECT (SELECT min(id) >> 10 FROM invite WHERE id > number << 10 | 1023) FROM block WHERE number IS NOT NULL
        )
        """
    private static let invitesOfUser = """
        block CROSS JOIN invite INDEXED BY invite_by_user
            ON id >> 10 = number AND inviter = :user AND created_by = 'user'
        """

    static let countOfUser = """
        \(blocks) SELECT count(*) FILTER (WHERE \(isGood)), count(*) FILTER (WHERE \(isRecent))
        FROM \(invitesOfUser) WHERE expires_at > :at OR \(isRecent)
        """

    private static func counts(
        of user: Account, at now: Timestamp, _ database: Database
    ) throws -> (open: Int, daily: Int) {
        let select = try database.cachedStatement(sql: countOfUser)
        let row = try Row.fetchOne(
            select,
            arguments: [
                "at": now.millisecondsSinceEpoch,
                "user": user.description,
            ])
        guard let row, let open = Int.fromDatabaseValue(row[0]), let daily = Int.fromDatabaseValue(row[1]) else {
            throw StoreError.corrupt
        }
        return (open, daily)
    }

    /// The value at `rank`, from the latest, of those that meet a condition on `:at`; `nil` for rank 0.
    private static func value(
        _ column: String, of user: Account, where condition: String, at time: Timestamp, rank: Int,
        _ database: Database
    ) throws -> Int64? {
        if rank < 1 { return nil }
        let select = try database.cachedStatement(
            sql: """
                \(blocks) SELECT \(column) FROM \(invitesOfUser) WHERE \(condition)
                ORDER BY \(column) DESC LIMIT 1 OFFSET :offset
                """)
        return try Int64.fetchOne(
            select, arguments: ["user": user.description, "at": time.millisecondsSinceEpoch, "offset": rank - 1])
    }
}

extension Timestamp {
    /// The point 24 hours later, or the last one that can be represented.
    fileprivate var dayAfter: Timestamp {
        let (sum, overflow) = millisecondsSinceEpoch.addingReportingOverflow(InviteLimits.day)
        return Timestamp(millisecondsSinceEpoch: overflow ? .max : sum)
    }
}
