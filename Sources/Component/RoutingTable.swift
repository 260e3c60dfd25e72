internal import Configuration
internal import Invites
internal import Supervision
internal import Synchronization
internal import XMPP

/// The table in force, for routing at any time.
final class SharedRoutingTable: Sendable {
    private let current = Mutex(RoutingTable())

    var value: RoutingTable { current.withLock { $0 } }

    func replace(_ new: RoutingTable) {
        current.withLock { $0 = new }
    }
}

/// Which address belongs to which host: one immutable value, replaced as a whole.
struct RoutingTable: Sendable {
    struct Entry: Sendable {
        let host: Host
        let endpoint: HostEndpoint
    }

    /// By host.
    private(set) var hosts: [String: Entry]
    /// By service address, the host it serves.
    private(set) var serviceAddresses: [String: String] = [:]
    /// By admin, the hosts administered, sorted.
    private(set) var administered: [Account: [String]] = [:]
    private(set) var suspended: Set<String> = []

    init(_ hosts: [String: Entry] = [:]) {
        self.hosts = hosts
        for (name, entry) in hosts {
            if let address = entry.host.configuration.serviceAddress { serviceAddresses[address] = name }
            for admin in entry.host.policy.admins { administered[admin, default: []].append(name) }
            if entry.host.policy.isSuspended { suspended.insert(name) }
        }
        administered = administered.mapValues { $0.sorted() }
    }

    /// The table with another entry for a host that it has: all other hosts are left as they are, however many.
    func replacing(_ entry: Entry) -> RoutingTable {
        let (name, host) = (entry.host.name, entry.host)
        var table = self
        if let old = table.hosts.updateValue(entry, forKey: name)?.host {
            if let address = old.configuration.serviceAddress { table.serviceAddresses[address] = nil }
            for admin in old.policy.admins.subtracting(host.policy.admins) {
                table.administered[admin]?.removeAll { $0 == name }
                if table.administered[admin]?.isEmpty == true { table.administered[admin] = nil }
            }
            for admin in host.policy.admins.subtracting(old.policy.admins) {
                table.administered[admin] = ((table.administered[admin] ?? []) + [name]).sorted()
            }
        }
        if let address = host.configuration.serviceAddress { table.serviceAddresses[address] = name }
        if host.policy.isSuspended { table.suspended.insert(name) } else { table.suspended.remove(name) }
        return table
    }

    /// What an asker may do at the shared address: invite contacts to the host of the asker's own domain, and create
    /// accounts on every host the asker administers.
    func permissions(of asker: JID) -> Permissions {
        guard let account = Account(asker) else { return Permissions(contactHost: nil, accountHosts: []) }
        let own = hosts[asker.domain].map { Permissions(of: account, under: $0.host.policy) }
        let administered = administered[account] ?? []
        let suspended = suspended.isEmpty ? [] : administered.filter(suspended.contains)
        return Permissions(
            contactHost: own?.contactHost, contactDenial: own?.contactDenial ?? .notUserOfHost,
            accountHosts: suspended.isEmpty ? administered : administered.filter { !self.suspended.contains($0) },
            accountDenial: suspended.isEmpty ? .notAdmin : .suspended, suspendedHosts: suspended)
    }
}
