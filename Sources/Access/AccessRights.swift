package import Shell

/// What a caller may do: a role on each of the hosts that they see.
///
/// Rights add up host by host, and never spread: an operator of a.example who is a viewer of b.example changes nothing
/// on b.example.
package struct AccessRights: Hashable, Sendable {
    /// For each role that was given, the hosts it was given for.
    private let scopes: [Role: HostScope]

    /// One role on some hosts.
    package init(_ role: Role, on hosts: HostScope) {
        scopes = [role: hosts]
    }

    private init(_ scopes: [Role: HostScope]) {
        self.scopes = scopes
    }

    /// The highest role on any host.
    package var role: Role { scopes.keys.max() ?? .viewer }

    /// All hosts that are seen.
    package var hosts: HostScope { hosts(as: .viewer) }

    /// The hosts on which the role is at least this one.
    package func hosts(as role: Role) -> HostScope { least(role).scopes.values.reduce(.some([])) { $0.union($1) } }

    /// Whether the role is at least this one on all hosts, those that are added later included.
    package func areOnAllHosts(as role: Role) -> Bool { hosts(as: role) == .all }

    /// The part of it where the role is at least this one.
    package func least(_ role: Role) -> AccessRights { AccessRights(scopes.filter { $0.key >= role }) }

    /// What both say together.
    package func union(_ other: AccessRights) -> AccessRights {
        AccessRights(scopes.merging(other.scopes) { $0.union($1) })
    }
}
