public import Invites
internal import NIOPosix
internal import Synchronization

/// The invites of one host, in a database file of its own.
///
/// Every call is done in the order it came in, by a writer thread that all hosts share; no call does I/O on its
/// caller's thread. The database is opened at its first use, and again after ``close()`` or when it had to make room
/// for another host's. A host without a database has no invites: only ``add(_:)`` and ``check()`` make one.
///
/// A call that was accepted is done to its end, even if the task that waits for it is cancelled.
public final class InviteStore: Sendable {
    /// The host, prepared.
    public let host: String

    private struct State {
        var jobs: JobQueue
        var database: InviteDatabase?
    }

    private let path: String?
    private let writers: NIOThreadPool
    private let openDatabases: OpenDatabases
    private let state: Mutex<State>

    /// - Parameters:
    ///   - path: The database file, `nil` for a host that cannot have one.
    ///   - isFinished: Whether it is too late to use the store.
    init(host: String, path: String?, writers: NIOThreadPool, openDatabases: OpenDatabases, isFinished: Bool) {
        self.host = host
        self.path = path
        self.writers = writers
        self.openDatabases = openDatabases
        state = Mutex(State(jobs: JobQueue(capacity: 16_384, rowsPerTurn: 1_024, isFinished: isFinished)))
    }

    /// Adds invites. When this returns, all of them are on the disk and survive a crash and a power cut.
    ///
    /// Invites that other callers add meanwhile share the transaction, and its cost.
    ///
    /// - Throws: ``StoreError``; then none of them was added. ``StoreError/overloaded`` when more than 16,384 rows
    ///   would be waiting for this host.
    public func add(_ invites: [Invite]) async throws(StoreError) {
        if invites.isEmpty { return }
        _ = try await lastNumber(adding: invites)
    }

    /// Adds one invite, as ``add(_:)-([Invite])`` does.
    ///
    /// - Returns: Its number.
    public func add(_ invite: Invite) async throws(StoreError) -> Int64 {
        try await lastNumber(adding: [invite])
    }

    private func lastNumber(adding invites: [Invite]) async throws(StoreError) -> Int64 {
        let result: Result<Int64, StoreError> = await withCheckedContinuation { continuation in
            submit(.add(invites) { continuation.resume(returning: $0) }) { error in
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// The invite with `token`, whether or not it has expired.
    public func invite(withToken token: Token) async throws(StoreError) -> Invite? {
        try await read { try $0.invite(withToken: token) } ?? nil
    }

    /// The first `limit` invites in the order they were added, expired ones included.
    ///
    /// - Parameter inviter: Whose invites; `nil` for everybody's.
    public func invites(of inviter: Account? = nil, limit: Int = 1_000) async throws(StoreError) -> [Invite] {
        try await read { try $0.invites(of: inviter, limit: limit) } ?? []
    }

    /// Whether an invite that is still good at `time` fixes this username.
    public func isPromised(_ username: String, at time: Timestamp) async throws(StoreError) -> Bool {
        try await read { try $0.isPromised(username, at: time) } ?? false
    }

    /// How many invites there are, expired ones included.
    public func count() async throws(StoreError) -> Int {
        try await read { try $0.count() } ?? 0
    }

    /// Removes invites whose end of life is before `time`, up to `limit` of them, those first that expired first.
    ///
    /// - Returns: How many were removed. When that is `limit`, there may be more.
    @discardableResult
    public func removeExpired(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await read { try $0.removeExpired(before: time, limit: limit) } ?? 0
    }

    /// Proves that the store works: opens the database, made if there is none, reads all of it and writes to it.
    ///
    /// - Throws: ``StoreError``, the cause why it does not.
    public func check() async throws(StoreError) {
        _ = try await perform(creating: true) { try $0.check() }
    }

    /// Closes the database once all that was asked before is done. The next call opens it again.
    public func close() async {
        await withCheckedContinuation { continuation in
            submit(.close { continuation.resume() }) { _ in continuation.resume() }
        }
    }

    /// Does all that was accepted, closes the database, and refuses all further calls with ``StoreError/closed``.
    func finish() async {
        await withCheckedContinuation { continuation in
            let getInLine = state.withLock { $0.jobs.finish(with: .close { continuation.resume() }) }
            if getInLine { self.getInLine() }
        }
    }

    /// Whether a writer thread is at work with this host's database now.
    public var isAtWork: Bool {
        state.withLock { $0.jobs.isHeld }
    }

    /// The rows that wait for their turn now, for the status; other calls than ``add(_:)`` count as one.
    public var waitingRows: Int {
        state.withLock { $0.jobs.waitingRows }
    }

    /// Runs `body` with the open database when the host's turn comes; `nil` if there is none.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (InviteDatabase) throws -> Value
    ) async throws(StoreError) -> Value? {
        try await perform(creating: false, body)
    }

    /// Runs `body` with the open database when the host's turn comes.
    ///
    /// - Parameter creating: Whether to make the database if there is none; otherwise the result is then `nil`.
    func perform<Value: Sendable>(
        creating: Bool, _ body: @escaping @Sendable (InviteDatabase) throws -> Value
    ) async throws(StoreError) -> Value? {
        let result: Result<Value?, StoreError> = await withCheckedContinuation { continuation in
            let job = Job.call(creating: creating) { database in
                let result = Result { try database.get().map(body) }.mapError { StoreError($0) }
                return Job.Outcome(error: result.failure) { continuation.resume(returning: result) }
            }
            submit(job) { continuation.resume(returning: .failure($0)) }
        }
        return try result.get()
    }
}

// MARK: - Taking turns

extension InviteStore {
    private func submit(_ job: Job, refused: (StoreError) -> Void) {
        do throws(StoreError) {
            if try state.withLock({ state throws(StoreError) in try state.jobs.append(job) }) { getInLine() }
        } catch {
            refused(error)
        }
    }

    private func getInLine() {
        writers.submit { turn in
            switch turn {
            case .active: self.takeTurn()
            case .cancelled: self.abandon()
            }
        }
    }

    private func takeTurn() {
        let jobs = state.withLock { $0.jobs.takeTurn() }
        guard let first = jobs.first else { return }
        switch first {
        case .add: add(jobs)
        case .call(let creating, let body): call(creating: creating, body)
        case .close(let done):
            closeDatabase()
            done()
        }
        release()
    }

    private func release() {
        if state.withLock({ $0.jobs.release() }) { getInLine() }
    }

    private func abandon() {
        for job in state.withLock({ $0.jobs.abandon() }) {
            switch job {
            case .add(_, let done): done(.failure(.closed))
            case .call(_, let body): body(.failure(.closed)).answer()
            case .close(let done): done()
            }
        }
    }

    /// Holds the host so that its database can be closed by ``closeClaimed()``, unless it is at work.
    func claim() -> Bool {
        state.withLock { $0.jobs.claim() }
    }

    /// Closes the database of a host that was claimed, and lets the host go.
    func closeClaimed() {
        try? takeDatabase()?.close()
        release()
    }
}

// MARK: - While the host is held

extension InviteStore {
    private func add(_ jobs: [Job]) {
        let groups = jobs.compactMap { job in
            if case .add(let invites, _) = job { invites } else { nil }
        }
        let result = Result { try openedDatabase().add(groups) }.mapError { StoreError($0) }
        switch result {
        case .success(let numbers):
            openDatabases.noteCommit(of: groups.reduce(0) { $0 + $1.count })
            for case (.add(_, let done), let number) in zip(jobs, numbers) { done(.success(number)) }
        case .failure(.duplicate) where jobs.count > 1:
            // Whose token it was is nobody else's trouble.
            for job in jobs { add([job]) }
            return
        case .failure(let error):
            closeDatabase(ifSpoiledBy: error)
            for case .add(_, let done) in jobs { done(.failure(error)) }
        }
    }

    private func call(creating: Bool, _ body: (Result<InviteDatabase?, StoreError>) -> Job.Outcome) {
        let database = Result { creating ? try openedDatabase() : try existingDatabase() }.mapError { StoreError($0) }
        let outcome = body(database)
        if let error = outcome.error { closeDatabase(ifSpoiledBy: error) }
        outcome.answer()
    }

    private func existingDatabase() throws -> InviteDatabase? {
        if state.withLock({ $0.database == nil }), let path, !StateDirectory.exists(path) { return nil }
        return try openedDatabase()
    }

    private func openedDatabase() throws -> InviteDatabase {
        if let database = state.withLock({ $0.database }) {
            openDatabases.noteUse(of: self)
            return database
        }
        guard let path else { throw StoreError.io("\(host) cannot be the name of a database file") }
        openDatabases.makeRoom(for: self)?.closeClaimed()
        while true {
            do {
                let database = try InviteDatabase.open(path)
                state.withLock { $0.database = database }
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

    private func closeDatabase(ifSpoiledBy error: StoreError) {
        if error.spoilsConnection { closeDatabase() }
    }

    private func closeDatabase() {
        guard let database = takeDatabase() else { return }
        // What cannot be written back now stays in the log, from which the next opener reads it.
        try? database.close()
        openDatabases.giveUp(self)
    }

    private func takeDatabase() -> InviteDatabase? {
        state.withLock { state in
            defer { state.database = nil }
            return state.database
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
