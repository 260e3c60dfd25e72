internal import Accounts
internal import Component
internal import Configuration
internal import Invites
internal import Reconfiguration
internal import Runtime
internal import Storage
internal import Supervision
package import XMPP
internal import YAML

/// Explains why a host is as it is. A user's permissions are computed by the functions that enforce them, so that the
/// explanation matches what happens.
extension Daemon {
    /// Explains the state, the settings and the ways in of a host; `nil` when there is none.
    ///
    /// - Parameter isSeen: Called with the name of a host that conflicts with this one: whether it may be named.
    package func explain(
        _ host: String, naming isSeen: @Sendable (String) -> Bool = { _ in true }
    ) async -> [Explanation]? {
        guard let status = await hostStatus(host) else { return nil }
        guard let settings = await configuration.settings(of: host), let served = registry[host] else {
            return explainRefusal(of: host, isSeen)
        }
        let origins = Origins(settings)
        let rules = RuleExplainer(
            policy: served.policy, origins: origins,
            hasProvider: !component.servers.misses(moduleOf: served.configuration))
        let stored = try? await served.service.use(.reading) { repository throws(StoreError) in
            try await repository.storedCount()
        }
        return [explain(status, origins), explainConnection()] + settings.map(Self.explain)
            + [rules.stored(stored), rules.usersInviteContacts, rules.contactsRegister]
            + explainWays(to: served.configuration, status, origins)
            + [explainModule(status.module), explainAccounts(of: served.configuration, status, origins)]
            + [explainPages(of: served)]
    }

    /// Explains what a user may do on a host; `nil` when there is none.
    package func explain(
        _ asker: JID, at host: String, naming isSeen: @Sendable (String) -> Bool = { _ in true }
    ) async -> [Explanation]? {
        guard await hostStatus(host) != nil else { return nil }
        guard let settings = await configuration.settings(of: host), let served = registry[host] else {
            return explainRefusal(of: host, isSeen)
        }
        let rules = RuleExplainer(
            policy: served.policy, origins: Origins(settings),
            hasProvider: !component.servers.misses(moduleOf: served.configuration))
        let now = dependencies.now()
        guard let account = Account(asker) else { return rules.explain(asker, nil, at: now) }
        let limits = served.policy.limits(for: .contact(inviter: account))
        let usage = try? await served.service.use(.reading) { repository throws(StoreError) in
            try await repository.usage(of: account, under: limits, at: now)
        }
        return rules.explain(asker, usage, at: now)
    }

    private func explainRefusal(of host: String, _ isSeen: (String) -> Bool) -> [Explanation]? {
        let files = registry.table.refused.files.filter { $0.host == host }
        return files.flatMap(\.diagnostics).map { $0.redacted(seeing: isSeen) }.map {
            Explanation("file", "refused", because: $0.message, origin: $0.location.description)
        }
    }

    private func explain(_ status: HostStatus, _ origins: Origins) -> Explanation {
        let since = DateTime.format(millisecondsSinceEpoch: status.since.millisecondsSinceEpoch)
        let verdict = "\(status.state.rawValue) since \(since)"
        switch status.state {
        case .running:
            let past = status.lastTrouble.map { "its storage works again; the last trouble was: \($0)" }
            return Explanation("state", verdict, because: past ?? "nothing is wrong")
        case .suspended:
            return Explanation(
                "state", verdict, because: "`suspended` is true: all requests for invites are refused",
                origin: origins[.suspended])
        case .quarantined:
            let retry = status.retryAt.map { DateTime.format(millisecondsSinceEpoch: $0.millisecondsSinceEpoch) }
            let next = retry.map { "; tried again at \($0)" } ?? ""
            return Explanation("state", verdict, because: "its storage fails: \(status.trouble ?? "")\(next)")
        case .refused:
            return Explanation("state", verdict, because: status.trouble ?? "", origin: status.file)
        }
    }

    private func explainConnection() -> Explanation {
        let report = component.report
        let since = DateTime.format(millisecondsSinceEpoch: report.since)
        let isConnected = report.status == .connected
        let because: String
        if isConnected {
            because = "since \(since)"
        } else {
            let trouble = report.lastTrouble.map { "; the last trouble was: \($0)" } ?? ""
            because = "no request of any host arrives since \(since)\(trouble)"
        }
        return Explanation("connection", report.status.words(settings.component.server), because: because)
    }

    /// Whether invites of the host have pages here.
    private func explainPages(of host: Host) -> Explanation {
        let name = "pages"
        switch configuration.listeners.report.pages {
        case .off: return Explanation(name, "none", because: "`web` in the daemon's file is not set")
        case .failed(let reason) where registry.pages.url == nil:
            return Explanation(name, "not served", because: reason)
        case .failed(let reason): return Explanation(name, pageBase(of: host), because: reason)
        case .listening(let address): return Explanation(name, pageBase(of: host), because: "listening on \(address)")
        }
    }

    private func pageBase(of host: Host) -> String {
        if let own = host.configuration.pages.baseURL { return "\(own)" }
        guard let base = registry.pages.url, let name = JID.asciiDomain(host.name) else { return "none" }
        return "\(base)\(name)/"
    }

    private static func explain(_ setting: SettingStatus) -> Explanation {
        // Where the file does not set it, its beginning is the location of its name.
        if setting.key == .host, case .file(let place) = setting.origin, (place.line, place.column) == (1, 1) {
            return Explanation("host", setting.value, because: "the name of a file says so", origin: place.file)
        }
        let because =
            switch setting.origin {
            case .file: "a file says so"
            case .builtIn: "nobody says anything else"
            case .runtime: "it was changed at run time"
            case .snapshot: "a configuration that ran before was brought back"
            }
        return Explanation(
            setting.key.rawValue, setting.value.isEmpty ? "none" : setting.value, because: because,
            origin: setting.origin.description)
    }

    /// The three ways in which a request reaches the host.
    private func explainWays(
        to configuration: HostConfiguration, _ status: HostStatus, _ origins: Origins
    ) -> [Explanation] {
        let grants = status.grants
        let isConnected = component.report.status == .connected
        let delegation: Explanation
        if status.module?.has(.commands) == true {
            delegation = Explanation(
                "way: the host itself", "yes", because: "the module in the server serves the commands on the host")
        } else if grants.delegatesCommands {
            let list = grants.delegated.contains(Namespaces.discoItems)
            delegation = Explanation(
                "way: the host itself", "yes",
                because: list
                    ? "the server delegates commands and their list"
                    : "the server delegates commands, but not their list (disco#items): clients that look there find none"
            )
        } else if isConnected {
            delegation = Explanation(
                "way: the host itself", "no", because: HostGrants.noDelegation)
        } else {
            delegation = Explanation(
                "way: the host itself", "unknown", because: "the server tells it when the connection is made")
        }
        let address = configuration.serviceAddress
        let service = Explanation(
            "way: service address", address ?? "none",
            because: address == nil
                ? "`service_address` is not set" : "where the server brings stanzas to it to the daemon",
            origin: origins[.serviceAddress])
        let shared = Explanation(
            "way: shared address", settings.component.jid.description,
            because: "users of the host, and its admins, are served there on every server")
        let privileges = Explanation(
            "privileges", grants.privileges.isEmpty ? "none" : grants.privileges.joined(separator: ", "),
            because: isConnected ? "what the server has granted (XEP-0356)" : "there is no connection")
        return [delegation, service, shared, privileges]
    }
}

/// Where the settings of a host come from, by their keys.
struct Origins: Sendable {
    private let origins: [HostKey: String]

    init(_ settings: [SettingStatus]) {
        origins = Dictionary(settings.map { ($0.key, $0.origin.description) }) { first, _ in first }
    }

    subscript(key: HostKey) -> String? { origins[key] }
}
