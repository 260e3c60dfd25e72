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
    private(set) var hosts: [String: Entry]
    /// By service address, the host it serves.
    private(set) var serviceAddresses: [String: String] = [:]
    /// By admin, the hosts administered, sorted.
    private(set) var administered: [Account: [String]] = [:]
    private(set) var suspended: Set<String> = []
    /// The names of all hosts, sorted.
    let names: [String]

    init(_ hosts: [String: Entry] = [:]) {
        self.hosts = hosts
        names = hosts.keys.sorted()
        for (host, entry) in hosts {
            if let address = entry.configuration.serviceAddress { serviceAddresses[address] = host }
            for admin in entry.policy.admins { administered[admin, default: []].append(host) }
            if entry.policy.isSuspended { suspended.insert(host) }
        }
        administered = administered.mapValues { $0.sorted() }
    }

    /// The table with another entry for a host that it has: all other hosts are left as they are, however many.
    func replacing(_ entry: Entry) -> RoutingTable {
        let host = entry.configuration.host
        var table = self
        if let old = table.hosts.updateValue(entry, forKey: host) {
            if let address = old.configuration.serviceAddress { table.serviceAddresses[address] = nil }
            for admin in old.policy.admins.subtracting(entry.policy.admins) {
                table.administered[admin]?.removeAll { $0 == host }
                if table.administered[admin]?.isEmpty == true { table.administered[admin] = nil }
            }
            for admin in entry.policy.admins.subtracting(old.policy.admins) {
                table.administered[admin] = ((table.administered[admin] ?? []) + [host]).sorted()
            }
        }
        if let address = entry.configuration.serviceAddress { table.serviceAddresses[address] = host }
        if entry.policy.isSuspended { table.suspended.insert(host) } else { table.suspended.remove(host) }
        return table
    }

    /// What an asker may do at the shared address: invite contacts to the host of the asker's own domain, and create
    /// accounts on every host the asker administers.
    func permissions(of asker: JID) -> Permissions {
        guard let account = Account(asker) else { return Permissions(contactHost: nil, accountHosts: []) }
        let own = hosts[asker.domain].map { Permissions(of: account, under: $0.policy) }
        let administered = administered[account] ?? []
        let suspended = suspended.isEmpty ? [] : administered.filter(suspended.contains)
        return Permissions(
            contactHost: own?.contactHost, contactDenial: own?.contactDenial ?? .notUserOfHost,
            accountHosts: suspended.isEmpty ? administered : administered.filter { !self.suspended.contains($0) },
            accountDenial: suspended.isEmpty ? .notAdmin : .suspended, suspendedHosts: suspended)
    }
}
