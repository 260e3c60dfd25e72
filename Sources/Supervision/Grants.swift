internal import Logging
internal import Synchronization
internal import XMPP

/// What one host's server lets us do, as its own messages after the handshake said.
package struct HostGrants: Hashable, Sendable {
    /// The delegated namespaces (XEP-0355), sorted; empty when none is known.
    package var delegated: [String] = []
    /// The permissions (XEP-0356), each as `access: type`, sorted; empty when none is known.
    package var privileges: [String] = []
}

/// The grants of all hosts' servers on the present connection.
final class Grants: Sendable {
    private let hosts = Mutex<[String: HostGrants]>([:])
    /// Namespaces that are kept of a host; a server delegates a handful.
    private static let mostNamespaces = 64

    func reset() {
        hosts.withLock { $0 = [:] }
    }

    func record(_ grant: DelegationGrant, host: String) {
        record(host) { $0.delegated = grant.namespaces.keys.sorted().prefix(Self.mostNamespaces).map(\.self) }
    }

    func record(_ grant: PrivilegeGrant, host: String) {
        let privileges = grant.permissions.filter { $0.type != "none" }.map { "\($0.access): \($0.type ?? "")" }
        record(host) { $0.privileges = privileges.sorted().prefix(Self.mostNamespaces).map(\.self) }
    }

    private func record(_ host: String, _ change: (inout HostGrants) -> Void) {
        hosts.withLock { change(&$0[host, default: HostGrants()]) }
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
