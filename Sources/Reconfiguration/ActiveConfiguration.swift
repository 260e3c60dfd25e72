package import Configuration
package import Invites
internal import Logging
package import Runtime
package import Supervision
internal import YAML

/// The configuration that runs, and its only owner: what the files said, with what was set at run time on top.
package actor ActiveConfiguration {
    /// The daemon's own settings that it runs with.
    package nonisolated let daemon: DaemonConfiguration
    nonisolated let registry: HostRegistry
    nonisolated let dependencies: Dependencies
    var loader: ConfigurationLoader
    /// The reading of the files that is under way, and the one that begins after it.
    var reading: Task<FilesRead, Never>?
    var nextReading: Task<FilesRead, Never>?
    /// How often the files were read since the start.
    package var readings = 0
    /// What runs beneath the overrides.
    var base: BaseLayer
    /// By host, what was changed at run time; never empty. Also of hosts that the undo of an unconfirmed change would
    /// restore.
    var overrides: [String: SettingOverrides] {
        didSet { overrideStore.writeLater(overrides) }
    }
    /// Counts the changes of what runs, to detect that a plan is outdated.
    var revision = 0
    /// Ends when all changes of the configuration that were requested are done.
    var turn: Task<Void, Never>?
    var transaction: ConfigurationTransaction
    let snapshots: SnapshotStore
    let overrideStore: OverrideStore
    let absent: AbsentDomains
    /// What is known of the snapshot that runs.
    var header: ConfigurationSnapshot.Header
    /// The change that waits to be confirmed.
    var pending: PendingChange?
    /// What was not as the files say when the daemon started, for the journal.
    let startEvents: [ConfigurationEvent]
    var configurationFollowers: [@Sendable (ConfigurationEvent) -> Void] = []
    var rolesFollower: (@Sendable (ShellConfiguration) -> Void)?
    var httpFollower: (@Sendable (_ configuration: HTTPConfiguration, _ change: Int) -> Void)?
    /// The states of the listeners that the configuration wants.
    package nonisolated let listeners = HTTPListeners()

    /// What is held while a change waits to be confirmed.
    struct PendingChange {
        /// What an undo restores.
        let back: BaseLayer
        /// Undoes the change when the time is over.
        var deadline: Task<Void, Never>?
    }

    /// Starts the hosts as the files say, or as a snapshot does where the files were undone or never confirmed.
    ///
    /// - Parameters:
    ///   - loader: What loaded the configuration; ``reload()`` uses it again.
    ///   - loaded: The configuration to start with. Hosts whose files are bad are left out.
    ///   - daemon: The daemon's own part of it.
    package init(
        _ loader: ConfigurationLoader, loaded: LoadedConfiguration, daemon: DaemonConfiguration,
        registry: HostRegistry, dependencies: Dependencies
    ) {
        self.loader = loader
        self.daemon = daemon
        self.registry = registry
        self.dependencies = dependencies
        snapshots = SnapshotStore(
            directory: daemon.stateDirectory + "/configuration", hostsDirectory: loader.hostsDirectory,
            logger: dependencies.logger)
        ConfigurationFile.removeLeftovers(in: loader.hostsDirectory)
        let start = ConfigurationStart(loaded, snapshots, dependencies)
        (base, transaction, header) = (start.base, start.transaction, start.header)
        let snapshotAtStart = start.base.isFiles ? nil : start.transaction.record.running
        // A snapshot has nothing to do with what is wrong with the files.
        let refused = start.base.isFiles ? loaded.refused : []
        overrideStore = OverrideStore(
            directory: daemon.stateDirectory + "/configuration", logger: dependencies.logger)
        let restored = RestoredOverrides(
            overrideStore.read(), hosts: Set(start.base.hosts.keys).union(refused.compactMap(\.host)))
        overrides = restored.overrides
        registry.replaceRefused(refused)
        let absent = AbsentDomains(
            directory: daemon.stateDirectory + "/configuration", logger: dependencies.logger)
        self.absent = absent
        let databases = registry.domainsWithDatabase()
        if absent.isDamaged, let databases, let before = start.hostsBefore {
            absent.suppose(
                databases.filter { start.base.hosts[$0] != nil && before[$0] == nil }, at: dependencies.now())
        }
        let returned = absent.among(start.base.hosts.keys)
        // A file without a host's name may be any host's.
        if let databases, !refused.contains(where: { $0.host == nil }) {
            absent.reconcile(
                databases: databases,
                served: Set(start.base.hosts.keys).union(refused.compactMap(\.host)), at: dependencies.now())
        }
        registry.apply(
            ConfigurationDiff(from: [:], to: start.base.hosts(with: restored.overrides)), returned: returned
        ) { absent.returned([$0]) }
        let counts = (running: registry.table.names.count, refused: refused.count)
        func event(_ summary: String, _ hosts: [String], isOfFiles: Bool = false) -> ConfigurationEvent {
            ConfigurationEvent(
                cause: .start, isOfFiles: isOfFiles, isDone: true, summary: summary, hosts: hosts,
                running: counts.running, refused: counts.refused)
        }
        var events = restored.summaries.map { event($0, $1) }
        if let snapshotAtStart {
            events.insert(event("ran snapshot \(snapshotAtStart) instead of the files", []), at: 0)
        }
        let losses = start.losses(with: restored.overrides)
        if !losses.isEmpty {
            let lost = losses.summary(naming: RestoredOverrides.mostNamed)
            events.insert(
                event("took the files at the start, and lost: \(lost)", losses.hosts.map(\.host), isOfFiles: true),
                at: 0)
        }
        if !returned.isEmpty {
            let hosts = returned.keys.sorted()
            let named = RestoredOverrides.list(hosts)
            events.insert(
                event("domains came back, whose invites from before are revoked: \(named)", hosts, isOfFiles: true),
                at: 0)
        }
        startEvents = events
        Self.log(losses, dependencies.logger)
        // Dropped overrides must not return with the next start.
        if !restored.dropped.isEmpty { overrideStore.writeLater(restored.overrides) }
        for (host, keys) in restored.dropped.prefix(RestoredOverrides.mostNamed) {
            dependencies.logger.warning(
                "dropped what was set at run time before the restart",
                metadata: ["host": "\(host)", "keys": "\(keys.joined(separator: ", "))"])
        }
        for host in restored.overrides.keys.sorted().prefix(RestoredOverrides.mostNamed) {
            dependencies.logger.notice("still suspended", metadata: ["host": "\(host)"])
        }
        for (what, count) in [("dropped", restored.dropped.count), ("still suspended", restored.overrides.count)]
        where count > RestoredOverrides.mostNamed {
            dependencies.logger.notice(
                "there are more hosts of which this holds", metadata: ["what": "\(what)", "hosts": "\(count)"])
        }
        for mistake in loaded.pageMistakes {
            dependencies.logger.error("the provider's own pages are not used", metadata: ["reason": "\(mistake)"])
        }
        for file in refused {
            let why = file.diagnostics.map(\.description).joined(separator: "; ")
            dependencies.logger.error(
                "host refused", metadata: ["host": "\(file.host ?? file.file)", "reason": "\(why)"])
        }
        if let snapshotAtStart {
            dependencies.logger.warning(
                "the files were undone or not confirmed, so a snapshot runs",
                metadata: ["snapshot": "\(snapshotAtStart)"])
        }
    }

    /// What runs, by host.
    var hosts: [String: Host] { registry.table.hosts }

    /// The files of hosts that are not used because of mistakes.
    var refused: [RefusedHost] { registry.table.refused.files }

    /// When the last change of the configuration undoes itself, unless it is confirmed; `nil` when none waits for that.
    package var unconfirmedUntil: Timestamp? { transaction.deadline }

    /// For each of the hosts, how many settings were changed at run time.
    package func overrideCounts(of hosts: [String]) -> [Int] { hosts.map { overrides[$0]?.keys.count ?? 0 } }

    /// Returns when all is written that has to be.
    package func shutDown() async {
        pending?.deadline?.cancel()
        await snapshots.finish()
        _ = await overrideStore.finish()
        await absent.finish()
    }
}
