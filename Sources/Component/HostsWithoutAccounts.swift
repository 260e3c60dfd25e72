internal import Accounts
internal import Invites
internal import Logging
internal import Runtime
internal import Supervision

extension HostServers {
    /// The rules of a host. As long as its server's module is missing that is to make the accounts, contacts of its
    /// users cannot register; admins may still invite.
    func policy(of host: Host) -> InvitePolicy {
        var policy = host.policy
        if misses(moduleOf: host.configuration) { policy.allowUserInvites = false }
        return policy
    }
}

extension Router {
    /// Longer than servers take to announce what they have.
    private static let introduction = Duration.seconds(11)
    private static let mostNamed = 20

    /// Warns, a while after the connection is made, of hosts whose rules let users' contacts register but which have no
    /// provider of accounts.
    func warnOfHostsWithoutAccounts() {
        let (dependencies, servers) = (dependencies, servers)
        let connection = servers.connections
        Task { [weak self] in
            guard (try? await dependencies.sleep(Self.introduction)) != nil, let self,
                servers.connections == connection
            else { return }
            let hosts = currentTable.hosts.values.map(\.host).filter { host in
                host.policy.allowUserInvites && !host.policy.isSuspended
                    && (!host.policy.makesAccounts || servers.misses(moduleOf: host.configuration))
            }.map(\.name).sorted()
            guard !hosts.isEmpty else { return }
            let more = hosts.count - Self.mostNamed
            let named = hosts.prefix(Self.mostNamed).joined(separator: ", ")
            dependencies.logger.warning(
                "nobody makes accounts on hosts where users' contacts may register",
                metadata: [
                    "hosts": "\(named)\(more > 0 ? " and \(more) more" : "")",
                    "cause": "`invitectl host why HOST` tells it",
                ])
        }
    }
}
