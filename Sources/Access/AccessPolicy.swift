package import Configuration
package import Shell

/// Who may use the control socket, and with which rights.
package struct AccessPolicy: Hashable, Sendable {
    /// A role for some users and groups on some hosts.
    package struct Grant: Hashable, Sendable {
        /// Names or numbers.
        package let users: Set<String>
        /// Names or numbers.
        package let groups: Set<String>
        package let access: AccessRights

        package init(users: some Sequence<String>, groups: some Sequence<String>, role: Role, hosts: HostScope) {
            self.users = Set(users)
            self.groups = Set(groups)
            access = AccessRights(role, on: hosts)
        }
    }

    package let grants: [Grant]
    /// The uid that the daemon runs as.
    package let daemon: UInt32

    package init(_ grants: [Grant] = [], daemon: UInt32) {
        self.grants = grants
        self.daemon = daemon
    }

    /// What the daemon's file says.
    package init(_ shell: ShellConfiguration, daemon: UInt32) {
        self.init(
            shell.roles.map { grant in
                Grant(
                    users: grant.users, groups: grant.groups, role: grant.role,
                    hosts: grant.hosts.map(HostScope.some) ?? .all)
            }, daemon: daemon)
    }

    /// Whether it is root or the daemon's own user, who need no lookup: they could do everything without a socket.
    ///
    /// Not where the daemon runs as the user `nobody`: every user without a number in this namespace appears as that
    /// one.
    package func isOwner(_ uid: UInt32) -> Bool { uid == 0 || uid == daemon && uid != Self.overflowID }

    /// What the peer may do; `nil` when it is nothing.
    package func access(of peer: PeerIdentity) -> AccessRights? {
        if isOwner(peer.credentials.uid) { return AccessRights(.admin, on: .all) }
        let user = Self.names(peer.credentials.uid, peer.user)
        let groups = peer.credentials.allGroups.reduce(into: Set<String>()) {
            $0.formUnion(Self.names($1, peer.groups[$1]))
        }
        return grants.filter { !$0.users.isDisjoint(with: user) || !$0.groups.isDisjoint(with: groups) }
            .map(\.access).reduce(nil) { $0?.union($1) ?? $1 }
    }

    /// What a grant can say to mean this user or group.
    private static func names(_ id: UInt32, _ name: String?) -> Set<String> {
        // The kernel's placeholder for ids that are not mapped in the daemon's user namespace: it stands for many.
        if id == overflowID { return [] }
        var names: Set = [String(id)]
        // A name in the form of a number must not pass for that number.
        if let name, !name.utf8.allSatisfy(Self.isDigit) { names.insert(name) }
        return names
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The default of /proc/sys/kernel/overflowuid and overflowgid.
    private static let overflowID: UInt32 = 65_534
}
