internal import Glibc

/// The user that the daemon runs as, with whose rights root checks the files that the daemon is going to read.
package struct DaemonUser: Hashable, Sendable {
    /// The name in the user database.
    package let name: String
    let id: uid_t
    /// The primary group.
    let group: gid_t
    let groupName: String
    /// All groups, the primary one among them.
    let groups: [gid_t]

    /// Why the process cannot have the user's rights.
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    init(name: String, id: uid_t, group: gid_t, groupName: String, groups: [gid_t]) {
        self.name = name
        self.id = id
        self.group = group
        self.groupName = groupName
        self.groups = groups
    }

    /// Finds a user in the user database; `nil` when there is none of that name.
    package init?(named name: String) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: 1 << 16)
        guard getpwnam_r(name, &entry, &room, room.count, &found) == 0, found != nil else { return nil }
        var count: CInt = 64
        var groups = [gid_t](repeating: 0, count: Int(count))
        while getgrouplist(name, entry.pw_gid, &groups, &count) < 0 {
            // It returns how many there are; and that may have changed by now.
            count = max(count, CInt(clamping: groups.count * 2))
            groups = [gid_t](repeating: 0, count: Int(count))
        }
        self.init(
            name: name, id: entry.pw_uid, group: entry.pw_gid,
            groupName: Self.groupName(entry.pw_gid) ?? "\(entry.pw_gid)", groups: Array(groups.prefix(Int(count))))
    }

    /// Whether the process has this user's rights as it is.
    package var isCurrent: Bool { id == geteuid() }

    /// Gives the process the user's rights to files, and none of root's. Only root can.
    ///
    /// The real user stays root, for ``asRoot(_:)``.
    package func assume() throws(Problem) {
        guard setgroups(groups.count, groups) == 0, setegid(group) == 0, seteuid(id) == 0 else {
            let reason = String(cString: strerror(errno))
            throw Problem(description: "cannot take the rights of the user \(name): \(reason)")
        }
    }

    /// Runs a body with root's rights where ``assume()`` has dropped them.
    func asRoot<Result>(_ body: () -> Result) -> Result {
        guard geteuid() == id, seteuid(0) == 0 else { return body() }
        defer {
            // Whatever ran next would have the wrong user's rights. It cannot fail, whatever is read: root, which the
            // process is here, may take any id (seteuid(2)), and no thread gives that up meanwhile.
            if seteuid(id) != 0 { fatalError("cannot give up root's rights again") }
        }
        return body()
    }

    /// Whether the process has all permissions of a set on an open file, also on one opened with `O_PATH`.
    func isAllowed(_ permissions: mode_t, _ file: Descriptor) -> Bool {
        // R_OK and its like are the bits of others. The kernel knows access control lists, too.
        faccessat(file.number, "", CInt(permissions), AT_EACCESS | Descriptor.itself) == 0
    }

    static func groupName(_ id: gid_t) -> String? {
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var room = [CChar](repeating: 0, count: 1 << 16)
        // A group with very many members does not fit, and keeps its number.
        guard getgrgid_r(id, &entry, &room, room.count, &found) == 0, found != nil else { return nil }
        return String(cString: entry.gr_name)
    }
}
