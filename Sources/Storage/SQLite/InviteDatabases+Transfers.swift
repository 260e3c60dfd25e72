internal import CSQLiteSettings
internal import Dispatch
internal import GRDB
internal import Glibc
package import Invites
internal import Runtime
internal import Synchronization

extension InviteDatabases {
    package func backUp(_ host: String, at now: Timestamp) async throws -> BackupFile {
        let directory = try openDirectory()
        guard let path = directory.path(of: host) else { throw StoreError.noName(host) }
        return try await apart { interruption in
            try self.claiming(host) {
                try BackupCopy(path, in: directory, interruption).make(BackupMark(host: host, madeAt: now))
            }
        }
    }

    package func receiveBackup() throws(StoreError) -> IncomingBackup {
        try IncomingBackup(in: try openDirectory())
    }

    package func check(
        _ backup: IncomingBackup, for host: String, isAnyHost: Bool
    ) async throws -> BackupSummary {
        try await apart { interruption in
            do {
                try backup.finish()
                return try BackupCheck(backup.path, interruption).run(for: isAnyHost ? nil : host)
            } catch let error as BackupRefusal {
                throw error
            } catch {
                if interruption.isCancelled { throw CancellationError() }
                if (error as? DatabaseError)?.resultCode == .SQLITE_TOOBIG {
                    throw BackupRefusal.damaged("it has a value that is too long")
                }
                switch StoreError(error, path: backup.path) {
                case .corrupt: throw BackupRefusal.damaged("SQLite cannot read it")
                case let error: throw error
                }
            }
        }
    }

    package func restore(
        _ backup: IncomingBackup, of host: String, at now: Timestamp, keepsOpen: Bool
    ) async throws(StoreError) -> Restoration {
        guard claim(host) else { throw .busy }
        defer { release(host) }
        let restored = try await store(for: host).replace(with: backup.path, at: now, keepsOpen: keepsOpen)
        return withExtendedLifetime(backup) { restored }
    }

    // MARK: One at a time

    private func claim(_ host: String) -> Bool { transfers.withLock { $0.insert(host).inserted } }
    private func release(_ host: String) { transfers.withLock { _ = $0.remove(host) } }

    private func claiming<Value>(_ host: String, _ body: () throws -> Value) throws -> Value {
        guard claim(host) else { throw StoreError.busy }
        defer { release(host) }
        return try body()
    }
}

extension StoreError {
    static func noName(_ host: String) -> StoreError { .io("\(host) cannot be the name of a database file") }
}

/// Makes a backup of a database that is in use: over another connection, which sees what is committed and blocks no
/// further commits.
private struct BackupCopy {
    let path: String
    let directory: StateDirectory
    let interruption: Interruption

    init(_ path: String, in directory: StateDirectory, _ interruption: Interruption) {
        self.path = path
        self.directory = directory
        self.interruption = interruption
    }

    func make(_ mark: BackupMark) throws -> BackupFile {
        let target = directory.temporaryPath()
        defer { StateDirectory.removeTemporary(target) }
        do {
            let size = try (FileStamp(path)?.size ?? 0) + (FileStamp(path + "-wal")?.size ?? 0)
            try directory.checkRoom(for: Int(size))
            try StateDirectory.createFile(target)
            if StateDirectory.exists(path) { try copy(to: target) } else { try makeEmpty(target) }
            let count = try finish(target, mark)
            let file = try OpenFile(target, O_RDONLY)
            return BackupFile(
                file: file, size: Int(try file.status().st_size), count: count, madeAt: mark.madeAt)
        } catch let error as FileError {
            throw StoreError(error)
        } catch {
            if interruption.isCancelled { throw CancellationError() }
            throw StoreError(error, path: path)
        }
    }

    private func copy(to target: String) throws {
        let source = try DatabaseQueue(path: path, configuration: .transfer(isReadOnly: true))
        try interruption.watch(source) {
            try source.inDatabase { database in
                guard try Int32.fetchOne(database, sql: "PRAGMA application_id") == Schema.applicationID else {
                    throw StoreError.foreign
                }
                try database.execute(sql: "VACUUM INTO ?", arguments: [target])
            }
        }
        try source.close()
    }

    /// A host without a database has no invites.
    private func makeEmpty(_ target: String) throws {
        let empty = try InviteDatabase.open(target)
        _ = try empty.emptyLog()
        try empty.close()
    }

    private func finish(_ target: String, _ mark: BackupMark) throws -> Int {
        let copy = try DatabaseQueue(path: target, configuration: .transfer(isReadOnly: false))
        let count = try copy.inDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF")
            try mark.write(database)
            return try Int.fetchOne(database, sql: "SELECT count(*) FROM invite") ?? 0
        }
        try copy.close()
        return count
    }
}

/// Checks a file from an untrusted source.
private struct BackupCheck {
    let path: String
    let interruption: Interruption

    init(_ path: String, _ interruption: Interruption) {
        self.path = path
        self.interruption = interruption
    }

    /// - Parameter host: The host that it has to be of; `nil` for any.
    func run(for host: String?) throws -> BackupSummary {
        let mark = try lookAt()
        if let host {
            guard let mark else { throw BackupRefusal.unnamedHost }
            guard mark.host == host else { throw BackupRefusal.otherHost(mark.host) }
        }
        let database = try InviteDatabase.open(path)
        defer { try? database.close() }
        let count = try bringUpToDate(database)
        _ = try database.emptyLog()
        return BackupSummary(count: count, madeAt: mark?.madeAt)
    }

    /// Reads it as it was received, without running anything in its schema.
    private func lookAt() throws -> BackupMark? {
        let queue = try DatabaseQueue(path: path, configuration: .transfer(isReadOnly: false))
        defer { try? queue.close() }
        return try interruption.watch(queue) {
            try queue.inDatabase { database in
                if let connection = database.sqliteConnection {
                    invited_sqlite_limit_length(UnsafeMutableRawPointer(connection), Self.longestValue)
                }
                try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
                try Schema.check(database)
                try readAll(database)
                guard let verdict = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)"), verdict == "ok"
                else {
                    throw BackupRefusal.damaged("SQLite's integrity check fails")
                }
                return try BackupMark.read(database)
            }
        }
    }

    /// Reads every value that is read later without a limit, in memory that all hosts share.
    private func readAll(_ database: Database) throws {
        for table in try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'") {
            let values = try database.columns(in: table).map { "coalesce(\($0.name.quotedDatabaseIdentifier), '')" }
            let all = "SELECT count(\(values.joined(separator: " || "))) FROM \(table.quotedDatabaseIdentifier)"
            _ = try Int.fetchOne(database, sql: all)
        }
    }

    /// Longer than any that invited writes.
    private static let longestValue: CInt = 1 << 20

    private func bringUpToDate(_ database: InviteDatabase) throws -> Int {
        try database.access { try BackupMark.remove($0) }
        var (count, next): (Int, Int64?) = (0, 0)
        while let start = next {
            if interruption.isCancelled { throw CancellationError() }
            let page: InvitePage
            do {
                page = try database.page(InviteFilter(), after: start, through: .max, limit: 1_000)
            } catch StoreError.corrupt {
                throw BackupRefusal.damaged("it has an invite that cannot be")
            }
            count += page.invites.count
            next = page.next
        }
        try readRedemptions(database)
        let last = try database.access { try Int64.fetchOne($0, sql: Self.lastNumber) ?? 0 }
        let first = try database.access { try Int64.fetchOne($0, sql: Self.firstNumber) ?? 1 }
        // The next invite needs a number, too.
        guard first > 0, last < 1 << 53 else { throw BackupRefusal.damaged("its invites have numbers that cannot be") }
        return count
    }

    private func readRedemptions(_ database: InviteDatabase) throws {
        var next: Int64? = 0
        while let start = next {
            if interruption.isCancelled { throw CancellationError() }
            do {
                next = try database.redemptions(RedemptionFilter(), after: start, limit: 1_000).next
            } catch StoreError.corrupt {
                throw BackupRefusal.damaged("it has a redemption that cannot be")
            }
        }
        next = 0
        while let start = next {
            if interruption.isCancelled { throw CancellationError() }
            do {
                next = try database.access {
                    try InviteDatabase.tasks("WHERE id > ? ORDER BY id LIMIT 1000", [start], $0).last?.task.number
                }
            } catch StoreError.corrupt {
                throw BackupRefusal.damaged("it has a task that cannot be")
            }
        }
    }

    private static let firstNumber = """
        SELECT min(number) FROM (
            SELECT min(id) AS number FROM invite UNION ALL SELECT min(id) FROM redemption
            UNION ALL SELECT min(id) FROM task)
        """
    private static let lastNumber = """
        SELECT max(number) FROM (
            SELECT max(id) AS number FROM invite UNION ALL SELECT max(id) FROM redemption
            UNION ALL SELECT max(id) FROM task
            UNION ALL SELECT max(seq) FROM sqlite_sequence WHERE name IN ('invite', 'redemption', 'task'))
        """
}

extension Configuration {
    fileprivate static func transfer(isReadOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.label = "transfer"
        configuration.readonly = isReadOnly
        configuration.busyMode = .timeout(1)
        configuration.qos = .default
        configuration.allowsUnsafeTransactions = true
        return configuration
    }
}
