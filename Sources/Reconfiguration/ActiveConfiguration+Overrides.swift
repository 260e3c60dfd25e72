package import Configuration
internal import Invites
internal import Logging
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

/// Settings that are changed at run time. Nothing here waits for a disk: a change is in force with the next request.
extension ActiveConfiguration {
    /// A setting before and after a change.
    package struct SettingChange: Hashable, Sendable {
        package let before: SettingStatus
        package let after: SettingStatus
    }

    /// The settings that a host runs with, in the order of `HostKey`; `nil` for one that does not run.
    package func settings(of host: String) -> [SettingStatus]? {
        guard hosts[host] != nil else { return nil }
        return HostKey.allCases.compactMap { status(of: $0, for: host) }
    }

    /// What was changed at run time on a host; `nil` for one that does not run.
    package func overrides(of host: String) -> SettingOverrides? {
        hosts[host].map { _ in overrides[host] ?? SettingOverrides() }
    }

    /// Sets a key of a host to what the words of a command line say.
    ///
    /// - Parameter isSeen: Called with the name of another host: whether an error may name it.
    /// - Throws: ``ConfigurationRefusal/unknownHost(_:)`` or ``ConfigurationRefusal/badValue(_:)``.
    package func set(
        _ key: HostKey, to words: [String], of host: String, naming isSeen: (String) -> Bool = { _ in true }
    ) throws(ConfigurationRefusal) -> SettingChange {
        guard let before = status(of: key, for: host) else { throw .unknownHost(host) }
        var changed = overrides[host] ?? SettingOverrides()
        do throws(SettingMistake) {
            try changed.set(key, to: words, on: host)
        } catch {
            throw .badValue(error.description)
        }
        try follow(changed, of: host, isSeen)
        return SettingChange(before: before, after: status(of: key, for: host) ?? before)
    }

    /// Waits until what is set at run time is on the disk, where a suspension outlives the daemon.
    ///
    /// - Returns: Why it is not; `nil` when it is.
    package func overridesWritten(within limit: Duration = .seconds(10)) async -> String? {
        let store = overrideStore
        let problem = Mutex<String?>("the disk does not answer")
        _ = await finishes(within: limit, sleep: dependencies.sleep) {
            let found = await store.finish()
            problem.withLock { $0 = found }
        }
        return problem.withLock { $0 }
    }

    /// Drops settings of a host that were changed at run time; others are left as they are.
    ///
    /// - Parameters:
    ///   - keys: `nil` for all.
    ///   - isSeen: Called with the name of another host: whether an error may name it.
    /// - Returns: Those that were dropped, in the order of `HostKey`.
    /// - Throws: ``ConfigurationRefusal/unknownHost(_:)``, or ``ConfigurationRefusal/badValue(_:)`` when what the file
    ///   says has been taken by another host meanwhile.
    @discardableResult
    package func dropOverrides(
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

    /// Drops what was set on hosts that no longer exist. While a change waits to be confirmed, hosts that its undo
    /// would restore keep their overrides: an undo must not have a suspended host make invites again.
    func dropOverridesOfGoneHosts() {
        let gone = overrides.filter { base.hosts[$0.key] == nil && pending?.back.hosts[$0.key] == nil }
        for (host, set) in gone.sorted(by: { $0.key < $1.key }) {
            overrides[host] = nil
            dependencies.logger.notice(
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
        if configuration.pages.baseURL != entry.configuration.pages.baseURL {
            try checkBase(of: configuration, isSeen)
        }
        guard changed != overrides[host] ?? SettingOverrides() else { return }
        overrides[host] = changed.isEmpty ? nil : changed
        revision += 1
        guard configuration != entry.configuration else { return }
        registry.reconfigure(configuration)
    }

    /// The rules for files, for one host that differs from its file.
    private func checkServiceAddress(
        of configuration: HostConfiguration, _ isSeen: (String) -> Bool
    ) throws(ConfigurationRefusal) {
        guard let address = configuration.serviceAddress else { return }
        let name = JID.unicodeDomain(address)
        let others = refused.compactMap(\.host) + Array(hosts.keys)
        let owner = hosts.values.first { host in
            host.configuration.serviceAddress.map { JID.unicodeDomain($0) == name } ?? false
        }?.name
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

    private func checkBase(
        of configuration: HostConfiguration, _ isSeen: (String) -> Bool
    ) throws(ConfigurationRefusal) {
        guard let authority = configuration.pages.baseURL?.authority else { return }
        let owner = hosts.values.first { host in
            host.name != configuration.host && host.configuration.pages.baseURL?.authority == authority
        }?.name
        if let owner, !isSeen(owner) { throw .badValue(HostConfiguration.takenBase) }
        if let mistake = configuration.baseMistake(web: base.http.web?.baseURL, owner: owner) {
            throw .badValue(mistake)
        }
    }

    /// Replaces the base, with the overrides on top: puts its roles and listeners in force, starts new hosts, stops
    /// removed ones with their overrides, and gives those that differ their new rules. What does not differ is not
    /// touched.
    ///
    /// - Parameters:
    ///   - keepsOpen: Whether the invites of domains that come back stay good.
    ///   - isPending: Whether it waits to be confirmed: then removed hosts may return.
    func run(_ base: BaseLayer, keepsOpen: Bool = true, isPending: Bool = false) -> ConfigurationDiff {
        if base.shell != self.base.shell { rolesFollower?(base.shell) }
        let isOtherHTTP = base.http != self.base.http
        self.base = base
        dropOverridesOfGoneHosts()
        revision += 1
        let diff = ConfigurationDiff(
            from: hosts.mapValues(\.configuration), to: base.hosts(with: overrides))
        let returned = absent.returning(diff.added.map(\.host), at: dependencies.now())
        let absent = absent
        registry.apply(diff, returned: keepsOpen ? [:] : returned) { absent.returned([$0]) }
        if keepsOpen { absent.returned(returned.keys) }
        if !isPending { absent.left(diff.removed, at: dependencies.now()) }
        if isOtherHTTP { tellHTTP() }
        return diff
    }
}
