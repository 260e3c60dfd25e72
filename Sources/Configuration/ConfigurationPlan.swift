import Pages

/// What a change of the configuration would do, host by host, and a hash that identifies it.
package struct ConfigurationPlan: Hashable, Sendable {
    /// What happens to a host, or to the daemon.
    package enum Action: String, CaseIterable, Hashable, Sendable {
        case add, remove, update
        /// Settings of the daemon itself that take effect when it starts. Its roles, pages and metrics are updated at once.
        case restart
    }

    package struct Step: Hashable, Sendable {
        /// `nil` for the daemon's own settings.
        package let host: String?
        package let action: Action
        /// The settings that change, as they are named in the files.
        package let keys: [String]
        /// What the host loses, or what is opened on it, as in ``ConfigurationLosses``.
        package let losses: [String]

        init(host: String?, action: Action, keys: [String] = [], losses: [String] = []) {
            self.host = host
            self.action = action
            self.keys = keys
            self.losses = losses
        }
    }

    /// The steps that cause losses first, then the daemon's, then the other hosts'; each ordered by name. A host
    /// without one stays as it is.
    package let steps: [Step]
    /// The losses that the steps cause.
    package let losses: ConfigurationLosses
    /// Whether invites are revoked of domains that come back.
    package let revokesInvites: Bool
    /// How many hosts stay as they are.
    package let untouched: Int
    /// 12 hexadecimal digits, which differ as soon as what runs or what would run does.
    package let hash: String

    /// - Parameters:
    ///   - running: What runs, by host.
    ///   - next: What would run instead.
    ///   - daemon: The daemon's settings that it runs with.
    ///   - shell: The roles in force, which may be others than the daemon started with.
    ///   - nextShell: Those that would be in force instead.
    ///   - http: Where pages and metrics are, and
    ///   - nextHTTP: where they would be instead.
    ///   - nextDaemon: The daemon's settings that would be in force after a restart; `nil` where those stay.
    ///   - returning: By host that was served before, how many of its invites are revoked; `nil` where unknown.
    ///   - generation: How many changes there were before, so that a change and its reversal make a difference, too.
    package init(
        from running: [String: HostConfiguration], to next: [String: HostConfiguration], daemon: DaemonConfiguration,
        shell: ShellConfiguration, nextShell: ShellConfiguration, http: HTTPConfiguration = HTTPConfiguration(),
        nextHTTP: HTTPConfiguration = HTTPConfiguration(), nextDaemon: DaemonConfiguration?, generation: Int,
        returning: [String: Int?] = [:]
    ) {
        let diff = ConfigurationDiff(from: running, to: next)
        let keys = nextDaemon?.restartDifferences(from: daemon) ?? []
        let live = (nextShell == shell ? [] : [DaemonConfiguration.rolesKey]) + nextHTTP.differences(from: http)
        losses = ConfigurationLosses(diff, returning: returning)
        revokesInvites = !returning.isEmpty
        let lost = Dictionary(uniqueKeysWithValues: losses.hosts.map { ($0.host, $0.losses) })
        var steps = diff.added.map { Step(host: $0.host, action: .add, losses: lost[$0.host] ?? []) }
        steps += diff.removed.map { Step(host: $0, action: .remove, losses: lost[$0] ?? []) }
        steps += diff.changed.map { change in
            Step(
                host: change.host, action: .update, keys: change.keys.map(\.rawValue),
                losses: lost[change.host] ?? [])
        }
        steps.sort { ($0.host ?? "") < ($1.host ?? "") }
        if !live.isEmpty { steps.insert(Step(host: nil, action: .update, keys: live), at: 0) }
        if !keys.isEmpty { steps.insert(Step(host: nil, action: .restart, keys: keys), at: 0) }
        self.steps = steps.filter { !$0.losses.isEmpty } + steps.filter(\.losses.isEmpty)
        untouched = diff.unchanged

        var text = CanonicalText()
        text.add(running)
        text.add(next)
        text.add(keys)
        text.add(keys.map { nextDaemon?.value(of: $0) ?? "" })
        text.add(shell)
        text.add(nextShell)
        text.add(http)
        text.add(nextHTTP)
        for http in [http, nextHTTP] { text.add(http.web?.pages?.digest ?? "") }
        for hosts in [running, next] { text.addFiles(of: hosts) }
        text.add(String(generation))
        hash = text.fingerprint.short
    }

    /// Whether neither a host nor a role would change. The daemon's other settings never do before a restart.
    package var changesNothing: Bool { steps.allSatisfy { $0.action == .restart } }

    /// Whether the roles change.
    package var changesRoles: Bool { liveKeys.contains(DaemonConfiguration.rolesKey) }

    /// The daemon's own settings that change at once, as they are named in the file.
    package var liveKeys: [String] { steps.first { $0.host == nil && $0.action == .update }?.keys ?? [] }

    /// Whether settings change that take effect when the daemon starts.
    package var wantsRestart: Bool { steps.contains { $0.action == .restart } }

    /// How many hosts there are to which this happens.
    package func count(_ action: Action) -> Int { steps.count { $0.host != nil && $0.action == action } }
}
