internal import Logging
internal import Synchronization
internal import XMPP

/// What one host's server lets us do, as its own messages after the handshake said.
public struct HostGrants: Hashable, Sendable {
    /// The delegated namespaces (XEP-0355), sorted; empty when none is known.
    public internal(set) var delegated: [String] = []
    /// The permissions (XEP-0356), each as `access: type`, sorted; empty when none is known.
    public internal(set) var privileges: [String] = []
}

/// The grants of all hosts' servers on the present connection.
final class Grants: Sendable {
    private let hosts = Mutex<[String: HostGrants]>([:])
    /// Any domain may send such a message, and a host that is not served yet may be so later.
    private static let capacity = 65_536

    func reset() {
        hosts.withLock { $0 = [:] }
    }

    func record(_ grant: DelegationGrant, host: String) {
        record(host) { $0.delegated = grant.namespaces.keys.sorted() }
    }

    func record(_ grant: PrivilegeGrant, host: String) {
        let privileges = grant.permissions.filter { $0.type != "none" }.map { "\($0.access): \($0.type ?? "")" }
        record(host) { $0.privileges = privileges.sorted() }
    }

    private func record(_ host: String, _ change: (inout HostGrants) -> Void) {
        hosts.withLock { hosts in
            guard hosts[host] != nil || hosts.count < Self.capacity else { return }
            change(&hosts[host, default: HostGrants()])
        }
    }

    subscript(host: String) -> HostGrants? {
        hosts.withLock { $0[host] }
    }

    /// The grants of a host for the log.
    func metadata(of host: String) -> Logger.Metadata {
        let known = self[host] ?? HostGrants()
        return [
            "host": "\(host)", "delegated": "\(known.delegated.joined(separator: ", "))",
            "privileges": "\(known.privileges.joined(separator: ", "))",
        ]
    }
}
