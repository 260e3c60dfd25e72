internal import Glibc
internal import Synchronization

/// The file of the host's database, while the host is held: opening, closing, and what other processes do to it.
extension InviteStore {
    /// The open database; `nil` when there is none to be opened.
    func existingDatabase() throws -> InviteDatabase? {
        if state.withLock({ $0.database == nil }), let path, !StateDirectory.exists(path) { return nil }
        return try openedDatabase()
    }

    /// The open database, made if there is none, whose file is the one at its path.
    func openedDatabase() throws -> InviteDatabase {
        if let database = state.withLock({ $0.database }) {
            openDatabases.noteUse(of: self)
            return try recovered(database, try database.fileState())
        }
        return try open()
    }

    /// Checks, after something was written, that it is in the file at the path.
    ///
    /// - Parameter version: As for ``InviteDatabase/fileStateAfterWriting(dataVersion:)``.
    func settle(_ database: InviteDatabase, dataVersion version: Int64? = nil) throws {
        _ = try recovered(database, try database.fileStateAfterWriting(dataVersion: version))
    }

    private func open() throws -> InviteDatabase {
        guard let path else { throw StoreError.io("\(host) cannot be the name of a database file") }
        openDatabases.makeRoom(for: self)?.closeClaimed()
        findReserve(of: path)
        defer { state.withLock { $0.isConverting = false } }
        while true {
            do {
                try StateDirectory.restoreDirectory(of: path)
                StateDirectory.removeSecondNames(of: path)
                let database = try InviteDatabase.open(path) { state.withLock { $0.isConverting = true } }
                let wasConverted = state.withLock { state in
                    state.database = database
                    return state.isConverting
                }
                findReserve(of: path)
                if wasConverted { report(.converted(path: path)) }
                return database
            } catch {
                // This store is held, and so is not chosen itself.
                if case StoreError.tooManyOpenFiles = error, let idle = openDatabases.evict() {
                    idle.closeClaimed()
                    continue
                }
                openDatabases.giveUp(self)
                throw error
            }
        }
    }

    /// A database that is a link to another disk has its own room there.
    private func findReserve(of path: String) {
        guard state.withLock({ $0.reserve }) == nil else { return }
        guard Self.isLink(path) else {
            state.withLock { $0.reserve = sharedReserve }
            return
        }
        // Where there is nothing yet, it is known once the database is made.
        guard let target = StateDirectory.resolved(path) else { return }
        state.withLock { $0.reserve = DiskReserve(target + "-reserve") }
    }

    func closeDatabase() {
        guard let database = state.withLock({ $0.database }) else { return }
        // Closing writes the log into the file at the path, which must not be another's.
        guard let current = try? recovered(database, try database.fileState()) else {
            // Either it is closed by now, or in no file: as long as it is open, it can be written to one.
            return
        }
        // What cannot be written back now stays in the log, from which the next opener reads it.
        try? current.close()
        forgetDatabase()
    }

    private func forgetDatabase() {
        state.withLock { $0.database = nil }
        openDatabases.giveUp(self)
    }

    /// Recovers from what other processes did to the file.
    ///
    /// - Returns: The database to use from now on.
    /// - Throws: ``StoreError/replaced(_:)`` when the file is another one by now; ``StoreError/removed(_:)`` while it
    ///   cannot be written again.
    private func recovered(_ database: InviteDatabase, _ files: FileState) throws -> InviteDatabase {
        switch files {
        case .unchanged: return database
        // Without its log the file lacks commits, which live only as long as it is open.
        case .removed, .logRemoved: return try writeAgain(database)
        case .replaced: throw setAside(database)
        }
    }

    /// Writes the open database to a new file at the path. The old one stays open until the new file is known to be
    /// there: it may be removed again.
    private func writeAgain(_ database: InviteDatabase) throws -> InviteDatabase {
        // A link whose target is missing now is kept.
        let path = Self.isLink(database.path) ? database.file : database.path
        let copy = path + "-new"
        let new: InviteDatabase
        do {
            try StateDirectory.restoreDirectory(of: path)
            try database.copy(to: copy)
            removeLog(of: path)
            try StateDirectory.move(copy, to: path)
            new = try InviteDatabase.open(database.path)
            // What was removed again before it was opened is now an empty file.
            guard try new.storedCount() == database.storedCount() else {
                new.abandon()
                throw StoreError.io("\(path) was removed once more")
            }
        } catch {
            unlink(copy)
            let failure = self.error(error)
            let reason = "\(failure)"
            report(.removed(path: path, reason: reason))
            if failure == .corrupt {
                // Nothing can be had from it any more, so that the next opener may begin with what is at the path.
                database.abandon()
                forgetDatabase()
                throw StoreError.removed("\(path) was removed, and what is open of it is damaged")
            }
            throw StoreError.removed("\(path) was removed while it was open, and cannot be written again: \(reason)")
        }
        database.abandon()
        state.withLock { $0.database = new }
        report(.writtenAgain(path: path))
        return new
    }

    /// Copies what the database holds beside the file that has its path now, and closes it.
    private func setAside(_ database: InviteDatabase) -> StoreError {
        let path = database.file
        let copy = Self.freePath(path + "-replaced")
        let isCopied = (try? database.copy(to: copy)) != nil
        // The log belongs to what was there before: applied to another file, it would damage that.
        if database.hasItsLog {
            if !isCopied { rename(path + "-wal", copy + "-wal") }
            removeLog(of: path)
        }
        database.abandon()
        forgetDatabase()
        report(.replaced(path: path, copy: isCopied ? copy : nil))
        return .replaced(StorageEvent(host: host, kind: .replaced(path: path, copy: isCopied ? copy : nil)).description)
    }

    private func removeLog(of path: String) {
        unlink(path + "-wal")
        unlink(path + "-shm")
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// The path, or the first of those numbered from 2, at which nothing is. Where that cannot be determined, creating
    /// the file fails.
    static func freePath(_ path: String) -> String {
        var (candidate, number, status) = (path, 1, stat())
        while lstat(candidate, &status) == 0 {
            number += 1
            candidate = "\(path)-\(number)"
        }
        return candidate
    }
}
