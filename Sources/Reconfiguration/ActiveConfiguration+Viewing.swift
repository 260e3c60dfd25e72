package import Configuration
package import Invites
internal import Runtime
internal import Supervision
package import YAML

/// Looking at the configuration: what the files say now, what runs, and what an apply would do.
extension ActiveConfiguration {
    /// What an apply would do, and the hash that identifies it.
    ///
    /// - Throws: ``ConfigurationRefusal/invalid(_:)`` when files have mistakes.
    package func plan() async throws(ConfigurationRefusal) -> ConfigurationPlan {
        try await prepare(keepsOpen: false).plan
    }

    /// An apply that is ready to be done, as long as what runs is what its plan was made from.
    package struct PreparedApply: Sendable {
        package let plan: ConfigurationPlan
        let base: BaseLayer
        let daemon: DaemonConfiguration
        let keepsOpen: Bool
        let revision: Int
        let generation: Int
    }

    /// Reads the files and plans, for an apply that follows at once: it does not read the files again.
    ///
    /// - Parameter keepsOpen: Whether the invites of hosts that were served before, and are again, stay good.
    /// - Throws: ``ConfigurationRefusal/invalid(_:)`` when files have mistakes.
    package func prepare(keepsOpen: Bool = false) async throws(ConfigurationRefusal) -> PreparedApply {
        let (new, newDaemon) = try await loadGood()
        let (revision, generation) = (revision, transaction.generation)
        return PreparedApply(
            plan: await plan(for: new, newDaemon, keepsOpen: keepsOpen), base: new, daemon: newDaemon,
            keepsOpen: keepsOpen, revision: revision, generation: generation)
    }

    /// Every setting that an apply would change: the daemon's own first, then the hosts' ordered by name.
    ///
    /// - Throws: ``ConfigurationRefusal/invalid(_:)`` when files have mistakes.
    package func differences() async throws(ConfigurationRefusal) -> [SettingDifference] {
        let (new, newDaemon) = try await loadGood()
        let view = view
        let (daemon, shell, http) = (daemon, base.shell, base.http)
        return await onBlockingThread {
            SettingDifference.differences(from: daemon, shell, http, to: newDaemon)
                + view.differences(
                    to: new.hosts(with: view.overrides), of: { _ in true },
                    origin: { view.overrides[$1]?.value(of: $0) != nil ? .runtime : new.origin(of: $0, for: $1) })
        }
    }

    /// - Throws: ``ConfigurationRefusal/pending(until:)`` while a change waits to be confirmed.
    package func checkIdle() throws(ConfigurationRefusal) {
        try transaction.checkIdle()
    }

    /// Whether a host does not run because its file has mistakes.
    package func isRefused(_ host: String) -> Bool { refused.contains { $0.host == host } }

    /// Every mistake in every file, ordered by file, line and column.
    package func check() async -> [Diagnostic] { await load().loaded.diagnostics }

    /// How what runs compares with the files as they are now.
    package struct Comparison: Sendable {
        /// Settings that are not as the files say, and all that were changed at run time.
        package let differences: [SettingDifference]
        /// The files with mistakes. Nothing is known of what they would say.
        package let refused: [RefusedHost]
        /// What is wrong with the daemon's own file; then nothing can be compared with the files.
        package let mistakes: [Diagnostic]
        /// The number of what runs.
        package let snapshot: Int
        /// Whether what runs is what files said when they were applied last, and not a snapshot.
        package let runsFiles: Bool
        /// Whether the files say the same as when what runs was made from them.
        package let isCurrent: Bool
        /// When what runs undoes itself unless it is confirmed.
        package let deadline: Timestamp?
    }

    /// Compares what runs with the files, for the hosts that are wanted.
    ///
    /// - Parameter isWanted: Whether to compare a host; `nil` stands for the daemon's own settings.
    package func comparison(_ isWanted: @escaping @Sendable (String?) -> Bool) async -> Comparison {
        let read = await load()
        let (view, daemon, base, record) = (view, daemon, base, transaction.record)
        let deadline = transaction.deadline
        return await onBlockingThread {
            let loaded = read.loaded
            var differences: [SettingDifference] = []
            if isWanted(nil), let newDaemon = loaded.daemon {
                differences = SettingDifference.differences(
                    from: daemon, base.shell, base.http, to: newDaemon)
            }
            let unknown = Set(loaded.refused.compactMap(\.host))
            let isComparable = loaded.daemon != nil
            differences += view.differences(
                to: isComparable ? loaded.hosts : view.running,
                of: { isWanted($0) && (!unknown.contains($0) || view.overrides[$0] != nil) },
                alsoOverrides: true, origin: { loaded.origin(of: $0, for: $1) })
            let refusedFiles = Set(loaded.refused.map(\.file))
            return Comparison(
                differences: differences,
                refused: loaded.refused.filter { refused in refused.host.map(isWanted) ?? isWanted(nil) },
                mistakes: isWanted(nil) ? loaded.diagnostics.filter { !refusedFiles.contains($0.file) } : [],
                snapshot: record.running, runsFiles: base.isFiles, isCurrent: read.fingerprint == base.files,
                deadline: deadline)
        }
    }

    /// A configuration that ran.
    package struct HistoryEntry: Hashable, Sendable {
        package let header: ConfigurationSnapshot.Header
        package let isRunning: Bool
        /// When it undoes itself; `nil` once it is confirmed, or need not be.
        package let deadline: Timestamp?
    }

    /// The configurations that can be restored, and the one that runs, ordered by number.
    package func history() -> [HistoryEntry] {
        var headers = Dictionary(snapshots.headers.map { ($0.number, $0) }) { $1 }
        headers[header.number] = header
        return headers.values.sorted { $0.number < $1.number }.map { header in
            let isRunning = header.number == transaction.record.running
            return HistoryEntry(
                header: header, isRunning: isRunning, deadline: isRunning ? transaction.deadline : nil)
        }
    }

    /// Subscribes to all changes of the configuration, to those that were refused without a command, and to the events
    /// of the start: that a snapshot runs, or what hosts have lost since the daemon ran before.
    package func followConfiguration(_ follower: @escaping @Sendable (ConfigurationEvent) -> Void) {
        configurationFollowers.append(follower)
        for event in startEvents { follower(event) }
    }

    /// Subscribes to the roles in force: called now, and whenever they change.
    package func followRoles(_ follower: @escaping @Sendable (ShellConfiguration) -> Void) {
        rolesFollower = follower
        follower(base.shell)
    }

    /// Subscribes to the addresses of pages and metrics: called now, and whenever they change. The follower must not
    /// block, and reports the result to ``listeners``.
    package func followHTTP(
        _ follower: @escaping @Sendable (_ configuration: HTTPConfiguration, _ change: Int) -> Void
    ) {
        httpFollower = follower
        tellHTTP()
    }

    func tellHTTP() {
        guard let httpFollower else { return }
        httpFollower(base.http, listeners.ask())
    }

    /// How the listeners differ from the configuration, once they have applied it; waits a few seconds at most.
    package func listenerTroubles() async -> [String] {
        await listeners.settled(within: .seconds(5), sleep: dependencies.sleep).troubles
    }

    // MARK: Parts

    func loadGood() async throws(ConfigurationRefusal) -> (BaseLayer, DaemonConfiguration) {
        let read = await load()
        guard read.loaded.diagnostics.isEmpty, let newDaemon = read.loaded.daemon else {
            throw .invalid(read.loaded.diagnostics)
        }
        return (BaseLayer(read), newDaemon)
    }

    /// What another base would change in what runs at this moment.
    ///
    /// - Parameters:
    ///   - newDaemon: What the daemon's file says; `nil` where its settings stay but for the roles.
    ///   - keepsOpen: Whether the invites of domains that come back stay good.
    func plan(
        for new: BaseLayer, _ newDaemon: DaemonConfiguration? = nil, keepsOpen: Bool
    ) async -> ConfigurationPlan {
        let returning = keepsOpen ? [:] : await returning(to: new)
        let (view, daemon, generation) = (view, daemon, transaction.generation)
        return await onBlockingThread {
            ConfigurationPlan(
                from: view.running, to: new.hosts(with: view.overrides), daemon: daemon,
                shell: view.base.shell, nextShell: new.shell, http: view.base.http, nextHTTP: new.http,
                nextDaemon: newDaemon, generation: generation, returning: returning)
        }
    }

    /// By host that comes back with another base, how many of its invites could be redeemed; `nil` where its database
    /// does not answer in time. Hosts without such invites are left out.
    func returning(to new: BaseLayer) async -> [String: Int?] {
        let absent = absent.among(new.hosts.keys.filter { hosts[$0] == nil })
        var counts: [String: Int?] = [:]
        for host in absent.keys.sorted() {
            let count = await registry.openInvites(ofStopped: host)
            if count != 0 { counts[host] = .some(count) }
        }
        return counts
    }

    private var view: RunningView {
        RunningView(entries: hosts, overrides: overrides, base: base)
    }
}

/// What runs at one moment, to be examined on another thread.
private struct RunningView: Sendable {
    let entries: [String: Host]
    let overrides: [String: SettingOverrides]
    let base: BaseLayer

    var running: [String: HostConfiguration] { entries.mapValues(\.configuration) }

    func differences(
        to other: [String: HostConfiguration], of isWanted: (String) -> Bool, alsoOverrides: Bool = false,
        origin: (HostKey, String) -> SettingOrigin?
    ) -> [SettingDifference] {
        let names = Set(entries.keys).union(other.keys).filter(isWanted).sorted()
        return names.flatMap { host in
            let running = entries[host]?.configuration
            let also = alsoOverrides ? overrides[host]?.keys ?? [] : []
            if running == other[host], also.isEmpty { return [SettingDifference]() }
            return SettingDifference.differences(
                from: running, to: other[host], also: also,
                origin: { overrides[host]?.value(of: $0) != nil ? .runtime : base.origin(of: $0, for: host) },
                otherOrigin: { origin($0, host) })
        }
    }
}
