internal import Dispatch
internal import GRDB
internal import Invites
internal import Runtime
internal import Synchronization

/// An open connection to one host's database. All calls do I/O on the caller's thread, one at a time.
final class InviteDatabase: Sendable {
    let path: String
    /// The path without links, beside which SQLite puts its log.
    let file: String
    /// SQLite's log.
    let logPath: String
    private let queue: DatabaseQueue
    /// How many rows there are, as long as nothing but adding invites has changed that.
    let rowCount = Mutex<RowCount?>(nil)
    /// The `data_version` at which SQLite had numbers left to give.
    let numberedVersion = Mutex<Int64?>(nil)

    /// The states of the files when they were last used; see ``fileState()``.
    let stamp = Mutex<DatabaseStamp?>(nil)

    /// Opens the database at `path`, made when it is missing, and brings it up to date.
    ///
    /// - Parameter converting: Called before something is done that takes long with many invites.
    /// - Throws: ``StoreError/tooManyOpenFiles`` when the process may not open more files. SQLite does not distinguish
    ///   that from other reasons why it cannot open one.
    static func open(_ path: String, converting: () -> Void = {}) throws -> InviteDatabase {
        for _ in 1..<attempts {
            guard FileLimit.hasRoom(for: filesToOpen) else { throw StoreError.tooManyOpenFiles }
            do {
                return try InviteDatabase(path: path, converting)
            } catch let error as DatabaseError
                where error.resultCode == .SQLITE_CANTOPEN || error.resultCode == .SQLITE_READONLY
            {
                // Other threads may have opened files meanwhile, and closed them again: that shows with the next
                // attempt.
                continue
            }
        }
        guard FileLimit.hasRoom(for: filesToOpen) else { throw StoreError.tooManyOpenFiles }
        return try InviteDatabase(path: path, converting)
    }

    private static let attempts = 3
    /// The database, its log, the log's index, and for a moment a journal or the directory.
    private static let filesToOpen = 4

    private init(path: String, _ converting: () -> Void) throws {
        self.path = path
        let isMade = try NewDatabase.make(at: path)
        if !isMade { try StateDirectory.createFile(path) }
        var before = try FileStamp(path)
        queue = try DatabaseQueue(path: path, configuration: Self.configuration)
        file = StateDirectory.resolved(path) ?? path
        logPath = file + "-wal"
        do {
            let isNew = try queue.writeWithoutTransaction { database in
                let isNew = try !isMade && Self.isNew(database)
                // Before the first page is written, after which it takes a VACUUM.
                if isNew { try database.execute(sql: "PRAGMA auto_vacuum = \(Self.incremental)") }
                try Self.configure(database)
                // Only now: before it is in WAL mode, every change would cost a journal file.
                if isNew { try Self.make(database) }
                return isNew
            }
            // SQLite makes what a link leads to that is not there yet.
            if before == nil { before = try FileStamp(path) }
            if !isNew, !isMade {
                try migrate(converting)
                try convert(converting)
            }
            try noteFiles()
        } catch {
            try? queue.close()
            throw error
        }
        do {
            try checkIsAtPath(before)
        } catch {
            // Its files are another's by now.
            abandon()
            throw error
        }
    }

    private static let configuration: Configuration = {
        var configuration = Configuration()
        configuration.label = "invites"
        // There are none.
        configuration.foreignKeysEnabled = false
        // The writers are few and shared by all hosts: a process that locks one host's file must not block one for
        // long.
        configuration.busyMode = .timeout(0.1)
        // GRDB's own default asks for a higher priority than a daemon's user may have, and libdispatch then complains
        // on standard error for each thread.
        configuration.qos = .default
        // Prevents GRDB from trapping when a ROLLBACK fails, as it may on a broken disk. Such a connection is closed.
        configuration.allowsUnsafeTransactions = true
        return configuration
    }()

    /// Distinguishes an empty database from one of ours, before anything in it changes.
    ///
    /// - Throws: ``StoreError/foreign`` when it is neither.
    private static func isNew(_ database: Database) throws -> Bool {
        let applicationID = try Int32.fetchOne(database, sql: "PRAGMA application_id")
        if applicationID == Schema.applicationID { return false }
        let objects = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master")
        guard applicationID == 0, objects == 0 else { throw StoreError.foreign }
        return true
    }

    /// Writes what an empty database is to have.
    static func make(_ database: Database) throws {
        try database.inTransaction(.immediate) {
            try mark(database)
            try Schema.make(database)
            return .commit
        }
    }

    /// Writes the mark that identifies this as a database of invited.
    private static func mark(_ database: Database) throws {
        try database.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
    }

    private static func configure(_ database: Database) throws {
        // Not by Configuration.journalMode: that would set synchronous back to NORMAL, and commits would not be
        // durable.
        guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
            throw StoreError.io("SQLite: cannot use a write-ahead log")
        }
        try database.execute(sql: "PRAGMA synchronous = FULL")
        // Kibibytes, taken as needed: a host with few invites never needs them. A commit for a hundred users changes a page of
        // the index for each; with 64 pages it read most of them again each time. All databases together have a limit, too.
        try database.execute(sql: "PRAGMA cache_size = -1024")
    }

    private func migrate(_ converting: () -> Void) throws {
        let isCurrent = try queue.writeWithoutTransaction { database in
            let steps = try Schema.migrator.appliedIdentifiers(database)
            guard steps.isSubset(of: Schema.migrator.migrations) else { throw StoreError.newerSchema }
            return steps.count == Schema.migrator.migrations.count
        }
        if isCurrent { return }
        converting()
        try copyBeforeMigration()
        try Schema.migrator.migrate(queue)
    }

    /// Copies the database before something in it changes for good. The copy stays until an operator removes it.
    private func copyBeforeMigration() throws {
        let target = file + Schema.copySuffix
        do {
            try copy(to: target)
        } catch {
            // Not as a full disk, on which what there is can be read: without a copy nothing of it is touched.
            guard StoreError(error, path: path) == .full else { throw error }
            throw StoreError.io("there is no room for \(target), without which \(path) is not brought up to date")
        }
    }

    /// Enables a database of an older version to free pages, for which it is written once as a whole.
    private func convert(_ converting: () -> Void) throws {
        try queue.writeWithoutTransaction { database in
            guard try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") != Self.incremental else { return }
            converting()
            try database.execute(sql: "PRAGMA auto_vacuum = \(Self.incremental)")
            do {
                try database.execute(sql: "VACUUM")
            } catch let error as DatabaseError where error.resultCode != .SQLITE_CORRUPT {
                // It works without, and the next opener tries again: mostly there is no room for a second copy now.
                return
            }
            _ = try Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// Writes what is in the log into the database file, and closes it.
    func close() throws {
        try queue.close()
    }

    /// Runs `body` with the connection, outside of any transaction.
    func access<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try queue.writeWithoutTransaction(body)
    }

    /// The invite with `token`, whether or not it has expired.
    func invite(withToken token: Token) throws -> Invite? {
        try access { database in
            let select = try database.cachedStatement(sql: "\(Self.selection) WHERE token = ?")
            return try Row.fetchOne(select, arguments: [token.text]).map(Invite.init(row:))
        }
    }

    /// Proves that the file is sound, and that it can be written durably.
    func check() throws {
        try access { database in
            guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                throw StoreError.corrupt
            }
            try Self.mark(database)
        }
    }

    static let selection = """
        SELECT token, kind, action, inviter, username, created_at, expires_at, id, created_by, note, language, uses,
            confirmed, reserved, used_at, revoked_at, revoked_by, revoked_why FROM invite
        """
}

extension StoredInvite {
    /// Reads a row of the table `invite`.
    ///
    /// - Throws: ``StoreError/corrupt`` when a value in it cannot be.
    init(row: Row) throws {
        guard let number = Int64.fromDatabaseValue(row[7]) else { throw StoreError.corrupt }
        self.init(number: number, invite: try Invite(row: row))
    }
}

extension Invite {
    /// Reads a row of the table `invite`.
    ///
    /// - Throws: ``StoreError/corrupt`` when a value in it cannot be.
    fileprivate init(row: Row) throws {
        guard let tokenText = String.fromDatabaseValue(row[0]), let token = Token(tokenText),
            let kindText = String.fromDatabaseValue(row[1]), let kind = InviteKind(rawValue: kindText),
            let actionText = String.fromDatabaseValue(row[2]), let action = InviteAction(rawValue: actionText),
            let createdAt = Int64.fromDatabaseValue(row[5]), let expiresAt = Int64.fromDatabaseValue(row[6]),
            let creatorText = String.fromDatabaseValue(row[8]), let creator = InviteCreator(rawValue: creatorText)
        else { throw StoreError.corrupt }
        guard let total = Int.fromDatabaseValue(row[11]), let confirmed = Int.fromDatabaseValue(row[12]),
            let reserved = Int.fromDatabaseValue(row[13])
        else { throw StoreError.corrupt }
        var revocation: Revocation?
        if let time = Timestamp(row[15]) {
            revocation = Revocation(
                at: time, by: String.fromDatabaseValue(row[16]) ?? "", why: String.fromDatabaseValue(row[17]))
        }
        self.init(
            token: token, kind: kind, action: action, inviter: try Account(stored: row[3]),
            username: String.fromDatabaseValue(row[4]), createdBy: creator, note: String.fromDatabaseValue(row[9]),
            language: String.fromDatabaseValue(row[10]),
            uses: InviteUses(total: total, confirmed: confirmed, reserved: reserved, confirmedAt: Timestamp(row[14])),
            revocation: revocation, createdAt: Timestamp(millisecondsSinceEpoch: createdAt),
            expiresAt: Timestamp(millisecondsSinceEpoch: expiresAt))
    }
}

extension Timestamp {
    /// What a column holds; `nil` where it holds nothing.
    init?(_ value: DatabaseValue) {
        guard let milliseconds = Int64.fromDatabaseValue(value) else { return nil }
        self.init(millisecondsSinceEpoch: milliseconds)
    }
}

extension Account {
    /// What a column holds; `nil` where it holds nothing.
    ///
    /// - Throws: ``StoreError/corrupt`` when it is no address.
    init?(stored value: DatabaseValue) throws {
        guard let address = String.fromDatabaseValue(value) else { return nil }
        guard let account = Account(address: address) else { throw StoreError.corrupt }
        self = account
    }
}
