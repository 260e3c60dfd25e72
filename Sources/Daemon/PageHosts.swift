internal import Accounts
internal import Component
internal import Configuration
package import Invites
internal import Pages
package import Supervision
internal import Synchronization
package import Web
internal import XMPP

/// The hosts as pages know them.
package final class PageHosts: WebHosts {
    private let registry: HostRegistry
    private let component: ComponentService
    private let known = Mutex(HostBases())
    /// The pages' view of hosts, of those that were requested. Each is derived from its host's configuration.
    private let sites = Mutex<[String: (host: Host, page: WebHost)]>([:])

    init(_ registry: HostRegistry, _ component: ComponentService) {
        self.registry = registry
        self.component = component
        registry.add(self)
    }

    package var bases: HostBases { known.withLock { $0 } }

    package func host(named name: String) -> WebHost? {
        guard let host = find(name) else { return nil }
        // Another configuration is another object.
        if let known = sites.withLock({ $0[host.name] }), known.host === host { return known.page }
        guard let page = Self.page(of: host) else { return nil }
        sites.withLock { $0[host.name] = (host, page) }
        return page
    }

    private static func page(of host: Host) -> WebHost? {
        guard let asciiName = JID.asciiDomain(host.name) else { return nil }
        let pages = host.configuration.pages
        return WebHost(
            name: host.name, asciiName: asciiName, base: pages.baseURL,
            site: Site(
                host: JID.unicodeDomain(host.name), name: host.configuration.siteName ?? JID.unicodeDomain(host.name),
                color: pages.color, webchatURL: pages.webchatURL, imprintURL: pages.imprintURL,
                termsURL: pages.termsURL, privacyURL: pages.privacyURL, timeZone: pages.timeZone,
                shownApps: pages.shownApps, hiddenApps: Set(pages.hiddenApps),
                ownApps: pages.ownApps?.content),
            logo: pages.logo?.content)
    }

    /// A host's name may be written in its file with A-labels or in Unicode, and in a path, too.
    private func find(_ name: String) -> Host? {
        if let host = registry[name] { return host }
        guard let prepared = try? JID(name), prepared.isDomain else { return nil }
        return registry[prepared.domain] ?? registry[JID.unicodeDomain(prepared.domain)]
            ?? JID.asciiDomain(prepared.domain).flatMap { registry[$0] }
    }

    package func isRefused(_ name: String) -> Bool {
        let table = registry.table
        guard !table.isRefused(name) else { return true }
        guard let domain = try? JID(name).domain else { return false }
        return [domain, JID.unicodeDomain(domain), JID.asciiDomain(domain) ?? domain].contains(where: table.isRefused)
    }

    // MARK: Tokens

    package func check(_ token: Token, on host: String) async -> TokenCheck {
        guard let host = registry[host] else { return .refused(.unknown) }
        return await host.service.inspect([token], under: host.policy).first.map { check($0, on: host) }
            ?? .unavailable
    }

    package func recentCheck(_ token: Token, on host: String) -> TokenCheck? {
        guard let host = registry[host] else { return .refused(.unknown) }
        return host.service.recentCheck(token, under: host.policy).map { check($0, on: host) }
    }

    private func check(_ result: Result<Invite, TokenFailure>, on host: Host) -> TokenCheck {
        switch result {
        case .success(let invite): .good(good(invite, on: host))
        case .failure(let failure): TokenCheck(failure)
        }
    }

    package func check(_ token: Token, for attempt: WebAttempt, on host: String) async -> TokenCheck {
        guard let host = registry[host] else { return .refused(.unknown) }
        return
            switch await host.service.check(
                token, for: attempt.name, checkedAt: attempt.checkedAt, under: host.policy)
        {
        case .success(let found): .good(good(found.invite, on: host))
        case .failure(let failure): TokenCheck(failure)
        }
    }

    private func good(_ invite: Invite, on host: Host) -> GoodToken {
        let servers = component.servers
        return GoodToken(
            invite: invite,
            uri: invite.link(on: host.name, isRedeemableInBand: servers.redeemsInBand(host.name)),
            // A server that is disconnected now may be connected when the form is posted.
            makesAccounts: host.configuration.accounts != .none,
            // Asked only for those that make one.
            setsContacts: invite.kind == .accountAndContact
                && registry.accounts(of: host.name)?.abilities.setsContacts == true,
            passwordLength: servers.modules[host.name]?.hello.rules?.passwordLength)
    }

    // MARK: Forms

    package func register(_ registration: WebRegistration, on host: String) async -> WebOutcome {
        let form = FormRegistration(
            token: registration.token, attempt: registration.attempt.name,
            checkedAt: registration.attempt.checkedAt, username: registration.username,
            password: registration.password, clientAddress: registration.client.map { "\($0)" })
        return WebOutcome(
            await registry.register(form, on: host), Account(localpart: registration.username, domain: host))
    }

    package func state(
        of username: String, for attempt: WebAttempt, with token: Token, on host: String
    ) async -> Web.UsernameState {
        let state = await registry.state(
            of: username, for: attempt.name, with: token, checkedAt: attempt.checkedAt, on: host)
        return switch state {
        case .free: .free
        case .taken: .taken
        case .unknown: .unknown
        }
    }

    package func makesContacts(with inviter: Account, on host: String) async -> Bool {
        await registry.accounts(of: host)?.makesContacts(with: inviter) == true
    }

    package func reset(_ reset: WebReset, on host: String) async -> WebOutcome {
        let form = FormRegistration(
            token: reset.token, attempt: reset.attempt.name, checkedAt: reset.attempt.checkedAt,
            username: reset.username, password: reset.password)
        return WebOutcome(await registry.reset(form, on: host), Account(localpart: reset.username, domain: host))
    }
}

extension TokenCheck {
    fileprivate init(_ failure: TokenFailure) {
        self =
            switch failure.failure {
            case .refused(let refusal): .refused(refusal, of: failure.invite.map { EndedInvite($0) })
            case .failed: .unavailable
            }
    }
}

extension WebOutcome {
    fileprivate init(_ outcome: FormOutcome, _ account: Account) {
        self =
            switch outcome {
            case .done: .done(account)
            case .passwordSet(let endedSessions): .passwordSet(account, endedSessions: endedSessions)
            case .unknown: .unknown
            case .refused(let refusal): .refused(refusal)
            case .taken: .taken
            case .rejected(let words): .rejected(words)
            case .later: .later
            case .busy(let words): .busy(words)
            }
    }
}

extension PageHosts: FrontDoor {
    package func hostsChanged(_ change: HostChange) {
        let hosts = change.table.hosts
        sites.withLock { sites in
            for host in change.removed + change.replaced { sites[host.name] = nil }
        }
        known.withLock { known in
            for host in change.removed { known.remove(host.name) }
            // In the order of their names, so that two starts have the same.
            for host in change.replaced.sorted(by: { $0.name < $1.name }) {
                known.remove(host.name)
                // As the table has it: changes arrive in order.
                if let base = hosts[host.name]?.configuration.pages.baseURL { known.add(base, of: host.name) }
            }
        }
    }

    package func invitesChanged(on host: String) {}

    // What a form has begun is ended by itself: it holds the service.
    package func drain(_ service: HostService) async {}
}
