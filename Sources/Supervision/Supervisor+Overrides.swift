public import Configuration
internal import Invites
internal import Logging
internal import Runtime
internal import XMPP

/// Settings that are changed at run time. Nothing here waits for a disk: a change is in force with the next request.
extension Supervisor {
    /// A setting before and after a change.
    public struct SettingChange: Hashable, Sendable {
        public let before: SettingStatus
        public let after: SettingStatus
    }

    /// The settings that a host runs with, in the order of `HostKey`; `nil` for one that does not run.
    public func settings(of host: String) -> [SettingStatus]? {
        guard hosts[host] != nil else { return nil }
        return HostKey.allCases.compactMap { status(of: $0, for: host) }
    }

    /// What was changed at run time on a host; `nil` for one that does not run.
    public func overrides(of host: String) -> SettingOverrides? {
        hosts[host].map { _ in overrides[host] ?? SettingOverrides() }
    }

    /// Sets a key of a host to what the words of a command line say.
    ///
    /// - Parameter isSeen: Told the name of another host, whether it may be named where it is in the way.
    /// - Throws: ``ConfigurationRefusal/unknownHost(_:)`` or ``ConfigurationRefusal/badValue(_:)``.
    public func set(
        _ key: HostKey, to words: [String], of host: String, naming isSeen: (String) -> Bool = { _ in true }
    ) throws(ConfigurationRefusal) -> SettingChange {
        guard let before = status(of: key, for: host) else { throw .unknownHost(host) }
        var changed = overrides[host] ?? SettingOverrides()
        do throws(SettingMistake) {
            try changed.set(key, to: words)
        } catch {
            throw .badValue(error.description)
        }
        try follow(changed, of: host, isSeen)
        return SettingChange(before: before, after: status(of: key, for: host) ?? before)
    }

    /// Drops settings of a host that were changed at run time; others are left as they are.
    ///
    /// - Parameters:
    ///   - keys: `nil` for all.
    ///   - isSeen: Called with the name of another host, whether it may be named where it is in the way.
    /// - Returns: Those that were dropped, in the order of `HostKey`.
    /// - Throws: ``ConfigurationRefusal/unknownHost(_:)``, or ``ConfigurationRefusal/badValue(_:)`` when what the file
    ///   says has been taken by another host meanwhile.
    @discardableResult
    public func dropOverrides(
        of host: String, keys: [HostKey]? = nil, naming isSeen: (String) -> Bool = { _ in true }
    ) throws(ConfigurationRefusal) -> [SettingChange] {
        guard let set = overrides(of: host) else { throw .unknownHost(host) }
        let dropped = keys.map { keys in set.keys.filter(keys.contains) } ?? set.keys
        guard !dropped.isEmpty else { return [] }
        let before = dropped.compactMap { status(of: $0, for: host) }
        var changed = set
        changed.drop(dropped)
        try follow(changed, of: host, isSeen)
        return zip(before, dropped.compactMap { status(of: $0, for: host) }).map(SettingChange.init)
    }

    /// Drops what was set on hosts that there are no longer. While a change waits to be confirmed, those that may come
    /// back keep it: a host that was suspended must not make invites because somebody undid something.
    func dropOverridesOfGoneHosts() {
        let gone = overrides.filter { base.hosts[$0.key] == nil && pendingBack?.hosts[$0.key] == nil }
        for (host, set) in gone.sorted(by: { $0.key < $1.key }) {
            overrides[host] = nil
            surroundings.logger.notice(
                "dropped what was set on a host that is gone",
                metadata: ["host": "\(host)", "keys": "\(set.keys.map(\.rawValue).joined(separator: ", "))"])
        }
    }

    private func status(of key: HostKey, for host: String) -> SettingStatus? {
        guard let configuration = hosts[host]?.configuration else { return nil }
        let isOverridden = overrides[host]?.value(of: key) != nil
        return SettingStatus(
            key: key, value: configuration.value(of: key) ?? "",
            origin: isOverridden ? .runtime : base.origin(of: key, for: host))
    }

    private func follow(
        _ changed: SettingOverrides, of host: String, _ isSeen: (String) -> Bool
    ) throws(ConfigurationRefusal) {
        guard let entry = hosts[host], let fromBase = base.hosts[host] else { throw .unknownHost(host) }
        let configuration = changed.applied(to: fromBase)
        if configuration.serviceAddress != entry.configuration.serviceAddress {
            try checkServiceAddress(of: configuration, isSeen)
        }
        guard changed != overrides[host] ?? SettingOverrides() else { return }
        overrides[host] = changed.isEmpty ? nil : changed
        revision += 1
        guard configuration != entry.configuration else { return }
        let policy = InvitePolicy(configuration)
        router.replaceTable(
            router.currentTable.replacing(
                RoutingTable.Entry(configuration: configuration, policy: policy, endpoint: entry.endpoint)))
        _ = entry.endpoint.offer(.policy(policy))
    }

    /// The rules for files, for one host that differs from its file.
    private func checkServiceAddress(
        of configuration: HostConfiguration, _ isSeen: (String) -> Bool
    ) throws(ConfigurationRefusal) {
        guard let address = configuration.serviceAddress else { return }
        let name = JID.unicodeDomain(address)
        let others = refused.compactMap(\.host) + Array(hosts.keys)
        let owner = router.currentTable.serviceAddresses.first { JID.unicodeDomain($0.key) == name }?.value
        let claimant = others.first { JID.unicodeDomain($0) == name } ?? owner
        if let claimant, claimant != configuration.host, !isSeen(claimant) {
            throw .badValue(HostConfiguration.takenServiceAddress)
        }
        if let mistake = configuration.serviceAddressMistake(
            among: others, owner: owner, component: daemon.component.jid.domain)
        {
            throw .badValue(mistake)
        }
    }

    /// Moves to another base, with the overrides on top: puts its roles in force, starts the hosts that are new, stops
    /// those that are gone with their overrides, and gives those that differ their new rules. What does not differ is not
    /// touched.
    func run(_ base: BaseLayer) -> ConfigurationDiff {
        if base.shell != self.base.shell { rolesFollower?(base.shell) }
        self.base = base
        dropOverridesOfGoneHosts()
        revision += 1
        let old = hosts
        let diff = ConfigurationDiff(from: old.mapValues(\.configuration), to: base.hosts(with: overrides))
        guard !diff.isEmpty else { return diff }
        var new = old
        for configuration in diff.added {
            new[configuration.host] = resources.makeEntry(configuration)
        }
        for change in diff.changed {
            guard let endpoint = new[change.host]?.endpoint else { continue }
            let policy = InvitePolicy(change.new)
            new[change.host] = RoutingTable.Entry(configuration: change.new, policy: policy, endpoint: endpoint)
            _ = endpoint.offer(.policy(policy))
        }
        let gone = diff.removed.compactMap { new.removeValue(forKey: $0) }
        // New requests stop coming before the services that are gone stop taking them.
        router.replaceTable(RoutingTable(new))
        for entry in gone {
            entry.endpoint.stop()
        }
        return diff
    }
}
