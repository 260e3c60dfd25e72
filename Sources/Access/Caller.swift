package import Shell

/// The caller of a command, as the kernel reports it (`SO_PEERCRED`), and the caller's rights.
package struct Caller: Hashable, Sendable {
    /// `nil` where the daemon itself acts, without a calling process.
    package let uid: UInt32?
    package let pid: Int32?
    /// The name of the user, or the number where it has none.
    package let user: String
    /// What they may do, and where.
    package let access: AccessRights
    /// The origin of the command, for the journal: `socket`, `SIGHUP`, `start`, `deadline`.
    package let origin: String

    package init(uid: UInt32?, pid: Int32?, user: String, access: AccessRights, origin: String = "socket") {
        self.uid = uid
        self.pid = pid
        self.user = user
        self.access = access
        self.origin = origin
    }

    package init(uid: UInt32?, pid: Int32?, user: String, role: Role, hosts: HostScope, origin: String = "socket") {
        self.init(uid: uid, pid: pid, user: user, access: AccessRights(role, on: hosts), origin: origin)
    }

    /// The daemon itself.
    package static func daemon(_ origin: String) -> Caller {
        Caller(uid: nil, pid: nil, user: "invited", role: .admin, hosts: .all, origin: origin)
    }

    /// The highest role on any host.
    package var role: Role { access.role }

    /// The hosts that the caller sees. In a handler: those on which the caller may use the command.
    package var hosts: HostScope { access.hosts }

    /// The same caller, without the hosts on which the role is less than this one.
    package func least(_ role: Role) -> Caller {
        Caller(uid: uid, pid: pid, user: user, access: access.least(role), origin: origin)
    }
}
