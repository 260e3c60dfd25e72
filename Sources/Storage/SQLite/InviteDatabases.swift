internal import CSQLiteSettings
internal import NIOPosix
internal import Runtime
internal import Synchronization

/// The databases of all hosts, `DIRECTORY/hosts/HOST.sqlite3`, with their shared writers.
///
/// The directory belongs to one process at a time. A few writer threads serve all hosts in turn, and only so many
/// databases are open at once, so ten thousand hosts cost no more threads or descriptors than ten.
package final class InviteDatabases: InviteRepositories {
    private struct State {
        var stores: [String: InviteStore] = [:]
        /// Held until the last database is closed; releasing it admits the next process.
        var directory: StateDirectory?
    }

    private let writers: NIOThreadPool
    private let writerCount: Int
    let openDatabases: OpenDatabases
    private let state: Mutex<State>
    /// The hosts whose files are being copied or replaced, one of both at a time.
    let transfers = Mutex<Set<String>>([])
    private let uptime: @Sendable () -> Int64
    private let report: @Sendable (StorageEvent) -> Void

    /// As ``init(directory:maximumOpen:writers:report:)``, without reports.
    package convenience init(directory: String, maximumOpen: Int, writers: Int) throws(StoreError) {
        try self.init(directory: directory, maximumOpen: maximumOpen, writers: writers, report: { _ in })
    }

    /// Takes the directory, made with access for its owner only if it is missing, and starts the writers.
    ///
    /// - Parameters:
    ///   - directory: The path of the state directory, whose parent exists.
    ///   - maximumOpen: How many databases may be open at once, each with up to three descriptors and some 60 KiB of
    ///     memory; at least `writers`.
    ///   - writers: The number of threads that do the work, at least one.
    ///   - uptime: Milliseconds of a monotonic clock.
    ///   - report: Called with what operators need to know, on any thread. It must not block.
    /// - Throws: ``StoreError/directoryInUse(_:)`` when another process has it, otherwise why it cannot be used.
    package init(
        directory: String, maximumOpen: Int, writers: Int,
        uptime: @escaping @Sendable () -> Int64 = Dependencies.systemUptime,
        report: @escaping @Sendable (StorageEvent) -> Void
    ) throws(StoreError) {
        self.uptime = uptime
        self.report = report
        _ = Self.configureSQLite
        let writerCount = max(writers, 1)
        openDatabases = OpenDatabases(limit: max(maximumOpen, writerCount))
        state = Mutex(State(directory: try StateDirectory(directory)))
        self.writerCount = writerCount
        self.writers = NIOThreadPool(numberOfThreads: writerCount)
        self.writers.start()
    }

    deinit {
        // Only ends the threads if ``shutdown()`` was not called.
        writers.shutdownGracefully { _ in }
    }

    /// Saves memory in every database, but only as the first call of SQLite in the process; too late does no harm.
    private static let configureSQLite = invited_sqlite_configure()

    func store(for host: String) -> InviteStore {
        state.withLock { state in
            if let store = state.stores[host] { return store }
            let store = InviteStore(
                host: host, path: state.directory?.path(of: host), reserve: state.directory?.reserve, writers: writers,
                openDatabases: openDatabases, isFinished: state.directory == nil,
                uptime: uptime, report: report)
            state.stores[host] = store
            return store
        }
    }

    /// The directory, until it is released.
    func openDirectory() throws(StoreError) -> StateDirectory {
        guard let directory = state.withLock({ $0.directory }) else { throw .closed }
        return directory
    }

    package func repository(of host: String) -> any InviteRepository { store(for: host) }

    package func hostsWithInvites() throws(StoreError) -> [String] {
        try openDirectory().hostsWithDatabase().sorted()
    }

    package func hostsWithInvites(among candidates: [String]) throws(StoreError) -> [String] {
        try openDirectory().hostsWithDatabase(among: candidates)
    }

    package func openAhead(_ hosts: [String], before isLate: @escaping @Sendable () -> Bool) async {
        let names = await run { [self] in
            NewDatabase.prepare()
            return (try? openDirectory().latest(openDatabases.limit, of: hosts)) ?? []
        }
        guard let names else { return }
        // Disks that do not answer occupy no more of the writers than this.
        let lanes = max(writerCount / 2, 1)
        await withDiscardingTaskGroup { group in
            for lane in 0..<lanes {
                group.addTask {
                    for index in stride(from: lane, to: names.count, by: lanes) where !isLate() {
                        // Whatever is wrong with it shows again when it is used.
                        _ = try? await self.store(for: names[index]).perform(.reading) { try $0.prepare() }
                    }
                }
            }
        }
    }

    /// Runs `body` on a writer's thread.
    private func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            writers.submit { continuation.resume(returning: $0 == .active ? body() : nil) }
        }
    }

    package func shutdown() async {
        // Stores that are made from now on begin as finished; the lock stays until the others are.
        let (stores, directory) = state.withLock { state in
            defer { state.directory = nil }
            return (Array(state.stores.values), state.directory)
        }
        await withDiscardingTaskGroup { group in
            for store in stores { group.addTask { await store.finish() } }
        }
        try? await writers.shutdownGracefully()
        withExtendedLifetime(directory) {}
    }
}
