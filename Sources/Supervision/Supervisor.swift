package import Configuration
internal import Dispatch
package import Invites
internal import Logging
package import Runtime
internal import Storage
package import XMPP

/// Runs one isolated service per host behind one component connection: starts, stops and reconfigures them as the
/// files say.
public actor Supervisor {
    /// The daemon's own settings that it runs with.
    package nonisolated let daemon: DaemonConfiguration
    var loader: ConfigurationLoader
    /// The reading of the files that is under way, and the one that begins after it.
    var reading: Task<FilesRead, Never>?
    var nextReading: Task<FilesRead, Never>?
    /// How often the files were read since the start.
    package var readings = 0
    /// What runs beneath the overrides.
    var base: BaseLayer
    /// By host, what was changed at run time; never empty. Also of hosts that come back if what waits to be confirmed is
    /// undone.
    var overrides: [String: SettingOverrides] = [:]
    var refused: [RefusedHost] {
        didSet { router.refused.replace(refused, since: surroundings.now()) }
    }
    /// Counts the changes of what runs, so that what was looked at before can be known to be outdated.
    var revision = 0
    nonisolated let resources: HostResources
    nonisolated let router: Router
    package nonisolated let surroundings: Dependencies
    /// When it was made.
    package nonisolated let startedAt: Timestamp
    /// Ends when every change of the configuration has that was asked for.
    var turn: Task<Void, Never>?
    var transaction: ConfigurationTransaction
    let snapshots: SnapshotStore
    /// What is known of the snapshot that runs.
    var header: ConfigurationSnapshot.Header
    /// What to go back to while a change waits to be confirmed.
    var pendingBack: BaseLayer?
    var deadlineTask: Task<Void, Never>?
    /// The snapshot that ran instead of the files when the daemon started.
    let snapshotAtStart: Int?
    var configurationFollowers: [@Sendable (ConfigurationEvent) -> Void] = []
    var rolesFollower: (@Sendable (ShellConfiguration) -> Void)?
    private var isShutDown = false
    private var shutDownWaiters: [CheckedContinuation<Void, Never>] = []
    nonisolated let connection: ComponentConnection

    /// Requests that may wait in all. Each is at most one stanza of the parser's limit, so this bounds their memory.
    private static let requestsInFlight = 8192

    /// Makes a supervisor and the services of the hosts; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - loader: What loaded the configuration; ``reload()`` uses it again.
    ///   - loaded: The configuration to start with. Hosts whose files are bad are left out.
    ///   - daemon: The daemon's own part of it.
    ///   - maximumOpenDatabases: How many databases may be open at once.
    ///   - surroundings: Time, chance, the log, and the event loop on which connection and hosts run.
    ///   - statusChanged: Told how the connection is, at every change.
    ///   - quarantinesChanged: Told how many hosts' storage fails, at every change, on no thread in particular. It must
    ///     not wait.
    /// - Throws: `StoreError` when the state directory cannot be used or another daemon uses it.
    package init(
        _ loader: ConfigurationLoader, loaded: LoadedConfiguration, daemon: DaemonConfiguration,
        maximumOpenDatabases: Int, surroundings: Dependencies,
        statusChanged: @escaping @Sendable (ComponentStatus) -> Void,
        quarantinesChanged: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.loader = loader
        self.daemon = daemon
        self.surroundings = surroundings
        startedAt = surroundings.now()
        let databases = try InviteDatabases(
            directory: daemon.stateDirectory, maximumOpen: maximumOpenDatabases,
            writers: min(Self.writers, maximumOpenDatabases))
        let resources = HostResources(
            databases: databases, outlet: Outlet(), inFlight: InFlight(limit: Self.requestsInFlight),
            deadlines: Deadlines(), refusals: RefusalLog(surroundings),
            quarantines: Quarantines(changed: quarantinesChanged), surroundings: surroundings)
        self.resources = resources
        router = Router(
            domain: daemon.component.jid.domain, outlet: resources.outlet, inFlight: resources.inFlight,
            refusals: resources.refusals, surroundings: surroundings)
        connection = ComponentConnection(
            ComponentOptions(daemon.component), outlet: resources.outlet, receiver: router,
            group: surroundings.eventLoop,
            logger: surroundings.logger, now: { surroundings.now().millisecondsSinceEpoch },
            statusChanged: statusChanged)
        snapshots = SnapshotStore(directory: daemon.stateDirectory + "/configuration", logger: surroundings.logger)
        ConfigurationFile.removeLeftovers(in: loader.hostsDirectory)
        let start = ConfigurationStart(loaded, snapshots, surroundings)
        (base, transaction, header) = (start.base, start.transaction, start.header)
        snapshotAtStart = start.base.isFiles ? nil : start.transaction.record.running
        // A snapshot has nothing to do with what is wrong with the files.
        refused = start.base.isFiles ? loaded.refused : []
        router.replaceTable(RoutingTable(start.base.hosts.mapValues(resources.makeEntry)))
        router.refused.replace(refused, since: startedAt)
    }

    /// What runs, by host.
    var hosts: [String: RoutingTable.Entry] { router.currentTable.hosts }

    /// Databases written to at the same time, whatever the number of hosts; so many disks may hang before other hosts'
    /// requests do.
    private static let writers = 8

    /// Serves until ``shutDown(within:)``.
    public func run() async {
        for file in refused {
            let why = file.diagnostics.map(\.description).joined(separator: "; ")
            surroundings.logger.error(
                "host refused", metadata: ["host": "\(file.host ?? file.file)", "reason": "\(why)"])
        }
        if !base.isFiles {
            surroundings.logger.warning(
                "the files were undone or not confirmed, so a snapshot runs",
                metadata: ["snapshot": "\(transaction.record.running)"])
        }
        let sweeper = Task { await self.sweepForever() }
        let deadlineKeeper = Task { await self.keepDeadlines() }
        await connection.run()
        sweeper.cancel()
        deadlineKeeper.cancel()
    }

    // MARK: Deadlines

    /// How long a host's disk may take before its requests are answered without it.
    private static let diskPatienceMilliseconds: Int64 = 10_000

    private func keepDeadlines() async {
        while (try? await surroundings.sleep(.seconds(1))) != nil {
            let earliest = surroundings.uptime() - Self.diskPatienceMilliseconds
            resources.deadlines.expire(startedBefore: earliest)
        }
    }

    // MARK: Ending

    /// Takes no more requests, answers those accepted, and ends; each step waits no longer than the given time.
    public func shutDown(within limit: Duration) async {
        await connection.drain()
        let (inFlight, sleep) = (resources.inFlight, surroundings.sleep)
        if await !finishes(within: limit, sleep: sleep, { await inFlight.waitUntilNone() }) {
            surroundings.logger.warning("left requests unanswered", metadata: ["count": "\(inFlight.count)"])
        }
        connection.shutDown()
        defer {
            isShutDown = true
            for waiter in shutDownWaiters { waiter.resume() }
            shutDownWaiters = []
        }
        deadlineTask?.cancel()
        let (snapshots, databases) = (snapshots, resources.databases)
        let close: @Sendable () async -> Void = {
            async let written: Void = snapshots.finish()
            await databases.shutdown()
            await written
        }
        if await !finishes(within: limit, sleep: sleep, close) {
            surroundings.logger.warning("left databases open")
        }
    }

    /// Waits for the end of ``shutDown(within:)``.
    public func waitUntilShutDown() async {
        if isShutDown { return }
        await withCheckedContinuation { shutDownWaiters.append($0) }
    }

    // MARK: Sweeping

    /// How long an invite is kept after it expired: a link that is a day late can still be told from a wrong one.
    private static let graceMilliseconds: Int64 = 86_400_000
    /// Not at once: a start has better things to do. Not much later: some daemons are restarted often.
    private static let firstSweep = Duration.seconds(60)
    private static let sweepInterval = Duration.seconds(3600)

    private func sweepForever() async {
        var wait = Self.firstSweep
        while (try? await surroundings.sleep(wait)) != nil {
            await sweep()
            wait = Self.sweepInterval
        }
    }

    /// Removes what expired a day ago, one host after the other.
    func sweep() async {
        let deadline = Timestamp(
            millisecondsSinceEpoch: surroundings.now().millisecondsSinceEpoch - Self.graceMilliseconds)
        let databases = resources.databases
        let candidates = await Self.onBlockingThread { (try? databases.hostsWithDatabase()) ?? [] }
        var removed = 0
        for host in candidates {
            if Task.isCancelled { return }
            // A host may go while the sweep waits.
            if let endpoint = hosts[host]?.endpoint {
                removed += await endpoint.service.removeExpired(before: deadline)
            }
        }
        if removed > 0 { surroundings.logger.info("removed expired invites", metadata: ["count": "\(removed)"]) }
    }

    // MARK: Status

    /// The numbers of hosts that need no look at each: those served, with those in quarantine, and those refused.
    public func hostCounts() -> (running: Int, refused: Int) {
        (hosts.count, refused.count)
    }
}

extension ComponentOptions {
    init(_ component: DaemonConfiguration.Component) {
        self.init(
            domain: component.jid.domain, host: component.server.host, port: component.server.port,
            secret: component.secret.revealed)
        // Invitation commands are small; what a request may cost while it waits follows from this.
        limits = ParserLimits(stanzaBytes: 32_768)
    }
}
