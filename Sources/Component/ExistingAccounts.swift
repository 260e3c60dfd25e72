internal import Accounts
internal import Configuration
internal import Invites
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

extension HostService {
    /// Makes invites as ``invite(_:under:)`` does, but none for a name that has an account on the server, where the
    /// server answers in time.
    func invite(
        _ requests: [InviteRequest], under policy: InvitePolicy, of host: Host, asking servers: HostServers,
        _ dependencies: Dependencies
    ) async -> [Result<Invite, InviteRefusal>] {
        let taken = await servers.existing(Set(requests.compactMap(\.username)), on: host, dependencies)
        guard !taken.isEmpty else { return await invite(requests, under: policy) }
        let free = requests.filter { request in request.username.map { !taken.contains($0) } ?? true }
        var made = await invite(free, under: policy)[...]
        return requests.map { request in
            if let username = request.username, taken.contains(username) { return .failure(.accountExists) }
            return made.popFirst() ?? .failure(.unavailable)
        }
    }
}

extension HostServers {
    /// The longest that a form's answer waits for the server.
    private static let timeout = Duration.seconds(3)

    /// Those of the names that have accounts; none where the server does not answer in time.
    fileprivate func existing(
        _ usernames: Set<String>, on host: Host, _ dependencies: Dependencies
    ) async -> Set<String> {
        guard !usernames.isEmpty else { return [] }
        let accounts = accounts(of: host.configuration, timeout: Self.timeout)
        guard accounts.abilities.knowsAccounts else { return [] }
        let found = Mutex<Set<String>>([])
        _ = await finishes(within: Self.timeout, sleep: dependencies.sleep) {
            let existing =
                await withTaskGroup(of: String?.self) { group in
                    for username in usernames {
                        group.addTask {
                            if case .present = await accounts.existence(of: username) { username } else { nil }
                        }
                    }
                    return await group.reduce(into: []) { all, username in if let username { all.insert(username) } }
                } as Set<String>
            found.withLock { $0 = existing }
        }
        return found.withLock { $0 }
    }

    /// Whether clients redeem tokens on streams of a host.
    package func redeemsInBand(_ host: String) -> Bool { modules[host]?.has(.register) == true }
}

extension InviteRequest {
    /// The name of the account that is to be made, where the asker says it.
    var username: String? { if case .account(_, let username, _, _) = self { username } else { nil } }
}
