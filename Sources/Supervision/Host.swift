package import Configuration
package import Invites
package import Languages

/// One host at one moment: what its configuration says, and the service, which outlives changes of it.
package final class Host: Sendable {
    package let configuration: HostConfiguration
    /// The host's rules, which are stored nowhere else.
    package let policy: InvitePolicy
    package let service: HostService
    /// The texts in the host's own language, for users who request none.
    package let texts: Texts
    /// When it was suspended, or its suspension ended.
    package let suspensionChangedAt: Timestamp

    private let pages: PagesBase

    package var name: String { configuration.host }

    /// The page of an invite: that of `landing_page`, or else the daemon's own; `nil` where there is neither.
    package var landingPage: LandingPage? { configuration.landingPage ?? pages.landingPage(of: configuration) }

    init(
        _ configuration: HostConfiguration, policy: InvitePolicy, service: HostService, pages: PagesBase,
        suspensionChangedAt: Timestamp
    ) {
        self.configuration = configuration
        self.policy = policy
        self.service = service
        texts = Self.texts(of: configuration)
        self.pages = pages
        self.suspensionChangedAt = suspensionChangedAt
    }

    static func texts(of configuration: HostConfiguration) -> Texts {
        let catalog = LanguageCatalog.builtIn
        return catalog.texts(for: configuration.language) ?? catalog.english
    }

    /// The same host with another configuration.
    func reconfigured(_ new: HostConfiguration, at now: Timestamp) -> Host {
        let policy = InvitePolicy(new)
        return Host(
            new, policy: policy, service: service, pages: pages,
            suspensionChangedAt: policy.isSuspended == self.policy.isSuspended ? suspensionChangedAt : now)
    }

    /// The host's state, and its counters.
    package var report: HostReport {
        HostReport(
            lifecycle: service.lifecycleNow, suspensionChangedAt: suspensionChangedAt,
            counters: service.activity.counters)
    }
}

/// How a host's service is at one moment.
package struct HostReport: Sendable {
    package let lifecycle: HostLifecycle
    package let suspensionChangedAt: Timestamp
    package let counters: HostCounters
}
