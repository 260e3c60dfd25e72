package import Accounts
internal import Component
internal import Configuration
package import Invites
package import Supervision
internal import YAML

/// How one host is, at one moment.
package struct HostStatus: Hashable, Sendable {
    package enum State: String, CaseIterable, Hashable, Sendable {
        case running
        /// An operator has it refuse all requests for invites.
        case suspended
        /// Its storage fails; it is tried again from time to time.
        case quarantined
        /// Its file has mistakes, so it does not run.
        case refused
    }

    /// The host; of a refused file whose name gives none, the path of the file.
    package var host: String
    package var state: State
    /// When the state began.
    package var since: Timestamp
    /// What is wrong now.
    package var trouble: String?
    /// What was wrong last, also when it is no more.
    package var lastTrouble: String?
    /// In quarantine, when the storage is tried again.
    package var retryAt: Timestamp?
    /// Its file, where that is known.
    package var file: String?
    /// Whether ``host`` is the name of a host.
    package var isHost = true
    package var grants = HostGrants()
    /// What the module in its server has said of itself.
    package var module: KnownModule?
    /// The provider of its accounts, and what else that does.
    package var accounts = AccountAbilities(provider: .none)
    package var counters = HostCounters()
    /// Settings changed at run time.
    package var overrides = 0
}

extension HostStatus {
    init(_ host: Host, _ component: ComponentService, grants: HostGrants?, module: KnownModule?, overrides: Int) {
        let report = host.report
        let life = report.lifecycle
        let isQuarantined = life.state == .quarantined
        // Failures take precedence over intended states.
        let state: State = isQuarantined ? .quarantined : host.policy.isSuspended ? .suspended : .running
        self.init(
            host: host.name, state: state,
            since: isQuarantined ? life.since : max(life.since, report.suspensionChangedAt),
            trouble: isQuarantined ? life.lastTrouble : nil, lastTrouble: life.lastTrouble, retryAt: life.retryAt,
            grants: grants ?? HostGrants(), module: module,
            accounts: component.accounts(of: host.configuration).abilities, counters: report.counters,
            overrides: overrides)
    }

    init(_ refused: RefusedHost, since: Timestamp, isSeen: (String) -> Bool) {
        let trouble = refused.diagnostics.first?.redacted(seeing: isSeen).description
        self.init(
            host: refused.host ?? refused.file, state: .refused, since: since, trouble: trouble, lastTrouble: trouble,
            file: refused.file, isHost: refused.host != nil)
    }
}
