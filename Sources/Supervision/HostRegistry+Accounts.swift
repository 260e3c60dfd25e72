package import Accounts
package import Configuration
internal import Invites
internal import Languages
internal import Runtime
internal import Storage
internal import Synchronization

/// The provider of each host's accounts. A bare function in a mutex is wrapped once more each time that it is read,
/// until a call of it overflows the stack.
struct AccountsProvider: Sendable {
    let accounts: @Sendable (HostConfiguration) -> any Accounts
}

/// The accounts of hosts, and the work that waits for them.
extension HostRegistry {
    /// Sets the provider of each host's accounts; before that, hosts have none.
    ///
    /// - Parameter accounts: Called with a host that is served. While it does not know yet what the server can
    ///   do, its answers are to be `unreachable`: what is `unsupported` is never tried again.
    package func provideAccounts(_ accounts: @escaping @Sendable (HostConfiguration) -> any Accounts) {
        provider.withLock { $0 = AccountsProvider(accounts: accounts) }
    }

    /// The accounts of a host; `nil` where it is not served.
    package func accounts(of host: String) -> (any Accounts)? {
        self[host].map { provider.withLock { $0 }.accounts($0.configuration) }
    }

    /// How long an operator waits for a server to say whether an account exists.
    private static let existenceTimeout = Duration.seconds(3)

    /// Whether a host has an account; `unknown` where its server does not say, or not in time.
    func existence(of username: String, on host: String) async -> AccountExistence {
        guard let accounts = accounts(of: host), accounts.abilities.knowsAccounts else {
            return .unknown("nobody says which accounts there are")
        }
        let answer = Mutex(AccountExistence.unknown("the server did not answer in time"))
        _ = await finishes(within: Self.existenceTimeout, sleep: dependencies.sleep) {
            let existence = await accounts.existence(of: username)
            answer.withLock { $0 = existence }
        }
        return answer.withLock { $0 }
    }

    /// A host's server can be asked again, or for more: what waits for it is tried at once.
    package func accountsChanged(of host: String) {
        resume([host], hastened: true)
    }

    /// What hosts' services query from others.
    var peers: HostPeers {
        HostPeers(
            accounts: { [weak self] host in self?.accounts(of: host) },
            notifiesInviter: { [weak self] host in self?[host]?.policy.notifiesInviter ?? true },
            texts: { [weak self] host in self?[host]?.texts ?? LanguageCatalog.builtIn.english },
            invitesChanged: { [weak self] host in self?.invitesChanged(on: host) })
    }

    // MARK: Resuming

    /// Not at once: servers have to connect, and to say what they can do.
    private static let firstResumption = Duration.seconds(20)

    /// Takes up, a while after the start, what was not done when the daemon ended.
    func resumeAfterStart() async {
        guard (try? await dependencies.sleep(Self.firstResumption)) != nil else { return }
        let databases = databases
        let hosts = await onBlockingThread { (try? databases.hostsWithInvites()) ?? [] }
        resumesAddedHosts.withLock { $0 = true }
        resume(hosts, hastened: false)
    }

    /// Has hosts check for due work, one after the other: each opens its database, which must not delay requests.
    func resume(_ hosts: [String], hastened: Bool) {
        var isFirst = false
        for host in hosts {
            // Their number is bounded by those of hosts and of servers' hellos.
            let offer = resumptions.offer(Resumption(host: host, isHastened: hastened), urgent: true)
            if case .acceptedFirst = offer { isFirst = true }
        }
        if isFirst { Task { await resumeAll() } }
    }

    private func resumeAll() async {
        while let waiting = resumptions.takeAll() {
            let hastened = Set(waiting.filter(\.isHastened).map(\.host))
            for host in Set(waiting.map(\.host)).sorted() {
                // A host may be removed while others are checked.
                await self[host]?.service.resumeWork(hastened: hastened.contains(host))
            }
        }
    }
}

/// A host that is to check for due work.
struct Resumption: Sendable {
    let host: String
    let isHastened: Bool
}
