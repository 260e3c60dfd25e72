public import Shell

/// Who gives a command, as the kernel tells (`SO_PEERCRED`), and what that lets them do.
public struct Caller: Hashable, Sendable {
    /// `nil` where no process asked, but the daemon itself acts.
    public let uid: UInt32?
    public let pid: Int32?
    /// The name of the user, or the number where it has none.
    public let user: String
    public let role: Role
    public let hosts: HostScope
    /// Where the command came from, for the journal: `socket`, `SIGHUP`, `start`, `deadline`.
    public let origin: String

    public init(uid: UInt32?, pid: Int32?, user: String, role: Role, hosts: HostScope, origin: String = "socket") {
        self.uid = uid
        self.pid = pid
        self.user = user
        self.role = role
        self.hosts = hosts
        self.origin = origin
    }

    /// The daemon itself.
    public static func daemon(_ origin: String) -> Caller {
        Caller(uid: nil, pid: nil, user: "invited", role: .admin, hosts: .all, origin: origin)
    }
}
