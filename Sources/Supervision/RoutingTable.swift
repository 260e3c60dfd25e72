internal import Configuration
internal import Invites
internal import Synchronization
internal import XMPP

/// The table in force, for those who route at any time.
final class SharedRoutingTable: Sendable {
    private let current = Mutex(RoutingTable())

    var value: RoutingTable { current.withLock { $0 } }

    func replace(_ new: RoutingTable) {
        current.withLock { $0 = new }
    }
}

/// Which address belongs to which host: one immutable value, swapped whole.
struct RoutingTable: Sendable {
    struct Entry: Sendable {
        let configuration: HostConfiguration
        let policy: InvitePolicy
        let endpoint: HostEndpoint
    }

    /// By host.
    let hosts: [String: Entry]
    /// By service address, the host it serves.
    let serviceAddresses: [String: String]
    /// By admin, the hosts administered, sorted.
    let administered: [Account: [String]]

    init(_ hosts: [String: Entry] = [:]) {
        self.hosts = hosts
        var serviceAddresses: [String: String] = [:]
        var administered: [Account: [String]] = [:]
        for (host, entry) in hosts {
            if let address = entry.configuration.serviceAddress { serviceAddresses[address] = host }
            for admin in entry.policy.admins { administered[admin, default: []].append(host) }
        }
        self.serviceAddresses = serviceAddresses
        self.administered = administered.mapValues { $0.sorted() }
    }

    /// What an asker may do at the shared address: invite contacts to the host of the asker's own domain, and create
    /// accounts on every host the asker administers.
    func permissions(of asker: JID) -> Permissions {
        guard let account = Account(asker) else { return Permissions(contactHost: nil, accountHosts: []) }
        let own = hosts[asker.domain].map { Permissions(of: account, under: $0.policy) }
        return Permissions(
            contactHost: own?.contactHost, contactDenial: own?.contactDenial ?? .notUserOfHost,
            accountHosts: administered[account] ?? [])
    }
}
