/// The key of a mapping whose keys are all known.
protocol KnownKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// Where a word belongs that is no key of this mapping but one elsewhere.
    static func place(of stray: String) -> String?
    /// What the manual says of it.
    var documentation: KeyDocumentation { get }
}

/// A key of a host's file, named as it is written there.
public enum HostKey: String, CaseIterable, Hashable, Sendable {
    case host
    case admins
    case allowUserInvites = "allow_user_invites"
    case allowContactInvites = "allow_contact_invites"
    case inviteExpiry = "invite_expiry"
    case serviceAddress = "service_address"
    case siteName = "site_name"
    case suspended
}

extension HostKey: CustomStringConvertible {
    /// The key as it is written.
    public var description: String { rawValue }
}

extension HostKey: KnownKey {
    static func place(of stray: String) -> String? {
        if ComponentKey(rawValue: stray) != nil { return "under `component` in the daemon's file" }
        if ShellKey(rawValue: stray) != nil { return "under `shell` in the daemon's file" }
        if DaemonKey(rawValue: stray) != nil { return "in the daemon's file" }
        return nil
    }
}

/// A key at the top of the daemon's file.
enum DaemonKey: String, KnownKey {
    case component
    case stateDirectory = "state_directory"
    case hostsDirectory = "hosts_directory"
    case controlSocket = "control_socket"
    case defaults
    case shell

    static func place(of stray: String) -> String? {
        if ComponentKey(rawValue: stray) != nil { return "under `component`" }
        if ShellKey(rawValue: stray) != nil { return "under `shell`" }
        if GrantKey(rawValue: stray) != nil { return "in an item of `roles` under `shell`" }
        switch HostKey(rawValue: stray) {
        case .host?, .serviceAddress?: return "in a host's own file"
        case _?: return "under `defaults` or in a host's own file"
        case nil: return nil
        }
    }
}

/// A key under `component` in the daemon's file.
enum ComponentKey: String, KnownKey {
    case jid
    case server
    case secret
    case secretFile = "secret_file"

    static func place(of stray: String) -> String? {
        if DaemonKey(rawValue: stray) != nil { return "at the top of the file" }
        return DaemonKey.place(of: stray)
    }
}

/// A key under `shell` in the daemon's file.
enum ShellKey: String, KnownKey {
    case roles

    static func place(of stray: String) -> String? {
        if GrantKey(rawValue: stray) != nil { return "in an item of `roles`" }
        if DaemonKey(rawValue: stray) != nil { return "at the top of the file" }
        return DaemonKey.place(of: stray)
    }
}

/// A key of an item of `roles` under `shell` in the daemon's file.
enum GrantKey: String, KnownKey {
    case users
    case groups
    case role
    case hosts

    static func place(of stray: String) -> String? {
        if DaemonKey(rawValue: stray) != nil { return "at the top of the file" }
        return DaemonKey.place(of: stray)
    }
}
