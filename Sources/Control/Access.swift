public import Shell

/// What somebody may do: a role on each of the hosts that they see.
///
/// Rights add up host by host, and never spread: an operator of a.example who is a viewer of b.example changes nothing
/// on b.example.
public struct Access: Hashable, Sendable {
    /// For each role that was given, the hosts it was given for.
    private let scopes: [Role: HostScope]

    /// One role on some hosts.
    public init(_ role: Role, on hosts: HostScope) {
        scopes = [role: hosts]
    }

    private init(_ scopes: [Role: HostScope]) {
        self.scopes = scopes
    }

    /// The highest role on any host.
    public var role: Role { scopes.keys.max() ?? .viewer }

    /// All hosts that are seen.
    public var hosts: HostScope { hosts(as: .viewer) }

    /// The hosts on which the role is at least this one.
    public func hosts(as role: Role) -> HostScope { least(role).scopes.values.reduce(.some([])) { $0.union($1) } }

    /// The part of it where the role is at least this one.
    public func least(_ role: Role) -> Access { Access(scopes.filter { $0.key >= role }) }

    /// What both say together.
    public func union(_ other: Access) -> Access { Access(scopes.merging(other.scopes) { $0.union($1) }) }
}
