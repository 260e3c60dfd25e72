internal import CSQLiteSettings
internal import GRDB
internal import Glibc
internal import Synchronization

/// What the files of a database were when it was last used. Others write them only through SQLite, which reports it.
struct DatabaseStamp: Hashable, Sendable {
    let main: FileStamp
    let log: FileStamp?
    let dataVersion: Int64
}

/// The state of the file at a database's path.
enum FileState: Hashable, Sendable {
    case unchanged
    /// It was removed, and its content exists only as long as it is open.
    case removed
    /// Its log was removed, with the commits that are not in the database yet.
    case logRemoved
    /// Another file is there, or another process has written to it, not through SQLite.
    case replaced
}

extension InviteDatabase {
    /// Whether the log at its path is the one that this connection has made.
    var hasItsLog: Bool {
        guard let known = stamp.withLock({ $0?.log }), let log = try? FileStamp(logPath) else { return false }
        return log.isSameFile(as: known)
    }

    /// Compares the files with how this connection has left them.
    func fileState() throws -> FileState {
        guard let known = stamp.withLock({ $0 }) else { return .unchanged }
        guard let main = try FileStamp(path) else { return .removed }
        guard main.isSameFile(as: known.main) else { return .replaced }
        if let knownLog = known.log {
            guard let log = try FileStamp(logPath) else { return .logRemoved }
            guard log.isSameFile(as: knownLog), !isCut(log, main, known) else { return .replaced }
        }
        if main == known.main { return .unchanged }
        // A commit of another program, which has moved the log's content to the database.
        guard try dataVersion() != known.dataVersion else { return .replaced }
        try noteFiles()
        return .unchanged
    }

    /// Compares the files after something was written, which changes all but which files they are.
    ///
    /// - Parameter version: SQLite's `data_version` in that transaction; `nil` to query it now.
    func fileStateAfterWriting(dataVersion version: Int64? = nil) throws -> FileState {
        guard let known = stamp.withLock({ $0 }) else { return .unchanged }
        guard let main = try FileStamp(path) else { return .removed }
        guard main.isSameFile(as: known.main) else { return .replaced }
        let log = try FileStamp(logPath)
        if let knownLog = known.log {
            guard let log else { return .logRemoved }
            guard log.isSameFile(as: knownLog), !isCut(log, main, known) else { return .replaced }
        }
        let version = try version ?? dataVersion()
        stamp.withLock { $0 = DatabaseStamp(main: main, log: log, dataVersion: version) }
        return .unchanged
    }

    /// Whether the log was truncated without its content being in the database. SQLite shortens a log only after all of
    /// it is.
    private func isCut(_ log: FileStamp, _ main: FileStamp, _ known: DatabaseStamp) -> Bool {
        guard let knownLog = known.log else { return false }
        return log.size < knownLog.size && main == known.main
    }

    /// Checks that the file that was opened is the one at the path.
    ///
    /// - Parameter before: What was at the path before it was opened. While it is open, no other file can be the same.
    /// - Throws: ``StoreError/removed(_:)`` when it may be another.
    func checkIsAtPath(_ before: FileStamp?) throws {
        guard let before, let now = try FileStamp(path), now.isSameFile(as: before) else {
            throw StoreError.removed("\(path) was removed or replaced while it was being opened")
        }
    }

    /// Takes the sizes and times that this connection has changed, as long as the files are its own.
    private func noteOwnChange() throws {
        guard let known = stamp.withLock({ $0 }), let main = try FileStamp(path), main.isSameFile(as: known.main) else {
            return
        }
        let log = try FileStamp(logPath)
        if let log, let knownLog = known.log, !log.isSameFile(as: knownLog) { return }
        stamp.withLock { $0 = DatabaseStamp(main: main, log: log ?? known.log, dataVersion: known.dataVersion) }
    }

    /// Takes the files as they are for this connection's own.
    func noteFiles() throws {
        guard let main = try FileStamp(path) else { return }
        let (log, version) = (try FileStamp(logPath), try dataVersion())
        stamp.withLock { $0 = DatabaseStamp(main: main, log: log, dataVersion: version) }
    }

    private func dataVersion() throws -> Int64 { try access(Self.dataVersion) }

    /// Changes with each commit of other connections.
    static func dataVersion(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(try database.cachedStatement(sql: "PRAGMA data_version")) ?? 0
    }

    /// Writes all that the database holds to a file of its own, durably.
    ///
    /// - Parameter target: Where nothing is, or an empty file.
    func copy(to target: String) throws {
        unlink(target)
        do {
            try StateDirectory.createFile(target)
            try access { try $0.execute(sql: "VACUUM INTO ?", arguments: [target]) }
            try StateDirectory.synchronizeFile(target)
        } catch {
            unlink(target)
            throw error
        }
    }

    /// Closes the database and leaves its files as they are, which are another's by now.
    func abandon() {
        _ = try? access { database in
            if let connection = database.sqliteConnection {
                _ = invited_sqlite_leave_log(UnsafeMutableRawPointer(connection))
            }
        }
        try? close()
    }
}

// MARK: - Giving back

extension InviteDatabase {
    /// Frees a few of the pages that removed rows have left.
    ///
    /// - Returns: Whether there may be more of them.
    func giveBack(pages: Int) throws -> Bool {
        try access { database in
            let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
            guard free > 0, try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == Self.incremental else {
                return false
            }
            try database.execute(sql: "PRAGMA incremental_vacuum(\(pages))")
            return free > pages
        }
    }

    /// Moves the log's content into the database, whose file ends where its pages do then, and empties the log.
    ///
    /// - Returns: Whether it did; not while another program reads.
    func emptyLog() throws -> Bool {
        let isEmpty = try access { database in
            // SQLite says that it is busy in the row, not by an error.
            let row = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            return row.flatMap { Int.fromDatabaseValue($0[0]) } == 0
        }
        try noteOwnChange()
        return isEmpty
    }

    /// The `PRAGMA auto_vacuum` of a database that frees pages on request.
    static let incremental = 2
}
