internal import Accounts
package import Configuration
internal import Dispatch
package import Invites
internal import Logging
package import Runtime
internal import Storage
internal import Synchronization

/// The hosts that are served, each with a service of its own. Front doors ask it at any time without waiting; only the
/// owner of the configuration changes it.
package final class HostRegistry: Sendable {
    private let current = Mutex(HostTable())
    /// The front doors that are notified of each change. Locked while a change is made and published, so that changes
    /// arrive in order; ``table`` can be read meanwhile, also by a front door that is being notified.
    private let doors = Mutex<[any FrontDoor]>([])
    /// Attempts of forms, one at a time each.
    let forms = FormAttempts()
    /// Where the daemon's own pages are.
    package let pages = PagesBase()
    let databases: any InviteRepositories
    let deadlines = Deadlines()
    let quarantines: Quarantines
    let dependencies: Dependencies
    let provider = Mutex(AccountsProvider { _ in UnavailableAccounts.nobody })
    let resumptions = Mailbox<Resumption>(capacity: .max)
    /// Whether hosts added from now on check for due work: not before those present at the start have begun to.
    let resumesAddedHosts = Mutex(false)
    /// Decides when expired rows are not removed, since the time is not trusted.
    private let clock: Mutex<ClockWatch>

    /// Databases written to at the same time, whatever the number of hosts; so many disks may hang before requests of
    /// other hosts do.
    private static let writers = 8

    /// - Parameters:
    ///   - stateDirectory: Where the databases are.
    ///   - maximumOpenDatabases: How many may be open at once.
    ///   - quarantinesChanged: Called with the number of hosts whose storage fails, at every change, on any thread. It
    ///     must not block.
    /// - Throws: `StoreError` when the state directory cannot be used or another daemon uses it.
    package init(
        stateDirectory: String, maximumOpenDatabases: Int, dependencies: Dependencies,
        quarantinesChanged: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        databases = try InviteDatabases(
            directory: stateDirectory, maximumOpen: maximumOpenDatabases,
            writers: min(Self.writers, maximumOpenDatabases), uptime: dependencies.uptime
        ) { event in
            dependencies.logger.warning("storage of a host", metadata: ["host": "\(event.host)", "event": "\(event)"])
        }
        quarantines = Quarantines(changed: quarantinesChanged)
        self.dependencies = dependencies
        clock = Mutex(ClockWatch(now: dependencies.now(), uptime: dependencies.uptime()))
    }

    /// The hosts that there are now.
    package var table: HostTable { current.withLock { $0 } }

    /// A host that runs now.
    package subscript(host: String) -> Host? { current.withLock { $0[host] } }

    /// Subscribes a front door to the hosts: called now and whenever they change.
    package func add(_ door: any FrontDoor) {
        doors.withLock { doors in
            doors.append(door)
            let table = table
            door.hostsChanged(HostChange(table: table, replaced: Array(table.hosts.values), removed: []))
        }
    }

    // MARK: Changes

    /// Starts new hosts, ends removed ones, and gives those that differ their new configurations, as one change. What
    /// does not differ is not touched.
    ///
    /// - Parameters:
    ///   - returned: Of the new hosts, those that were served before and then not: their invites that were made until then
    ///     are revoked before anything else is done for them.
    ///   - settled: Called with each of those once that is done.
    package func apply(
        _ diff: ConfigurationDiff, returned: [String: Timestamp] = [:],
        settled: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        guard !diff.isEmpty else { return }
        let now = dependencies.now()
        let change = change { old in
            var hosts = old.hosts
            let replaced =
                diff.added.map { added in
                    let older = returned[added.host].map { end in
                        OlderInvites(madeUntil: end) { [weak self] in
                            settled(added.host)
                            self?.invitesChanged(on: added.host)
                        }
                    }
                    return makeHost(added, at: now, revoking: older)
                }
                + diff.changed.compactMap { change in hosts[change.host]?.reconfigured(change.new, at: now) }
            for host in replaced { hosts[host.name] = host }
            let removed = diff.removed.compactMap { hosts.removeValue(forKey: $0) }
            return HostChange(
                table: HostTable(hosts, refused: old.refused), replaced: replaced, removed: removed)
        }
        for host in change.removed { end(host) }
        for host in returned.keys.sorted() {
            guard let service = self[host]?.service else { continue }
            // What fails now is tried again with the next request.
            Task { try? await service.revokeOlderInvites() }
        }
        if resumesAddedHosts.withLock({ $0 }) { resume(diff.added.map(\.host), hastened: false) }
    }

    /// Gives one host that runs another configuration. All other hosts are left as they are, however many.
    package func reconfigure(_ configuration: HostConfiguration) {
        let now = dependencies.now()
        _ = change { old in
            guard let host = old[configuration.host]?.reconfigured(configuration, at: now) else {
                return HostChange(table: old, replaced: [], removed: [])
            }
            return HostChange(table: old.replacing(host), replaced: [host], removed: [])
        }
    }

    /// Says which hosts' files are not used because of mistakes.
    package func replaceRefused(_ files: [RefusedHost]) {
        let refused = RefusedHosts(files, since: dependencies.now())
        // Doors bring nothing to those that do not run.
        current.withLock { $0.refused = refused }
    }

    private func change(_ body: (HostTable) -> HostChange) -> HostChange {
        doors.withLock { doors in
            let change = current.withLock { table in
                let change = body(table)
                table = change.table
                return change
            }
            for door in doors { door.hostsChanged(change) }
            return change
        }
    }

    private func makeHost(
        _ configuration: HostConfiguration, at now: Timestamp, revoking older: OlderInvites?
    ) -> Host {
        let service = HostService(
            configuration.host, repository: databases.repository(of: configuration.host), dependencies: dependencies,
            deadlines: deadlines, quarantines: quarantines, peers: peers, revoking: older)
        return Host(
            configuration, policy: InvitePolicy(configuration), service: service, pages: pages,
            suspensionChangedAt: now)
    }

    /// Ends a service that is in the table no more, after what was accepted for it is answered.
    private func end(_ host: Host) {
        Task {
            await drain(host.service)
            await host.service.stop()
        }
    }

    private func drain(_ service: HostService) async {
        for door in doors.withLock({ $0 }) { await door.drain(service) }
    }

    func invitesChanged(on host: String) {
        for door in doors.withLock({ $0 }) { door.invitesChanged(on: host) }
    }

    // MARK: Restarting

    /// Longer than a host's disk is waited for.
    private static let restartTimeout = Duration.seconds(15)

    /// The outcome of a restart.
    package enum RestartOutcome: Hashable, Sendable {
        case works
        /// And what is wrong with its storage.
        case fails(String)
        case unknownHost
        /// It takes too long, and continues by itself.
        case timedOut
    }

    /// Restarts the service of a host, after the requests that it has accepted are answered: its database is reopened
    /// and tried, and command sessions begin again. A host in quarantine is tried at once.
    package func restart(_ name: String) async -> RestartOutcome {
        guard let service = self[name]?.service else { return .unknownHost }
        let outcome = Mutex(RestartOutcome.timedOut)
        _ = await finishes(within: Self.restartTimeout, sleep: dependencies.sleep) {
            await self.drain(service)
            let trouble = await service.restart()
            outcome.withLock { $0 = trouble.map(RestartOutcome.fails) ?? .works }
        }
        return outcome.withLock { $0 }
    }

    // MARK: Running and ending

    /// Longer no start waits for databases, of which there may be many, on disks that may hang.
    private static let longestOpening = Duration.milliseconds(500)

    /// Opens databases ahead of the first requests, as many as possible in a short time.
    package func openDatabases() async {
        let (hosts, databases) = (Array(table.hosts.keys), databases)
        let isOver = Mutex(false)
        _ = await finishes(within: Self.longestOpening, sleep: dependencies.sleep) {
            await databases.openAhead(hosts) { isOver.withLock { $0 } }
        }
        isOver.withLock { $0 = true }
    }

    /// How long a host's disk may take before its requests are answered without it.
    private static let diskTimeoutMilliseconds: Int64 = 10_000

    /// Enforces deadlines and removes what has long ended, until the task is cancelled.
    package func run() async {
        async let sweeping: Void = sweepForever()
        async let resuming: Void = resumeAfterStart()
        while (try? await dependencies.sleep(.seconds(1))) != nil {
            deadlines.expire(startedBefore: dependencies.uptime() - Self.diskTimeoutMilliseconds)
            lookAtClocks()
        }
        await sweeping
        await resuming
    }

    private func lookAtClocks() {
        let (now, uptime) = (dependencies.now(), dependencies.uptime())
        guard let jump = clock.withLock({ $0.jump(now: now, uptime: uptime) }) else { return }
        dependencies.logger.warning(
            "the time of day has jumped; nothing is removed for a day", metadata: ["seconds": "\(jump / 1_000)"])
    }

    /// Returns when all databases are closed.
    package func shutDown() async {
        await databases.shutdown()
    }

    /// Not at once: a start has better things to do. Not much later: some daemons are restarted often.
    private static let firstSweep = Duration.seconds(60)
    private static let sweepInterval = Duration.seconds(3600)

    private func sweepForever() async {
        var wait = Self.firstSweep
        while (try? await dependencies.sleep(wait)) != nil {
            if clock.withLock({ $0.isTrusted(uptime: dependencies.uptime()) }) { await sweep() }
            wait = Self.sweepInterval
        }
    }

    /// Removes what ended `invite_retention` ago, one host after the other.
    func sweep() async {
        let now = dependencies.now().millisecondsSinceEpoch
        let databases = databases
        let candidates = await onBlockingThread { (try? databases.hostsWithInvites()) ?? [] }
        var removed = 0
        for name in candidates {
            if Task.isCancelled { return }
            // A host may be removed while the sweep waits.
            guard let host = self[name] else { continue }
            removed += await host.service.removeEnded(
                by: Timestamp(millisecondsSinceEpoch: now - host.policy.retention.seconds * 1_000))
        }
        if removed > 0 { dependencies.logger.info("removed ended invites", metadata: ["count": "\(removed)"]) }
    }
}

/// Runs work that may block on a disk, or takes long, outside the cooperative thread pool, whose threads the watchdog
/// needs to show that this process lives.
package func onBlockingThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
}
