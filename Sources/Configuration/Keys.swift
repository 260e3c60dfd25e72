/// The key of a mapping whose keys are all known.
protocol KnownKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// Where an unknown word belongs, if it is a key of another mapping.
    static func place(of stray: String) -> String?
    /// What the manual says of it.
    var documentation: KeyDocumentation { get }
}

/// A key at the top of the daemon's file.
enum DaemonKey: String, KnownKey {
    case component
    case stateDirectory = "state_directory"
    case hostsDirectory = "hosts_directory"
    case controlSocket = "control_socket"
    case defaults
    case shell
    case web
    case metrics

    static func place(of stray: String) -> String? {
        if WebKey(rawValue: stray) != nil {
            let others = MetricsKey(rawValue: stray) != nil ? " or `metrics`" : ""
            return "under `web`\(others)" + (HostKey(rawValue: stray) != nil ? ", or in a host's own file" : "")
        }
        if ComponentKey(rawValue: stray) != nil { return "under `component`" }
        if ShellKey(rawValue: stray) != nil { return "under `shell`" }
        if GrantKey(rawValue: stray) != nil { return "in an item of `roles` under `shell`" }
        switch HostKey(rawValue: stray)?.setting.scope {
        case .file?, .oneHost?: return "in a host's own file"
        case .anywhere?, .read?: return "under `defaults` or in a host's own file"
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

/// A key under `web` in the daemon's file.
enum WebKey: String, KnownKey {
    case listen
    case baseURL = "base_url"
    case trustedProxies = "trusted_proxies"
    case templates
    case texts
    case apps

    static func place(of stray: String) -> String? {
        if DaemonKey(rawValue: stray) != nil { return "at the top of the file" }
        return DaemonKey.place(of: stray)
    }
}

/// A key under `metrics` in the daemon's file.
enum MetricsKey: String, KnownKey {
    case listen

    static func place(of stray: String) -> String? { WebKey.place(of: stray) }
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
