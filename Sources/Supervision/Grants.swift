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

    func reset() {
        hosts.withLock { $0 = [:] }
    }

    func record(_ grant: DelegationGrant, host: String) {
        hosts.withLock { $0[host, default: HostGrants()].delegated = grant.namespaces.keys.sorted() }
    }

    func record(_ grant: PrivilegeGrant, host: String) {
        let privileges = grant.permissions.filter { $0.type != "none" }.map { "\($0.access): \($0.type ?? "")" }
        hosts.withLock { $0[host, default: HostGrants()].privileges = privileges.sorted() }
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

    func forget(_ host: String) {
        hosts.withLock { $0[host] = nil }
    }
}
