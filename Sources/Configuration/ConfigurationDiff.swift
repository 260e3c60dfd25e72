/// What is different between two sets of hosts.
package struct ConfigurationDiff: Hashable, Sendable {
    /// The hosts that only the new set has, ordered by name.
    package let added: [HostConfiguration]
    /// The names of the hosts that only the old set has, in order.
    package let removed: [String]
    /// The hosts that both sets have, with different settings, ordered by name.
    package let changed: [Change]
    /// How many hosts are the same in both.
    package let unchanged: Int

    /// One host whose settings are different.
    package struct Change: Hashable, Sendable {
        package let old: HostConfiguration
        package let new: HostConfiguration
        /// The settings that differ, in the order of ``HostKey``; never empty.
        package let keys: [HostKey]

        /// The name of the host.
        package var host: String { new.host }
    }

    /// Compares two sets of hosts, each by the names of its hosts.
    package init(from old: [String: HostConfiguration], to new: [String: HostConfiguration]) {
        var added: [HostConfiguration] = []
        var changed: [Change] = []
        var unchanged = 0
        for (host, configuration) in new {
            if let before = old[host] {
                if before == configuration {
                    unchanged += 1
                } else {
                    changed.append(
                        Change(old: before, new: configuration, keys: configuration.differences(from: before)))
                }
            } else {
                added.append(configuration)
            }
        }
        self.added = added.sorted { $0.host < $1.host }
        self.changed = changed.sorted { $0.host < $1.host }
        self.unchanged = unchanged
        removed = old.keys.filter { new[$0] == nil }.sorted()
    }

    /// What the hosts of the old set lose.
    package var losses: ConfigurationLosses { ConfigurationLosses(self) }

    /// Whether both sets are the same.
    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
}
