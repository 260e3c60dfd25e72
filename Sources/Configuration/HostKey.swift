import YAML

/// The key of a setting in a host's file.
package struct HostKey: Hashable, Sendable {
    let setting: HostSetting

    init(_ setting: HostSetting) {
        self.setting = setting
    }

    // Each setting is one object.
    package static func == (left: HostKey, right: HostKey) -> Bool { left.setting === right.setting }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(setting)) }

    /// Whether it can be changed at run time.
    package var isSettable: Bool { whyNotSettable == nil }

    /// Why it cannot be changed at run time.
    var whyNotSettable: String? {
        switch setting.scope {
        case .anywhere, .oneHost: nil
        case .file: "the file's name tells it"
        case .read(let reason): reason
        }
    }
}

extension HostKey: RawRepresentable, CustomStringConvertible {
    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    /// The key as it is written.
    package var rawValue: String { setting.name }
    package var description: String { setting.name }

    package init?(rawValue: String) {
        guard let key = Self.byName[rawValue] else { return nil }
        self = key
    }

    /// The key that a word of a command line names.
    ///
    /// - Throws: ``SettingMistake``, with a guess at what was meant.
    package init(named word: String) throws(SettingMistake) {
        guard let key = HostKey(rawValue: word) else {
            throw SettingMistake(YAMLNode.explain(unknown: word, among: HostKey.self))
        }
        self = key
    }
}

extension HostKey: KnownKey {
    var documentation: KeyDocumentation { setting.documentation }

    static func place(of stray: String) -> String? {
        if ComponentKey(rawValue: stray) != nil { return "under `component` in the daemon's file" }
        if ShellKey(rawValue: stray) != nil { return "under `shell` in the daemon's file" }
        if DaemonKey(rawValue: stray) != nil { return "in the daemon's file" }
        return nil
    }

    /// Completions for the value of the key: its present value first, then other words that it takes, or examples.
    ///
    /// - Parameter configuration: The host's present one.
    package func values(now configuration: HostConfiguration?) -> [String] {
        var values: [String] =
            switch configuration?.hostValue(of: self) {
            case .list(let items)?: items
            case .text(let text)?: [text]
            case let value?: ["\(value)"]
            case nil: []
            }
        values += setting.examples.filter { !values.contains($0) }
        return values
    }
}
