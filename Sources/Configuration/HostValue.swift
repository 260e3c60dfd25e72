internal import Invites
internal import XMPP

/// The value of a host's key as a file holds it, in its canonical form.
public enum HostValue: Hashable, Sendable {
    case flag(Bool)
    case text(String)
    case list([String])
}

extension HostValue: CustomStringConvertible {
    /// The value in one line of YAML: `true`, `7d`, `[admin@a.example, admin@b.example]`.
    public var description: String { line(like: .none) }

    func line(like quotes: YAMLText.Quotes) -> String {
        switch self {
        case .flag(let flag): flag ? "true" : "false"
        case .text(let text): YAMLText.scalar(text, like: quotes)
        case .list(let items): "[\(items.map { YAMLText.scalar($0, like: quotes) }.joined(separator: ", "))]"
        }
    }
}

extension HostValue {
    /// Whether both are the same to the byte. Swift's own equality takes different texts for one when Unicode does.
    func isSame(as other: HostValue?) -> Bool {
        switch (self, other) {
        case (.flag(let left), .flag(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)): left.elementsEqual(right) { $0.utf8.elementsEqual($1.utf8) }
        default: false
        }
    }

    /// The value as the reader would find it in a file.
    private var node: YAMLNode {
        func scalar(_ text: String, isPlain: Bool) -> YAMLNode {
            YAMLNode(mark: .start, content: .scalar(YAMLNode.Scalar(text: text, isPlain: isPlain)))
        }
        return switch self {
        case .flag(let flag): scalar(flag ? "true" : "false", isPlain: true)
        case .text(let text): scalar(text, isPlain: false)
        case .list(let items):
            YAMLNode(mark: .start, content: .sequence(items.map { scalar($0, isPlain: false) }))
        }
    }

    /// The value in the form in which a file that holds it is read: addresses prepared, lists in order.
    ///
    /// - Throws: ``HostFileEditError`` when the key does not take it.
    func canonical(for key: HostKey) throws(HostFileEditError) -> HostValue {
        var report = DiagnosticReport(file: "")
        var settings = HostSettings()
        settings.read(key, from: node, report: &report)
        guard report.isEmpty, let value = settings.value(of: key) else {
            throw .badValue(key, report.sorted.first?.message ?? "`\(key)` does not take this")
        }
        return value
    }
}

extension HostSettings {
    /// What the file says for a key; `nil` when it does not say anything.
    func value(of key: HostKey) -> HostValue? {
        switch key {
        case .host: host.map { .text($0.value.domain) }
        case .admins: admins.map { .list($0.value.map(\.description).sorted()) }
        case .allowUserInvites: allowUserInvites.map { .flag($0.value) }
        case .allowContactInvites: allowContactInvites.map { .flag($0.value) }
        case .inviteExpiry: inviteExpiry.map { .text($0.value.description) }
        case .serviceAddress: serviceAddress.map { .text($0.value.domain) }
        case .siteName: siteName.map { .text($0.value) }
        case .suspended: suspended.map { .flag($0.value) }
        }
    }
}

extension HostConfiguration {
    /// The value in force for a key, ready to be put into a file; `nil` where there is none, as with a site without a
    /// name.
    public func hostValue(of key: HostKey) -> HostValue? {
        switch key {
        case .host: .text(host)
        case .admins: .list(admins.map(\.description).sorted())
        case .allowUserInvites: .flag(allowUserInvites)
        case .allowContactInvites: .flag(allowContactInvites)
        case .inviteExpiry: .text(inviteExpiry.description)
        case .serviceAddress: serviceAddress.map { .text($0) }
        case .siteName: siteName.map { .text($0) }
        case .suspended: .flag(suspended)
        }
    }
}

extension HostKey {
    /// What could be completed as the value of the key: what it has first, then other words that it takes, or examples.
    ///
    /// - Parameter configuration: The host's present one.
    public func values(now configuration: HostConfiguration?) -> [String] {
        var values: [String] =
            switch configuration?.hostValue(of: self) {
            case .flag(let flag)?: ["\(flag)"]
            case .text(let text)?: [text]
            case .list(let items)?: items
            case nil: []
            }
        let examples: [String] =
            switch self {
            case .allowUserInvites, .allowContactInvites, .suspended: ["true", "false"]
            case .inviteExpiry: ["1d", "7d", "2w"]
            case .admins: ["[]"]
            case .host, .serviceAddress, .siteName: []
            }
        values += examples.filter { !values.contains($0) }
        return values
    }
}
