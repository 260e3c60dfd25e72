internal import Configuration

/// What runs beneath the settings that were changed at run time.
struct BaseLayer: Sendable {
    let hosts: [String: HostConfiguration]
    private let source: Source

    private enum Source: Sendable {
        /// What the files said when they were applied.
        case files(LoadedConfiguration)
        /// What ran before, with its number.
        case snapshot(Int)
    }

    init(_ loaded: LoadedConfiguration) {
        hosts = loaded.hosts
        source = .files(loaded)
    }

    init(_ hosts: [String: HostConfiguration], ofSnapshot number: Int) {
        self.hosts = hosts
        source = .snapshot(number)
    }

    /// Where the value of a host's setting comes from.
    func origin(of key: HostKey, for host: String) -> SettingOrigin {
        switch source {
        case .files(let loaded): loaded.origin(of: key, for: host) ?? .builtIn
        case .snapshot(let number): .snapshot(number)
        }
    }
}
