import Text

/// Settings of one host that were changed at run time, and go before what its file says.
public struct SettingOverrides: Sendable {
    private var settings = HostSettings()
    /// The values as they could stand in the host's file.
    private var values: [HostKey: String] = [:]

    public init() {}

    /// The keys that are set, in the order of ``HostKey``.
    public var keys: [HostKey] { HostKey.allCases.filter { values[$0] != nil } }

    public var isEmpty: Bool { values.isEmpty }

    /// The value of a key as it could stand in the host's file, in one line of YAML; `nil` when it is not set.
    public func value(of key: HostKey) -> String? { values[key] }

    /// Sets a key to what the words of a command line say, checked as in the host's file.
    ///
    /// A list's items are separate words; one that begins with `[` is a list as in the file, so that `[]` is none.
    ///
    /// - Throws: ``SettingMistake``; then nothing has changed.
    public mutating func set(_ key: HostKey, to words: [String]) throws(SettingMistake) {
        guard key != .host else { throw SettingMistake("`host` cannot be set: the file's name tells it") }
        var report = DiagnosticReport(file: "")
        var changed = settings
        if let node = Self.node(for: key, words, report: &report) { changed.read(key, from: node, report: &report) }
        if let first = report.sorted.first { throw SettingMistake(first.message) }
        settings = changed
        var configuration = HostConfiguration(host: "")
        configuration.apply(settings)
        values[key] = configuration.value(of: key)
    }

    /// Drops some keys.
    public mutating func drop(_ keys: some Sequence<HostKey>) {
        for key in keys {
            values[key] = nil
            settings.clear(key)
        }
    }

    /// The configuration with these settings in place of its own.
    public func applied(to configuration: HostConfiguration) -> HostConfiguration {
        guard !isEmpty else { return configuration }
        var changed = configuration
        changed.apply(settings)
        return changed
    }

    /// The words as a value of YAML. What was quoted for the shell was not quoted for YAML, so that a text is a text
    /// whatever it looks like.
    private static func node(for key: HostKey, _ words: [String], report: inout DiagnosticReport) -> YAMLNode? {
        switch key {
        case .admins:
            if words.first?.hasPrefix("[") == true {
                return YAMLReader.read(Array(words.joined(separator: " ").utf8), report: &report)
            }
            return YAMLNode(mark: .start, content: .sequence(words.map { scalar($0, isPlain: false) }))
        case .allowUserInvites, .allowContactInvites, .suspended, .inviteExpiry, .host, .serviceAddress, .siteName:
            guard let word = words.first, words.count == 1 else {
                report.add(.start, "`\(key)` takes one value, not \(words.count); quote one that has spaces")
                return nil
            }
            switch key {
            case .serviceAddress, .siteName, .host: return scalar(word, isPlain: false)
            default: return scalar(word, isPlain: true)
            }
        }
    }

    private static func scalar(_ text: String, isPlain: Bool) -> YAMLNode {
        YAMLNode(mark: .start, content: .scalar(.init(text: text, isPlain: isPlain)))
    }
}

extension SettingOverrides: Hashable {
    public static func == (left: SettingOverrides, right: SettingOverrides) -> Bool { left.values == right.values }
    public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension HostSettings {
    fileprivate mutating func clear(_ key: HostKey) {
        switch key {
        case .host: host = nil
        case .admins: admins = nil
        case .allowUserInvites: allowUserInvites = nil
        case .allowContactInvites: allowContactInvites = nil
        case .inviteExpiry: inviteExpiry = nil
        case .serviceAddress: serviceAddress = nil
        case .siteName: siteName = nil
        case .suspended: suspended = nil
        }
    }
}

extension HostKey {
    /// The key that a word of a command line names.
    ///
    /// - Throws: ``SettingMistake``, with a guess at what was meant.
    public init(named word: String) throws(SettingMistake) {
        guard let key = HostKey(rawValue: word) else {
            throw SettingMistake(YAMLNode.explain(unknown: word, among: HostKey.self))
        }
        self = key
    }
}

/// What is wrong with a key or value that was to be set at run time, and what was meant.
public struct SettingMistake: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
