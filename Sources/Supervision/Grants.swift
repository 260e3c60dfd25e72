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

    /// - Parameter isServed: Grants of other domains, of which there can be any number, are not kept.
    func record(_ grant: DelegationGrant, host: String, isServed: Bool) {
        guard isServed else { return }
        hosts.withLock { $0[host, default: HostGrants()].delegated = grant.namespaces.keys.sorted() }
    }

    func record(_ grant: PrivilegeGrant, host: String, isServed: Bool) {
        guard isServed else { return }
        let privileges = grant.permissions.filter { $0.type != "none" }.map { "\($0.access): \($0.type ?? "")" }
        hosts.withLock { $0[host, default: HostGrants()].privileges = privileges.sorted() }
    }

    subscript(host: String) -> HostGrants? {
        hosts.withLock { $0[host] }
    }

    func forget(_ host: String) {
        hosts.withLock { $0[host] = nil }
    }
}
