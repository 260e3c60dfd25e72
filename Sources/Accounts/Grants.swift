package import Logging
internal import Synchronization
package import XMPP

/// The grants of all hosts' servers on the present connection, also of hosts that may be configured later: a server says
/// it once.
package final class Grants: Sendable {
    private let hosts = Mutex<[String: HostGrants]>([:])
    /// The most namespaces stored for a host; a server delegates a handful.
    private static let mostNamespaces = 64
    /// The most domains stored besides those of hosts. Any domain can claim to grant something.
    package static let mostOthers = 4096

    package init() {}

    package func reset() {
        hosts.withLock { $0 = [:] }
    }

    package func record(_ grant: DelegationGrant, host: String, among hosts: ServedHosts) {
        record(host, hosts) { $0.delegated = grant.namespaces.keys.sorted().prefix(Self.mostNamespaces).map(\.self) }
    }

    package func record(_ grant: PrivilegeGrant, host: String, among hosts: ServedHosts) {
        record(host, hosts) { $0.privilege = grant.granting(mostNamespaces: Self.mostNamespaces) }
    }

    /// A request of this namespace was delegated, which proves that the namespace is.
    package func recordDelegated(_ namespace: String, host: String) {
        hosts.withLock { hosts in
            let known = hosts[host]?.delegated ?? []
            guard !known.contains(namespace), known.count < Self.mostNamespaces else { return }
            hosts[host, default: HostGrants()].delegated = (known + [namespace]).sorted()
        }
    }

    private func record(_ host: String, _ served: ServedHosts, _ change: (inout HostGrants) -> Void) {
        let isServed = served.contains(host)
        hosts.withLock { hosts in
            let isKnown = isServed || hosts[host] != nil
            guard isKnown || hosts.count < served.count + Self.mostOthers else { return }
            var grants = hosts[host] ?? HostGrants()
            change(&grants)
            if !isServed { grants.keepOnlyWhatIsUsed() }
            hosts[host] = grants
        }
    }

    package subscript(host: String) -> HostGrants? {
        hosts.withLock { $0[host] }
    }

    package var all: [String: HostGrants] { hosts.withLock { $0 } }

    /// The grants of a host for the log.
    package func metadata(of host: String) -> Logger.Metadata {
        let known = self[host] ?? HostGrants()
        return [
            "host": "\(host)", "delegated": "\(known.delegated.joined(separator: ", "))",
            "privileges": "\(known.privileges.joined(separator: ", "))",
        ]
    }
}

/// Which domains are hosts at one moment.
package struct ServedHosts {
    /// How many there are.
    package let count: Int
    private let isServed: (String) -> Bool

    package init(count: Int, contains isServed: @escaping (String) -> Bool) {
        self.count = count
        self.isServed = isServed
    }

    package func contains(_ host: String) -> Bool { isServed(host) }
}
