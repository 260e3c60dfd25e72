package import Shell
internal import XMPP

/// Why a caller may not do something to a host.
package enum AccessDenial: Error, Hashable, Sendable {
    /// There is no such host, or the caller does not see it: which of both is never said.
    case unknownHost
    /// The caller sees the host, and would need this role there.
    case needsRole(Role, host: String)
}

extension Caller {
    /// The host that an address names, for a caller who is to change it.
    ///
    /// - Parameters:
    ///   - address: As it was typed: it need not be in its prepared form, so it is prepared first.
    ///   - role: The least role that may do it.
    /// - Returns: The host's name in its prepared form.
    package func host(
        _ address: String, as role: Role, among hosts: any HostDirectoryView
    ) throws(AccessDenial) -> String {
        let host = (try? JID(address)).flatMap { $0.isDomain ? $0.domain : nil }
        guard let host, self.hosts.contains(host), hosts.hasHost(host) else { throw .unknownHost }
        guard access.hosts(as: role).contains(host) else { throw .needsRole(role, host: host) }
        return host
    }
}
