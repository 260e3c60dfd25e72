/// What a call does with a database, which decides what is done where there is none, or no room.
enum Purpose: Hashable, Sendable {
    /// Reads; no database is made for it.
    case reading
    /// Changes existing rows; no database is made for it.
    case changing
    /// Removes rows; no database is made for it.
    case removing
    /// Tries whether it works; one is made.
    case checking
    /// Tidies up after calls; no database is made for it.
    case tidying

    /// Whether it may use the room that is reserved for such calls: in the end it takes none, or frees some.
    var mayUseReserve: Bool {
        switch self {
        case .reading, .removing, .tidying: true
        case .changing, .checking: false
        }
    }
}

/// What one host's database is asked to do.
enum Job: Sendable {
    /// Store something durably, in a transaction that the jobs after it share.
    case store(Storing)
    /// Do something else with the open database, or with `nil` when there is none and none is to be made. It may be
    /// called again, where it failed.
    case call(Purpose, @Sendable (Result<InviteDatabase?, StoreError>) -> Outcome)
    /// Close the database, then call back.
    case close(@Sendable () -> Void)

    /// What is to be stored.
    struct Storing: Sendable {
        /// How much of a turn and of the queue's room it takes, in rows.
        let rows: Int
        /// Whether a database is made for it where there is none.
        let makesDatabase: Bool
        /// Writes in the transaction, or is called with `nil` where there is no database. What it returns is called once
        /// all is durable. It may be called again, where the transaction failed.
        let write: @Sendable (InviteDatabase.Transaction?) throws -> () -> Void
        /// Called instead where nothing of the transaction was stored.
        let fail: @Sendable (StoreError) -> Void
    }

    /// The result of a call. The owner answers, once it has done with the database what the error requires: a caller
    /// that learns of damage may rely on the damaged file being closed.
    struct Outcome {
        /// What went wrong, if anything.
        let error: StoreError?
        /// Calls back.
        let answer: () -> Void
    }

    /// Whether it may change what the database holds.
    var mayChange: Bool { if case .call(.reading, _) = self { false } else { true } }

    /// How much of the queue's room the job takes, in rows.
    var weight: Int {
        switch self {
        case .store(let storing): max(storing.rows, 1)
        case .call(.tidying, _): 0
        case .call: 1
        case .close: 0
        }
    }
}

/// The jobs of one host in the order of arrival, and which thread works on them.
///
/// A pure state machine: its owner does what the methods' results say. A host is *in line* while the writers have one
/// turn of it in their queue, and *held* while a thread works with its database or closes it. It is held by one thread
/// at most, so that jobs are done one after the other; and it is in line once at most, so that every other host has a
/// turn before its next.
struct JobQueue: Sendable {
    /// The rows that may wait, more are refused.
    let capacity: Int
    /// How many rows one turn takes, unless a single job has more.
    let rowsPerTurn: Int

    private var waiting: [Job] = []
    private(set) var waitingRows = 0
    private var isInLine = false
    private(set) var isHeld = false
    private var isFinished = false

    init(capacity: Int, rowsPerTurn: Int, isFinished: Bool = false) {
        self.capacity = capacity
        self.rowsPerTurn = rowsPerTurn
        self.isFinished = isFinished
    }

    /// Accepts a job.
    ///
    /// - Returns: Whether the owner is to get in line now.
    /// - Throws: ``StoreError/overloaded`` or ``StoreError/closed``.
    mutating func append(_ job: Job) throws(StoreError) -> Bool {
        if isFinished { throw .closed }
        guard waitingRows + job.weight <= capacity else { throw .overloaded }
        return accept(job)
    }

    /// Accepts a last job, and none after it.
    ///
    /// - Returns: Whether the owner is to get in line now.
    mutating func finish(with job: Job) -> Bool {
        isFinished = true
        return accept(job)
    }

    private mutating func accept(_ job: Job) -> Bool {
        waiting.append(job)
        waitingRows += job.weight
        return getInLine()
    }

    private mutating func getInLine() -> Bool {
        guard !waiting.isEmpty, !isInLine, !isHeld else { return false }
        isInLine = true
        return true
    }

    /// Begins the turn that the owner was in line for.
    ///
    /// - Returns: The jobs of this turn, either one or several that all store something. After them the owner calls
    ///   ``release()``. None when another thread holds the host: that one will get in line again.
    mutating func takeTurn() -> [Job] {
        isInLine = false
        guard !isHeld, !waiting.isEmpty else { return [] }
        isHeld = true
        var count = 1
        var rows = waiting[0].weight
        if case .store = waiting[0] {
            while count < waiting.count, case .store = waiting[count], rows + waiting[count].weight <= rowsPerTurn {
                rows += waiting[count].weight
                count += 1
            }
        }
        let jobs = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        waitingRows -= rows
        return jobs
    }

    /// Holds the host for another purpose than its jobs, unless a thread holds it already.
    mutating func claim() -> Bool {
        guard !isHeld else { return false }
        isHeld = true
        return true
    }

    /// Ends a turn or a claim.
    ///
    /// - Returns: Whether the owner is to get in line again.
    mutating func release() -> Bool {
        isHeld = false
        return getInLine()
    }

    /// Gives up all that waits, and accepts nothing more.
    mutating func abandon() -> [Job] {
        isFinished = true
        isInLine = false
        defer {
            waiting = []
            waitingRows = 0
        }
        return waiting
    }
}
