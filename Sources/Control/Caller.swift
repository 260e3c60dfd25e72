public import Shell

/// Who gives a command, as the kernel tells (`SO_PEERCRED`), and what that lets them do.
public struct Caller: Hashable, Sendable {
    /// `nil` where no process asked, but the daemon itself acts.
    public let uid: UInt32?
    public let pid: Int32?
    /// The name of the user, or the number where it has none.
    public let user: String
    /// What they may do, and where.
    public let access: Access
    /// Where the command came from, for the journal: `socket`, `SIGHUP`, `start`, `deadline`.
    public let origin: String

    public init(uid: UInt32?, pid: Int32?, user: String, access: Access, origin: String = "socket") {
        self.uid = uid
        self.pid = pid
        self.user = user
        self.access = access
        self.origin = origin
    }

    public init(uid: UInt32?, pid: Int32?, user: String, role: Role, hosts: HostScope, origin: String = "socket") {
        self.init(uid: uid, pid: pid, user: user, access: Access(role, on: hosts), origin: origin)
    }

    /// The daemon itself.
    public static func daemon(_ origin: String) -> Caller {
        Caller(uid: nil, pid: nil, user: "invited", role: .admin, hosts: .all, origin: origin)
    }

    /// The highest role on any host.
    public var role: Role { access.role }

    /// The hosts that the caller sees. In a handler: those on which the caller may use the command.
    public var hosts: HostScope { access.hosts }

    /// The same caller, without the hosts on which the role is less than this one.
    func least(_ role: Role) -> Caller {
        Caller(uid: uid, pid: pid, user: user, access: access.least(role), origin: origin)
    }
}
