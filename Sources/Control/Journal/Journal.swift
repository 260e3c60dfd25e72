package import Access
internal import Dispatch
internal import Invites
internal import Logging
package import Runtime
package import Shell
internal import Synchronization

/// The journal in `STATE/journal`: who changed what, when, from where, and with which result.
///
/// A change is in it, on the disk, before it happens; when that cannot be, the change does not happen. Disks are waited
/// for on queues of its own, and never longer than ``timeout``. A journal that cannot be opened is tried again with
/// every change.
package final class Journal: ChangeRecorder {
    private struct State: Sendable {
        var files: JournalFiles?
        /// The entries whose commands run now, and their callers.
        var running: [Int64: Caller] = [:]
    }

    private let directory: String
    private let limits: JournalFiles.Limits
    private let dependencies: Dependencies
    private let state = Mutex(State())
    private let writing = DispatchQueue(label: "journal")
    private let reading = DispatchQueue(label: "journal.read")
    /// How many writes wait for the disk.
    private let waiting = Mutex(0)
    private let allowance = Mutex(JournalAllowance())

    /// How long a change waits for the disk.
    static let timeout = Duration.seconds(10)
    /// How many changes may wait for the disk.
    static let mostWaiting = 256

    /// - Parameter stateDirectory: The directory that holds `journal`. Nothing is touched there yet.
    package convenience init(stateDirectory: String, dependencies: Dependencies) {
        self.init(stateDirectory: stateDirectory, dependencies: dependencies, limits: JournalFiles.Limits())
    }

    init(stateDirectory: String, dependencies: Dependencies, limits: JournalFiles.Limits) {
        directory = stateDirectory + "/journal"
        self.dependencies = dependencies
        self.limits = limits
    }

    /// Makes the files that are missing. An obstacle is logged; changes are refused until it is removed.
    package func open() async {
        do throws(CommandFailure) {
            _ = try await write { files, _ throws(JournalProblem) in files.lastEntry }
        } catch {
            dependencies.logger.error("changes cannot be written down", metadata: ["reason": "\(error.message)"])
        }
    }

    /// Gives up the files and the lock, for tests of what the next process finds.
    func close() { state.withLock { $0.files = nil } }

    /// Blocks all writing until the function that it returns is called, for tests of disks that do not answer.
    func holdUp() -> @Sendable () -> Void {
        writing.suspend()
        return { [writing] in writing.resume() }
    }

    // MARK: Writing

    package func begin(_ invocation: Invocation, caller: Caller, hosts: [String]) async throws(CommandFailure) -> Int64
    {
        try await begin(invocation.line, caller: caller, hosts: hosts)
    }

    /// Records durably that something begins which no person typed.
    ///
    /// - Parameter command: What it does, as the command that would do it.
    /// - Returns: The number of the entry.
    /// - Throws: ``CommandFailure`` with ``ResultCode/unwritableJournal``; then it must not be done.
    package func begin(_ command: String, caller: Caller, hosts: [String]) async throws(CommandFailure) -> Int64 {
        try checkAllowance(of: caller)
        let time = dependencies.now()
        let mayUseLastRoom = caller.access.areOnAllHosts(as: .operator)
        return try await write { [self] files, running throws(JournalProblem) in
            if !mayUseLastRoom { try files.checkRoom() }
            let begin = JournalLine.Begin(try files.nextEntry(), command, caller: caller, hosts: hosts, at: time)
            charge(try files.append([.begin(begin)]), to: caller)
            running[begin.number] = caller
            return begin.number
        } tooLate: { files, running, number in
            // The command was refused, so it is neither running nor interrupted.
            running[number] = nil
            let end = JournalLine.End(number, .unwritableJournal, nil, hosts: [], at: time)
            _ = try? files.append([.end(end)])
        }
    }

    package func end(_ entry: Int64, code: ResultCode, outcome: Outcome?) async {
        let end = JournalLine.End(entry, code, outcome, hosts: outcome?.hosts ?? [], at: dependencies.now())
        do throws(CommandFailure) {
            // It was admitted when it began.
            try await write(isBounded: false) { [self] files, running throws(JournalProblem) in
                let caller = running.removeValue(forKey: entry)
                let bytes = try files.append([.end(end)])
                if let caller { charge(bytes, to: caller) }
            }
        } catch {
            dependencies.logger.error(
                "how a change ended cannot be written down",
                metadata: ["entry": "\(entry)", "code": "\(code.rawValue)", "reason": "\(error.message)"])
        }
    }

    /// Writes down what the daemon has done by itself, such as an undo when the time to confirm ran out.
    ///
    /// - Parameter command: What it did, as the command that would do it.
    package func record(_ command: String, origin: String, code: ResultCode = .ok, outcome: Outcome) async {
        let time = dependencies.now()
        do throws(CommandFailure) {
            try await write { files, _ throws(JournalProblem) in
                let number = try files.nextEntry()
                try files.append([
                    .begin(.init(number, command, caller: .daemon(origin), hosts: outcome.hosts, at: time)),
                    .end(.init(number, code, outcome, hosts: [], at: time)),
                ])
            }
        } catch {
            dependencies.logger.error(
                "what the daemon did cannot be written down",
                metadata: ["command": "\(command)", "from": "\(origin)", "reason": "\(error.message)"])
        }
    }

    // MARK: Bounds

    /// - Throws: ``CommandFailure`` with ``ResultCode/tooManyCommands`` for a caller who has written too much.
    private func checkAllowance(of caller: Caller) throws(CommandFailure) {
        guard let user = Self.boundedUser(caller) else { return }
        let delay = allowance.withLock { $0.delay(of: user, at: dependencies.uptime()) }
        guard delay > 0 else { return }
        let time = Timestamp(millisecondsSinceEpoch: dependencies.now().millisecondsSinceEpoch + delay)
        throw CommandFailure(
            .tooManyCommands,
            "you have changed so much that the journal takes no more of it until \(JournalLine.format(time))",
            hint: "in a day it takes \(JournalAllowance.most >> 20) MiB of one user's, some ten thousand changes")
    }

    private func charge(_ bytes: Int, to caller: Caller) {
        guard let user = Self.boundedUser(caller) else { return }
        allowance.withLock { $0.charge(bytes, to: user, at: dependencies.uptime()) }
    }

    /// Not the daemon, nor admins of all hosts: they have to be able to end a problem that other users cause.
    private static func boundedUser(_ caller: Caller) -> UInt32? {
        caller.access.areOnAllHosts(as: .admin) ? nil : caller.uid
    }

    // MARK: Reading

    /// The entries that a filter chooses, the newest first, as they are now.
    package func search(_ filter: JournalFilter) async throws(CommandFailure) -> JournalSearch {
        let cursor = try await run(on: reading) { [self] () throws(JournalProblem) in
            try withFiles { files, running throws(JournalProblem) in files.cursor(running: Set(running.keys)) }
        }
        return JournalSearch(journal: self, cursor: cursor, filter: filter)
    }

    /// Reads on, on a thread that may wait for the disk.
    func advance(_ cursor: JournalCursor) async throws(CommandFailure) -> (JournalCursor, [JournalEntry]?) {
        try await run(on: reading) { () throws(JournalProblem) in
            var cursor = cursor
            let entries = try cursor.next()
            return (cursor, entries)
        }
    }

    // MARK: Waiting for disks

    private typealias Work<Value> =
        @Sendable (inout JournalFiles, inout [Int64: Caller]) throws(JournalProblem) -> Value

    /// Does something with the files, which it opens if they are not. Waits for the disk.
    private func withFiles<Value: Sendable>(_ body: Work<Value>) throws(JournalProblem) -> Value {
        try state.withLock { state throws(JournalProblem) in
            var files: JournalFiles
            if let open = state.files { files = open } else { files = try JournalFiles(directory, limits: limits) }
            defer { state.files = files }
            return try body(&files, &state.running)
        }
    }

    /// - Parameter tooLate: Takes it back where it was done after the caller had given up.
    private func write<Value: Sendable>(
        isBounded: Bool = true, _ body: @escaping Work<Value>,
        tooLate: @escaping @Sendable (inout JournalFiles, inout [Int64: Caller], Value) -> Void = { _, _, _ in }
    ) async throws(CommandFailure) -> Value {
        let isFull = waiting.withLock { waiting in
            if isBounded, waiting >= Self.mostWaiting { return true }
            waiting += 1
            return false
        }
        if isFull { throw Self.failure("\(Self.mostWaiting) changes wait for the disk") }
        return try await run(on: writing) { [self] () throws(JournalProblem) in
            defer { waiting.withLock { $0 -= 1 } }
            return try withFiles(body)
        } tooLate: { [self] value in
            _ = try? withFiles { files, running throws(JournalProblem) in tooLate(&files, &running, value) }
        }
    }

    private func run<Value: Sendable>(
        on queue: DispatchQueue, _ body: @escaping @Sendable () throws(JournalProblem) -> Value,
        tooLate: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws(CommandFailure) -> Value {
        let race = Race<Result<Value, JournalProblem>>()
        let timeout = Task { [sleep = dependencies.sleep] in
            guard (try? await sleep(Self.timeout)) != nil else { return }
            race.end(.failure(JournalProblem("the disk did not answer within \(Self.timeout)")))
        }
        defer { timeout.cancel() }
        let result = await withCheckedContinuation { continuation in
            race.begin(continuation)
            queue.async {
                let result = Result { () throws(JournalProblem) in try body() }
                if !race.end(result), case .success(let value) = result { tooLate(value) }
            }
        }
        do throws(JournalProblem) {
            return try result.get()
        } catch {
            throw Self.failure(error.description)
        }
    }

    private static func failure(_ reason: String) -> CommandFailure {
        CommandFailure(.unwritableJournal, "the journal does not work: \(reason)")
    }
}

/// Entries of the journal, read piece by piece on demand.
package struct JournalSearch: Sendable {
    let journal: Journal
    var cursor: JournalCursor
    let filter: JournalFilter

    /// Lines so far that are none.
    package var damagedLines: Int { cursor.damagedLines }
    /// Paths so far where there are no regular files.
    package var damagedFiles: [String] { cursor.damagedFiles }

    /// Some further entries, the newest first, possibly none; `nil` when there are no more.
    package mutating func next() async throws(CommandFailure) -> [JournalEntry]? {
        let entries: [JournalEntry]?
        (cursor, entries) = try await journal.advance(cursor)
        guard let entries, !entries.contains(where: filter.isOver) else {
            cursor.finish()
            return entries?.filter(filter.matches)
        }
        return entries.filter(filter.matches)
    }
}
