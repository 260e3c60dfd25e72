internal import Logging
internal import Synchronization
package import XMPP

/// What one host's server lets us do, as its own messages after the handshake said.
package struct HostGrants: Hashable, Sendable {
    /// The delegated namespaces (XEP-0355), sorted; empty when none is known.
    package var delegated: [String] = []
    /// The permissions (XEP-0356), without those that grant nothing; `nil` when none is known.
    package var privilege: PrivilegeGrant?

    package init(delegated: [String] = [], privilege: PrivilegeGrant? = nil) {
        self.delegated = delegated
        self.privilege = privilege
    }

    /// Whether the host's commands are delegated.
    package var delegatesCommands: Bool { delegated.contains(Namespaces.commands) }

    /// Why commands do not come here, and what would make them.
    package static let noDelegation =
        "the server has not said that it delegates them (XEP-0355): `delegations` on Prosody, `mod_delegation` on ejabberd"

    /// What may be done with the rosters of the host's users: `none`, `get`, `set` or `both` (XEP-0356 §4.2).
    package var rosterAccess: String { privilege?.permissions.first { $0.access == "roster" }?.type ?? "none" }

    /// The permissions in words, `ACCESS: TYPE` or `iq NAMESPACE: TYPE`, sorted.
    package var privileges: [String] {
        let texts = (privilege?.permissions ?? []).flatMap { permission in
            permission.namespaces.map { "\(permission.access) \($0.key): \($0.value)" }
                + (permission.type.map { ["\(permission.access): \($0)"] } ?? [])
        }
        return texts.sorted()
    }
}

extension HostGrants {
    private static let usedNamespaces = [Namespaces.commands, Namespaces.discoItems]

    /// Drops what the daemon has no use for, however much a domain says.
    fileprivate mutating func keepOnlyWhatIsUsed() {
        delegated = delegated.filter(Self.usedNamespaces.contains)
        privilege = privilege?.granting(only: Self.usedNamespaces)
    }
}

/// The grants of all hosts' servers on the present connection, also of hosts that may be configured later: a server says
/// it once.
final class Grants: Sendable {
    private let hosts = Mutex<[String: HostGrants]>([:])
    /// Namespaces that are kept of a host; a server delegates a handful.
    private static let mostNamespaces = 64
    /// Domains that are kept besides those of hosts. Any domain can claim to grant something.
    static let mostOthers = 4096

    func reset() {
        hosts.withLock { $0 = [:] }
    }

    func record(_ grant: DelegationGrant, host: String, in table: RoutingTable) {
        record(host, table) { $0.delegated = grant.namespaces.keys.sorted().prefix(Self.mostNamespaces).map(\.self) }
    }

    func record(_ grant: PrivilegeGrant, host: String, in table: RoutingTable) {
        record(host, table) { $0.privilege = grant.granting(mostNamespaces: Self.mostNamespaces) }
    }

    /// A request of this namespace was delegated, which proves that the namespace is.
    func recordDelegated(_ namespace: String, host: String) {
        hosts.withLock { hosts in
            let known = hosts[host]?.delegated ?? []
            guard !known.contains(namespace), known.count < Self.mostNamespaces else { return }
            hosts[host, default: HostGrants()].delegated = (known + [namespace]).sorted()
        }
    }

    private func record(_ host: String, _ table: RoutingTable, _ change: (inout HostGrants) -> Void) {
        let isServed = table.hosts[host] != nil
        hosts.withLock { hosts in
            let isKnown = isServed || hosts[host] != nil
            guard isKnown || hosts.count < table.hosts.count + Self.mostOthers else { return }
            var grants = hosts[host] ?? HostGrants()
            change(&grants)
            if !isServed { grants.keepOnlyWhatIsUsed() }
            hosts[host] = grants
        }
    }

    subscript(host: String) -> HostGrants? {
        hosts.withLock { $0[host] }
    }

    var all: [String: HostGrants] { hosts.withLock { $0 } }

    /// The grants of a host for the log.
    func metadata(of host: String) -> Logger.Metadata {
        let known = self[host] ?? HostGrants()
        return [
            "host": "\(host)", "delegated": "\(known.delegated.joined(separator: ", "))",
            "privileges": "\(known.privileges.joined(separator: ", "))",
        ]
    }
}
