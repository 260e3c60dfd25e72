internal import Invites
internal import NIOPosix
internal import Synchronization

/// The invites of one host, in a database file of its own.
///
/// Every call is done in the order of arrival, by a writer thread that all hosts share. The database is opened at its
/// first use, and again after ``close()`` or when it had to make room for another host's. A host without a database has
/// no invites: only ``add(_:)`` and ``check()`` make one.
final class InviteStore: InviteRepository {
    let host: String

    struct State {
        var jobs: JobQueue
        var database: InviteDatabase? {
            didSet { recent.removeAll() }
        }
        var recent = RecentInvites()
        /// Room on the disk that the database is on, known once it was opened.
        var reserve: DiskReserve?
        var isConverting = false
        /// Whether pages are being freed, or are going to be.
        var givesBack = false
    }

    let path: String?
    private let writers: NIOThreadPool
    let openDatabases: OpenDatabases
    /// Room on the disk of the state directory.
    let sharedReserve: DiskReserve?
    let state: Mutex<State>
    /// Milliseconds of a monotonic clock.
    let uptime: @Sendable () -> Int64
    private let tell: @Sendable (StorageEvent) -> Void

    /// - Parameters:
    ///   - path: The database file, `nil` for a host that cannot have one.
    ///   - reserve: Room on the disk of the state directory.
    ///   - isFinished: Whether it is too late to use the store.
    init(
        host: String, path: String?, reserve: DiskReserve?, writers: NIOThreadPool, openDatabases: OpenDatabases,
        isFinished: Bool, uptime: @escaping @Sendable () -> Int64, report: @escaping @Sendable (StorageEvent) -> Void
    ) {
        self.host = host
        self.uptime = uptime
        self.path = path
        sharedReserve = reserve
        self.writers = writers
        self.openDatabases = openDatabases
        tell = report
        state = Mutex(State(jobs: JobQueue(capacity: 16_384, rowsPerTurn: 1_024, isFinished: isFinished)))
    }

    /// Does all that was accepted, closes the database, and refuses all further calls with ``StoreError/closed``.
    func finish() async {
        await withCheckedContinuation { continuation in
            let getInLine = state.withLock { $0.jobs.finish(with: .close { continuation.resume() }) }
            if getInLine { self.getInLine() }
        }
    }

    var activity: RepositoryActivity? {
        state.withLock { $0.isConverting ? .conversion : $0.jobs.isHeld ? .call : nil }
    }

    /// The rows that wait for their turn now; other calls than ``add(_:)`` count as one.
    var waitingRows: Int {
        state.withLock { $0.jobs.waitingRows }
    }

    func report(_ kind: StorageEvent.Kind) { tell(StorageEvent(host: host, kind: kind)) }

    /// Runs `body` with the open database when the host's turn comes; `nil` if there is none and none is made.
    func perform<Value: Sendable>(
        _ purpose: Purpose, _ body: @escaping @Sendable (InviteDatabase) throws -> Value
    ) async throws(StoreError) -> Value? {
        let result: Result<Value?, StoreError> = await withCheckedContinuation { continuation in
            let job = Job.call(purpose) { database in
                let result = Result { try database.get().map(body) }.mapError { self.error($0) }
                return Job.Outcome(error: result.failure) { continuation.resume(returning: result) }
            }
            submit(job) { continuation.resume(returning: .failure($0)) }
        }
        return try result.get()
    }

    /// Runs `body` in a shared transaction in the host's turn, and returns once that is durable; `nil` is passed where
    /// there is no database and none is made.
    func store<Value: Sendable>(
        rows: Int, makesDatabase: Bool = false,
        _ body: @escaping @Sendable (InviteDatabase.Transaction?) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let storing = Job.Storing(rows: rows, makesDatabase: makesDatabase) { transaction in
                let value = try body(transaction)
                return { continuation.resume(returning: .success(value)) }
            } fail: { error in
                continuation.resume(returning: .failure(error))
            }
            submit(.store(storing), refused: storing.fail)
        }
        return try result.get()
    }

    /// Frees the room of removed rows, bit by bit, between other calls.
    func giveBack() {
        let isFirst = state.withLock { state in
            defer { state.givesBack = true }
            return !state.givesBack
        }
        if isFirst { giveBackSome() }
    }

    private func giveBackSome() {
        let job = Job.call(.tidying) { database in
            let result = Result { try database.get().map(self.giveBackSome) ?? false }.mapError { self.error($0) }
            return Job.Outcome(error: result.failure) {
                if (try? result.get()) == true {
                    self.giveBackSome()
                } else {
                    self.state.withLock { $0.givesBack = false }
                }
            }
        }
        submit(job) { _ in state.withLock { $0.givesBack = false } }
    }

    private func giveBackSome(_ database: InviteDatabase) throws -> Bool {
        let reserve = state.withLock { $0.reserve }
        let hasRoom = reserve?.hold() ?? true
        let isMore = try database.giveBack(pages: hasRoom ? 128 : 8)
        if !isMore || !hasRoom { _ = try database.emptyLog() }
        reserve?.hold()
        return isMore
    }
}

// MARK: - Taking turns

extension InviteStore {
    func submit(_ job: Job, refused: (StoreError) -> Void) {
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
        let jobs = state.withLock { state in
            let jobs = state.jobs.takeTurn()
            // Before anything is changed: a request from now on waits for the turn after it.
            if let first = jobs.first, first.mayChange { state.recent.removeAll() }
            return jobs
        }
        guard let first = jobs.first else { return }
        switch first {
        case .store: store(jobs)
        case .call(let purpose, let body): call(purpose, body)
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
            case .store(let storing): storing.fail(.closed)
            case .call(_, let body): body(.failure(.closed)).answer()
            case .close(let done): done()
            }
        }
    }

    /// Holds the host so that its database can be closed by ``closeClaimed()``, unless it is at work.
    func claim() -> Bool {
        state.withLock { $0.jobs.claim() }
    }

    /// Closes the database of a host that was claimed, and releases the host.
    func closeClaimed() {
        closeDatabase()
        release()
    }
}

// MARK: - While the host is held

extension InviteStore {
    private func store(_ jobs: [Job]) {
        let storings = jobs.compactMap { job in
            if case .store(let storing) = job { storing } else { nil }
        }
        var result = stored(storings)
        if case .failure(.full) = result, emptyLog() { result = stored(storings) }
        switch result {
        case .success(let answers):
            openDatabases.noteCommit()
            for answer in answers { answer() }
        case .failure(let error):
            closeDatabase(ifSpoiledBy: error)
            for storing in storings { storing.fail(error) }
        }
    }

    private func stored(_ storings: [Job.Storing]) -> Result<[() -> Void], StoreError> {
        Result {
            let isMade = storings.contains(where: \.makesDatabase)
            guard let database = isMade ? try openedDatabase() : try existingDatabase() else {
                return try storings.map { try $0.write(nil) }
            }
            guard state.withLock({ $0.reserve })?.hold() ?? true else { throw StoreError.full }
            let (answers, version) = try database.store(storings.map(\.write))
            try settle(database, dataVersion: version)
            return answers
        }.mapError { error in
            noteFiles()
            return self.error(error)
        }
    }

    /// On a full disk: the log, which mostly holds pages several times, may be most of what the host takes.
    private func emptyLog() -> Bool {
        guard let database = state.withLock({ $0.database }) else { return false }
        defer { noteFiles() }
        return (try? database.emptyLog()) == true
    }

    /// Has what was written without success, or half, taken for the host's own.
    private func noteFiles() {
        _ = try? state.withLock({ $0.database })?.fileStateAfterWriting()
    }

    private func call(_ purpose: Purpose, _ body: (Result<InviteDatabase?, StoreError>) -> Job.Outcome) {
        var outcome = attempt(purpose, body)
        if outcome.error == .full, emptyLog() { outcome = attempt(purpose, body) }
        if outcome.error == .full, purpose.mayUseReserve, releaseReserve() { outcome = attempt(purpose, body) }
        if let error = outcome.error { closeDatabase(ifSpoiledBy: error) }
        outcome.answer()
    }

    private func attempt(
        _ purpose: Purpose, _ body: (Result<InviteDatabase?, StoreError>) -> Job.Outcome
    ) -> Job.Outcome {
        let database = Result {
            let database = purpose == .checking ? try openedDatabase() : try existingDatabase()
            if purpose == .checking, !(state.withLock({ $0.reserve })?.hold() ?? true) { throw StoreError.full }
            return database
        }.mapError { error($0) }
        let outcome = body(database)
        if outcome.error != nil { noteFiles() }
        guard outcome.error == nil, purpose != .reading, case .success(let used?) = database else { return outcome }
        do {
            try settle(used)
            return outcome
        } catch {
            return body(.failure(self.error(error)))
        }
    }

    private func releaseReserve() -> Bool {
        (state.withLock { $0.reserve } ?? sharedReserve)?.release() ?? false
    }

    private func closeDatabase(ifSpoiledBy error: StoreError) {
        if error.spoilsConnection { closeDatabase() }
    }

    /// The meaning of an error that occurred with this host's database.
    func error(_ error: any Error) -> StoreError { StoreError(error, path: path ?? host) }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
