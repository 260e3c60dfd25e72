package import Shell

/// A role at the control socket, and who has it: an item of `roles` under `shell` in the daemon's file.
///
/// Whether such users and groups exist is not checked when the file is read: the system's user database may be slow
/// or unavailable. A client is compared with the names when it connects.
package struct RoleGrant: Hashable, Sendable {
    /// Users by their names or, in digits, their uids.
    package let users: [String]
    /// Groups by their names or, in digits, their gids.
    package let groups: [String]
    package let role: Role
    /// The hosts that it is for, prepared, with `*.example.com` for all hosts below example.com; `nil` for all hosts.
    package let hosts: Set<String>?

    package init(users: [String] = [], groups: [String] = [], role: Role, hosts: Set<String>? = nil) {
        self.users = users
        self.groups = groups
        self.role = role
        self.hosts = hosts
    }
}

/// What the daemon's file says about the control socket's shell.
package struct ShellConfiguration: Hashable, Sendable, CustomStringConvertible {
    /// The roles that are given, in the order of the file. Root and the daemon's own user are admins without one.
    package let roles: [RoleGrant]

    package init(roles: [RoleGrant] = []) {
        self.roles = roles
    }

    /// The roles as they could stand in the file.
    package var description: String { "[\(roles.map(\.description).joined(separator: ", "))]" }
}

extension RoleGrant: CustomStringConvertible {
    package var description: String {
        let lists = [("users", users), ("groups", groups)].filter { !$0.1.isEmpty }
        let parts =
            lists.map { "\($0): [\($1.joined(separator: ", "))]" } + ["role: \(role.rawValue)"]
            + (hosts.map { ["hosts: [\($0.sorted().joined(separator: ", "))]"] } ?? [])
        return "{\(parts.joined(separator: ", "))}"
    }
}
