import YAML

/// Settings of one host that were changed at run time, and take precedence over its file.
package struct SettingOverrides: Sendable {
    private var settings = HostSettings()

    package init() {}

    /// The keys that are set, in the order of ``HostKey``.
    package var keys: [HostKey] { settings.keys }

    package var isEmpty: Bool { settings.isEmpty }

    /// The value of a key as it could stand in the host's file, in one line of YAML; `nil` when it is not set.
    package func value(of key: HostKey) -> String? { settings.value(of: key)?.description }

    /// Sets a key to what the words of a command line say, checked as in the host's file.
    ///
    /// A list's items are separate words; one that begins with `[` is a list as in the file, so that `[]` is none.
    ///
    /// - Parameter host: The host, for hints.
    /// - Throws: ``SettingMistake``; then nothing has changed.
    package mutating func set(
        _ key: HostKey, to words: [String], on host: String? = nil
    ) throws(SettingMistake) {
        if let reason = key.whyNotSettable { throw SettingMistake("`\(key)` cannot be set: \(reason)") }
        var report = DiagnosticReport(file: "")
        var changed = settings
        if let node = Self.node(for: key, words, report: &report) {
            changed.read(key, from: node, of: host, report: &report)
        }
        if let first = report.sorted.first { throw SettingMistake(first.message) }
        settings = changed
    }

    /// Drops some keys.
    package mutating func drop(_ keys: some Sequence<HostKey>) {
        for key in keys { settings.clear(key) }
    }

    /// The configuration with these settings in place of its own.
    package func applied(to configuration: HostConfiguration) -> HostConfiguration {
        var changed = configuration
        settings.apply(to: &changed)
        return changed
    }

    /// The words as a value of YAML.
    private static func node(for key: HostKey, _ words: [String], report: inout DiagnosticReport) -> YAMLNode? {
        if key.setting.words == .list {
            if words.first?.hasPrefix("[") == true {
                return YAMLReader.read(Array(words.joined(separator: " ").utf8), report: &report)
            }
            return YAMLNode(mark: .start, content: .sequence(words.map { scalar($0, isPlain: false) }))
        }
        guard let word = words.first, words.count == 1 else {
            report.add(.start, "`\(key)` takes one value, not \(words.count); quote one that has spaces")
            return nil
        }
        return scalar(word, isPlain: key.setting.words == .plain)
    }

    private static func scalar(_ text: String, isPlain: Bool) -> YAMLNode {
        YAMLNode(mark: .start, content: .scalar(.init(text: text, isPlain: isPlain)))
    }
}

extension SettingOverrides: Hashable {
    package static func == (left: SettingOverrides, right: SettingOverrides) -> Bool { left.lines == right.lines }
    package func hash(into hasher: inout Hasher) { hasher.combine(lines) }

    /// Equal wherever the settings are.
    private var lines: [String] { keys.map { "\($0): \(value(of: $0) ?? "")" } }
}

/// What is wrong with a key or value that was to be set at run time, and what was meant.
package struct SettingMistake: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
