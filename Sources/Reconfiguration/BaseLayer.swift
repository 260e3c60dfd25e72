internal import Configuration
internal import Supervision
internal import XMPP

/// What runs beneath the settings that were changed at run time.
struct BaseLayer: Sendable {
    let hosts: [String: HostConfiguration]
    /// The roles at the control socket.
    let shell: ShellConfiguration
    /// Where pages and metrics are.
    let http: HTTPConfiguration
    /// What the files said that it was made from.
    let files: Fingerprint
    private let source: Source

    private enum Source: Sendable {
        /// What the files said when they were applied.
        case files(LoadedConfiguration)
        /// What ran before, with its number.
        case snapshot(Int)
    }

    init(_ read: FilesRead) {
        hosts = read.loaded.hosts
        // Without a valid daemon's file, nothing of it is put in force.
        shell = read.loaded.daemon?.shell ?? ShellConfiguration()
        http = read.loaded.daemon?.http ?? HTTPConfiguration()
        files = read.fingerprint
        source = .files(read.loaded)
    }

    init(_ snapshot: ConfigurationSnapshot) {
        hosts = snapshot.hosts
        shell = snapshot.shell
        http = snapshot.http
        files = snapshot.header.files
        source = .snapshot(snapshot.header.number)
    }

    private init(_ other: BaseLayer, source: Source) {
        hosts = other.hosts
        shell = other.shell
        http = other.http
        files = other.files
        self.source = source
    }

    /// The same as the snapshot that was made of it.
    func asSnapshot(_ number: Int) -> BaseLayer { BaseLayer(self, source: .snapshot(number)) }

    /// Whether it is what files said, and not a snapshot.
    var isFiles: Bool { if case .files = source { true } else { false } }

    /// The files that it was made from; `nil` when it is a snapshot.
    var loaded: LoadedConfiguration? { if case .files(let loaded) = source { loaded } else { nil } }

    /// Where the value of a host's setting comes from.
    func origin(of key: HostKey, for host: String) -> SettingOrigin {
        switch source {
        case .files(let loaded): loaded.origin(of: key, for: host) ?? .builtIn
        case .snapshot(let number): .snapshot(number)
        }
    }

    /// The hosts with the overrides on top.
    func hosts(with overrides: [String: SettingOverrides]) -> [String: HostConfiguration] { hosts.applying(overrides) }

    /// The overrides that cannot lie over this, since what they claim is another host's here: by host, why.
    func conflicts(with overrides: [String: SettingOverrides], component: String) -> [String: String] {
        let claiming = overrides.filter { $0.value.value(of: .serviceAddress) != nil && hosts[$0.key] != nil }
        guard !claiming.isEmpty else { return [:] }
        let effective = hosts(with: overrides)
        var owners: [String: [String]] = [:]
        for (host, configuration) in effective {
            if let address = configuration.serviceAddress {
                owners[JID.unicodeDomain(address), default: []].append(host)
            }
        }
        var conflicts: [String: String] = [:]
        for host in claiming.keys {
            guard let configuration = effective[host], let address = configuration.serviceAddress else { continue }
            let other = owners[JID.unicodeDomain(address)]?.filter { $0 != host }.min()
            if let mistake = configuration.serviceAddressMistake(
                among: effective.keys, owner: other, component: component)
            {
                conflicts[host] = mistake
            }
        }
        return conflicts
    }
}

extension [String: HostConfiguration] {
    /// These hosts with the overrides on top.
    func applying(_ overrides: [String: SettingOverrides]) -> Self {
        var hosts = self
        for (host, changed) in overrides {
            if let configuration = hosts[host] { hosts[host] = changed.applied(to: configuration) }
        }
        return hosts
    }
}

/// All files, as they were read together.
struct FilesRead: Sendable {
    let loaded: LoadedConfiguration
    let fingerprint: Fingerprint

    init(_ loaded: LoadedConfiguration) {
        self.loaded = loaded
        fingerprint = Fingerprint(loaded)
    }
}
