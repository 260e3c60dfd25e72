package import YAML

/// A setting of a host as it is in force.
package struct SettingStatus: Hashable, Sendable {
    package let key: HostKey
    /// The value as it could stand in the host's file, in one line of YAML; empty where there is none.
    package let value: String
    package let origin: SettingOrigin

    package init(key: HostKey, value: String, origin: SettingOrigin) {
        self.key = key
        self.value = value
        self.origin = origin
    }
}

/// Where the value of a setting comes from.
package enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
    /// A place in the host's own file, or under `defaults` in the daemon's.
    case file(SourceLocation)
    /// The default: it is not set.
    case builtIn
    /// It was changed at run time.
    case runtime
    /// A configuration that ran before, by its number.
    case snapshot(Int)

    /// `config.d/example.com.yaml:7:3`, `default`, `runtime` or `snapshot 12`.
    package var description: String {
        switch self {
        case .file(let location): location.description
        case .builtIn: "default"
        case .runtime: "runtime"
        case .snapshot(let number): "snapshot \(number)"
        }
    }
}
