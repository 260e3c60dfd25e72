import Invites
import YAML

/// What one file says about a host, each setting with its place.
struct HostSettings: Sendable {
    /// The values that were read; of what the file leaves out, the defaults, which mean nothing here.
    private var values = HostConfiguration(host: "")
    private var marks: [(key: HostKey, mark: SourceMark)] = []

    init() {}

    /// Reads the mapping of a host's file.
    ///
    /// - Parameter host: The host that the file's name gives, for hints.
    init(_ node: YAMLNode, of host: String? = nil, report: inout DiagnosticReport) {
        for (key, _, value) in node.entries(of: HostKey.self, in: "a host's file", report: &report) {
            read(key, from: value, of: host, report: &report)
        }
    }

    /// Reads `defaults` in the daemon's file, where keys that have to differ between hosts are not allowed.
    init(defaults node: YAMLNode, report: inout DiagnosticReport) {
        for (key, keyMark, value) in node.entries(of: HostKey.self, in: "`defaults`", report: &report) {
            switch key.setting.scope {
            case .file(let reason), .oneHost(let reason):
                report.add(keyMark, "`\(key)` cannot be a default: \(reason)")
            case .anywhere, .read:
                read(key, from: value, report: &report)
            }
        }
    }

    mutating func read(_ key: HostKey, from value: YAMLNode, of host: String? = nil, report: inout DiagnosticReport) {
        guard key.setting.read(value, of: host, into: &values, report: &report) else { return }
        marks.removeAll { $0.key == key }
        marks.append((key, value.mark))
    }

    /// Forgets what the file says for a key.
    mutating func clear(_ key: HostKey) { marks.removeAll { $0.key == key } }

    /// The settings that the file has, in the order of ``HostKey``.
    var keys: [HostKey] {
        // Mostly there are none, or few.
        marks.isEmpty ? [] : HostKey.allCases.filter { mark(of: $0) != nil }
    }

    var isEmpty: Bool { marks.isEmpty }

    /// The location of a setting; `nil` when the file does not have it.
    func mark(of key: HostKey) -> SourceMark? { marks.first { $0.key == key }?.mark }

    /// What the file says for a key; `nil` when it does not say anything.
    func value(of key: HostKey) -> HostValue? { mark(of: key).flatMap { _ in key.setting.value(in: values) } }

    /// The host, where the file names it.
    var host: String? { mark(of: .host).map { _ in values.host } }

    /// The service address, where the file has one.
    var serviceAddress: String? { mark(of: .serviceAddress).flatMap { _ in values.serviceAddress } }

    /// The base of the host's own pages, where the file has one.
    var baseURL: BaseURL? { mark(of: .baseURL).flatMap { _ in values.pages.baseURL } }

    /// Gives a configuration what is set here; the host's name stays.
    func apply(to configuration: inout HostConfiguration) {
        for (key, _) in marks where key != .host { key.setting.copy(from: values, to: &configuration) }
    }
}
