/// What a change of the configuration would do, host by host, and a hash that stands for it.
public struct ConfigurationPlan: Hashable, Sendable {
    /// What happens to a host, or to the daemon.
    public enum Action: String, CaseIterable, Hashable, Sendable {
        case add, remove, update
        /// Settings of the daemon itself that take effect when it starts.
        case restart
    }

    public struct Step: Hashable, Sendable {
        /// `nil` for the daemon's own settings.
        public let host: String?
        public let action: Action
        /// The settings that change, as they are named in the files.
        public let keys: [String]
    }

    /// The daemon's step first, then the hosts' ordered by name; a host without one stays as it is.
    public let steps: [Step]
    /// How many hosts stay as they are.
    public let untouched: Int
    /// 12 hexadecimal digits, which are others as soon as what runs or what would run is.
    public let hash: String

    /// - Parameters:
    ///   - running: What runs, by host.
    ///   - next: What would run instead.
    ///   - daemon: The daemon's settings that it runs with.
    ///   - nextDaemon: Those that would be in force after a restart.
    ///   - generation: How many changes there were before, so that one back and forth shows, too.
    public init(
        from running: [String: HostConfiguration], to next: [String: HostConfiguration], daemon: DaemonConfiguration,
        nextDaemon: DaemonConfiguration, generation: Int
    ) {
        let diff = ConfigurationDiff(from: running, to: next)
        let keys = nextDaemon.restartDifferences(from: daemon)
        var steps = diff.added.map { Step(host: $0.host, action: .add, keys: []) }
        steps += diff.removed.map { Step(host: $0, action: .remove, keys: []) }
        steps += diff.changed.map { Step(host: $0.host, action: .update, keys: $0.keys.map(\.rawValue)) }
        steps.sort { ($0.host ?? "") < ($1.host ?? "") }
        self.steps = (keys.isEmpty ? [] : [Step(host: nil, action: .restart, keys: keys)]) + steps
        untouched = diff.unchanged

        var text = CanonicalText()
        text.add(running)
        text.add(next)
        text.add(keys)
        text.add(keys.map { nextDaemon.value(of: $0) ?? "" })
        text.add(String(generation))
        hash = text.fingerprint.short
    }

    /// Whether no host would change. The daemon's own settings never do before a restart.
    public var changesNothing: Bool { !steps.contains { $0.host != nil } }

    /// How many steps there are of a kind.
    public func count(_ action: Action) -> Int { steps.count { $0.action == action } }
}
