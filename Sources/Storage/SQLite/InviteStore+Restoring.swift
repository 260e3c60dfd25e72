internal import GRDB
internal import Glibc
internal import Invites
internal import Synchronization

/// Gives a host another database, in its turn.
extension InviteStore {
    /// - Parameter new: The path of a sound database that is up to date and not in use.
    func replace(with new: String, at now: Timestamp, keepsOpen: Bool) async throws(StoreError) -> Restoration {
        let result: Result<Restoration, StoreError> = await withCheckedContinuation { continuation in
            // To the calls after it, it is as good as reading: what was open is closed.
            let job = Job.call(.reading) { current in
                let swap = Swap(store: self, new: new, now: now, keepsOpen: keepsOpen)
                let result = Result { try swap.run(current) }.mapError { self.error($0) }
                var error: StoreError?
                if case .failure(let failure) = result { error = failure }
                return Job.Outcome(error: error) { continuation.resume(returning: result) }
            }
            submit(job) { continuation.resume(returning: .failure($0)) }
        }
        return try result.get()
    }
}

private struct Swap {
    let store: InviteStore
    let new: String
    let now: Timestamp
    let keepsOpen: Bool

    /// May be called again where it failed.
    func run(_ current: Result<InviteDatabase?, StoreError>) throws -> Restoration {
        guard let path = store.path else { throw StoreError.noName(store.host) }
        var running: InviteDatabase?
        switch current {
        case .success(let database): running = database
        // What cannot be used is what a backup is for.
        case .failure(.corrupt), .failure(.foreign), .failure(.newerSchema), .failure(.io): break
        case .failure(let error): throw error
        }
        let replaced = try? running?.storedCount()
        let file = StateDirectory.resolved(path)
        let (revoked, count) = try settle(with: running, of: file)
        let isReadable = replaced != nil
        running = nil
        store.closeDatabase()
        guard store.state.withLock({ $0.database == nil }) else {
            throw StoreError.removed("\(path) was removed, and cannot be written again")
        }
        // A link that leads to another disk stays.
        let place = file ?? path
        let kept = try file.map { try keep($0, isReadable: isReadable) }
        do {
            try put(place)
        } catch {
            if let file, let kept { StateDirectory.removeSecondName(kept, of: file) }
            throw error
        }
        return Restoration(count: count, revoked: revoked, replaced: replaced, kept: kept)
    }

    // MARK: What is good

    /// Makes the new database what it is to be from now on, and puts all of it into its file.
    private func settle(with running: InviteDatabase?, of file: String?) throws -> (revoked: Int, count: Int) {
        let database = try InviteDatabase.open(new)
        defer { try? database.close() }
        func settle(with running: String?) throws -> Int {
            try database.access {
                try RestoredDatabase(database: $0, now: now, keepsOpen: keepsOpen).settle(with: running)
            }
        }
        var revoked: Int
        do {
            revoked = try settle(with: running == nil ? nil : file)
        } catch let error as DatabaseError where Self.isDamage(error) {
            // The new one was found to be sound.
            revoked = try settle(with: nil)
        }
        let count = try database.storedCount()
        guard try database.emptyLog() else { throw StoreError.locked }
        return (revoked, count)
    }

    private static func isDamage(_ error: DatabaseError) -> Bool {
        [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_IOERR, .SQLITE_ERROR].contains(error.resultCode)
    }

    // MARK: Files

    /// Gives what was there a second name.
    private func keep(_ file: String, isReadable: Bool) throws -> String {
        let log = file + "-wal"
        let hasLog = StateDirectory.exists(log)
        // Its content is not in the file, or another program has both open: beside another file, a log destroys that.
        if hasLog, isReadable {
            throw StoreError.io("another program has \(file) open, or its log cannot be written back")
        }
        let kept = InviteStore.freePath("\(file)-\(Self.date(now))")
        try Self.link(file, kept)
        do {
            if hasLog { try Self.link(log, kept + "-wal") }
            try StateDirectory.synchronize(StateDirectory.directory(of: file))
        } catch {
            StateDirectory.removeSecondName(kept, of: file)
            throw error
        }
        unlink(log)
        unlink(file + "-shm")
        return kept
    }

    private static func link(_ file: String, _ name: String) throws {
        guard Glibc.link(file, name) == 0 else { throw StoreError(errno: errno, attempt: "link \(file) to \(name)") }
    }

    private func put(_ place: String) throws {
        try StateDirectory.restoreDirectory(of: place)
        if StateDirectory.directory(of: place) == StateDirectory.directory(of: new) {
            try StateDirectory.synchronizeFile(new)
            return try StateDirectory.move(new, to: place)
        }
        // On another disk.
        let copy = place + "-new"
        let database = try InviteDatabase.open(new)
        defer { try? database.close() }
        try database.copy(to: copy)
        try StateDirectory.move(copy, to: place)
    }

    /// In the form for a file's name: `20261128T183430Z`.
    private static func date(_ time: Timestamp) -> String {
        var seconds = time_t(time.millisecondsSinceEpoch / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ number: CInt, _ count: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(count - text.utf8.count, 0)) + text
        }
        return digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1) + digits(parts.tm_mday) + "T"
            + digits(parts.tm_hour) + digits(parts.tm_min) + digits(parts.tm_sec) + "Z"
    }
}
