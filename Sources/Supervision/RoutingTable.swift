internal import Configuration
internal import Invites
internal import XMPP

/// Which address belongs to which host: one immutable value, swapped whole.
struct RoutingTable: Sendable {
    struct Entry: Sendable {
        let endpoint: HostEndpoint
        let policy: InvitePolicy
    }

    /// By host.
    let endpoints: [String: Entry]
    /// By service address, the host it serves.
    let serviceAddresses: [String: String]
    /// By admin, the hosts administered, sorted.
    let administered: [Account: [String]]

    init(_ hosts: [(configuration: HostConfiguration, endpoint: HostEndpoint)] = []) {
        var endpoints: [String: Entry] = [:]
        endpoints.reserveCapacity(hosts.count)
        var serviceAddresses: [String: String] = [:]
        var administered: [Account: [String]] = [:]
        for (configuration, endpoint) in hosts {
            let policy = InvitePolicy(configuration)
            endpoints[configuration.host] = Entry(endpoint: endpoint, policy: policy)
            if let address = configuration.serviceAddress { serviceAddresses[address] = configuration.host }
            for admin in policy.admins { administered[admin, default: []].append(configuration.host) }
        }
        self.endpoints = endpoints
        self.serviceAddresses = serviceAddresses
        self.administered = administered.mapValues { $0.sorted() }
    }

    /// What an asker may do at the shared address: invite contacts to the host of the asker's own domain, and create
    /// accounts on every host the asker administers.
    func permissions(of asker: JID) -> Permissions {
        guard let account = Account(asker) else { return Permissions(contactHost: nil, accountHosts: []) }
        let own = endpoints[asker.domain].map { Permissions(of: account, under: $0.policy) }
        return Permissions(
            contactHost: own?.contactHost, contactDenial: own?.contactDenial ?? .notUserOfHost,
            accountHosts: administered[account] ?? [])
    }
}
