import Text
import XMPP
import YAML

/// What the daemon's file says, each setting with its place. What it leaves out is `nil`.
struct DaemonSettings: Sendable {
    var componentMark = SourceMark.start
    var jid: Setting<JID>?
    var server: Setting<ServerAddress>?
    var secret: Setting<Secret>?
    var secretFile: Setting<String>?
    var stateDirectory: Setting<String>?
    var hostsDirectory: Setting<String>?
    var controlSocket: Setting<String>?
    var defaults = HostSettings()
    var shell = ShellSettings()
    var http = HTTPSettings()
    /// Which keys under `component` are there, with good values or bad ones.
    private(set) var componentKeys: Set<ComponentKey> = []

    init() {}

    init(_ node: YAMLNode, report: inout DiagnosticReport) {
        for (key, keyMark, value) in node.entries(of: DaemonKey.self, in: "the daemon's file", report: &report) {
            switch key {
            case .component:
                componentMark = keyMark
                readComponent(value, report: &report)
            case .stateDirectory:
                stateDirectory = value.text(key.rawValue, wants: "the path of a directory", report: &report)
            case .hostsDirectory:
                hostsDirectory = value.text(key.rawValue, wants: "the path of a directory", report: &report)
            case .controlSocket:
                controlSocket = value.text(key.rawValue, wants: "the path of a socket", report: &report)
            case .defaults: defaults = HostSettings(defaults: value, report: &report)
            case .shell: shell = ShellSettings(value, report: &report)
            case .web: http.readWeb(value, at: keyMark, report: &report)
            case .metrics: http.readMetrics(value, report: &report)
            }
        }
        if !componentKeys.contains(.jid) {
            let meaning = "set it to the component's domain on the server, such as invites.example.com"
            report.add(componentMark, "`component` has no `jid`: \(meaning)")
        }
    }

    private mutating func readComponent(_ node: YAMLNode, report: inout DiagnosticReport) {
        switch node.kind {
        case .mapping, .null: break
        // What is no mapping is reported as such, not for the keys that it does not have.
        default: componentKeys = Set(ComponentKey.allCases)
        }
        var firstSecret: (key: ComponentKey, mark: SourceMark)?
        for (key, keyMark, value) in node.entries(of: ComponentKey.self, in: "`component`", report: &report) {
            componentKeys.insert(key)
            switch key {
            case .jid: jid = value.domain(key.rawValue, report: &report)
            case .server: server = value.serverAddress(key.rawValue, report: &report)
            case .secret:
                secret = value.text(key.rawValue, wants: "a text in quotes", report: &report).map {
                    Setting(value: Secret($0.value), mark: $0.mark)
                }
            case .secretFile: secretFile = value.text(key.rawValue, wants: "the path of a file", report: &report)
            }
            guard key == .secret || key == .secretFile else { continue }
            if let firstSecret {
                let place = report.location(firstSecret.mark)
                report.add(keyMark, "`\(firstSecret.key.rawValue)` is already set at \(place); keep one of the two")
            }
            firstSecret = (key, keyMark)
        }
    }
}

extension YAMLNode {
    fileprivate func serverAddress(_ key: String, report: inout DiagnosticReport) -> Setting<ServerAddress>? {
        guard let text = text(key, wants: "HOST:PORT such as 127.0.0.1:5347", report: &report) else { return nil }
        do {
            return Setting(value: try ServerAddress(text.value), mark: mark)
        } catch {
            report.add(mark, "`\(key)` \(text.value.quoted): \(error)")
            return nil
        }
    }
}
