import Invites
import XMPP

/// What one file says about a host, each setting with its place. What the file leaves out is `nil`.
struct HostSettings: Sendable {
    var host: Setting<JID>?
    var admins: Setting<Set<JID>>?
    var allowUserInvites: Setting<Bool>?
    var allowContactInvites: Setting<Bool>?
    var inviteExpiry: Setting<Lifetime>?
    var serviceAddress: Setting<JID>?
    var siteName: Setting<String>?
    var suspended: Setting<Bool>?

    /// In Unicode scalars: a character can have any number of marks.
    static let longestSiteName = 200
    /// Each is looked up and written wherever the host's configuration is; a provider's staff are far fewer.
    static let mostAdmins = 1000

    init() {}

    /// Reads the mapping of a host's file.
    init(_ node: YAMLNode, report: inout DiagnosticReport) {
        for (key, _, value) in node.entries(of: HostKey.self, in: "a host's file", report: &report) {
            read(key, from: value, report: &report)
        }
    }

    /// Reads `defaults` in the daemon's file, where the keys that tell one host from another have no place.
    init(defaults node: YAMLNode, report: inout DiagnosticReport) {
        for (key, keyMark, value) in node.entries(of: HostKey.self, in: "`defaults`", report: &report) {
            switch key {
            case .host:
                report.add(keyMark, "`host` cannot be a default: each host's file is named after its host")
            case .serviceAddress:
                let reason = "an address belongs to one host, and every host would claim this one"
                report.add(keyMark, "`service_address` cannot be a default: \(reason); set it in that host's file")
            default:
                read(key, from: value, report: &report)
            }
        }
    }

    mutating func read(_ key: HostKey, from value: YAMLNode, report: inout DiagnosticReport) {
        switch key {
        case .host: host = value.domain(key, report: &report)
        case .admins: admins = value.bareJIDs(key, report: &report)
        case .allowUserInvites: allowUserInvites = value.flag(key, report: &report)
        case .allowContactInvites: allowContactInvites = value.flag(key, report: &report)
        case .inviteExpiry: inviteExpiry = value.lifetime(key, report: &report)
        case .serviceAddress: serviceAddress = value.domain(key, report: &report)
        case .suspended: suspended = value.flag(key, report: &report)
        case .siteName:
            siteName = value.text(key, wants: "a text such as Example", report: &report)
            if let name = siteName?.value, name.unicodeScalars.count > Self.longestSiteName {
                report.add(value.mark, "`site_name` is longer than \(Self.longestSiteName) characters")
            }
        }
    }

    /// Where a setting stands; `nil` when the file does not have it.
    func mark(of key: HostKey) -> SourceMark? {
        switch key {
        case .host: host?.mark
        case .admins: admins?.mark
        case .allowUserInvites: allowUserInvites?.mark
        case .allowContactInvites: allowContactInvites?.mark
        case .inviteExpiry: inviteExpiry?.mark
        case .serviceAddress: serviceAddress?.mark
        case .siteName: siteName?.mark
        case .suspended: suspended?.mark
        }
    }
}
