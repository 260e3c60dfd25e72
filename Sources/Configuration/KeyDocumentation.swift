/// What invited.yaml(5) says of a key.
package struct KeyDocumentation: Hashable, Sendable {
    /// The key as it is written; below another key with that key's name and a dot before it.
    package private(set) var name: String
    /// What the value is, such as `a domain`.
    package let type: String
    /// The value that is in force where the key is left out, as it is written; `nil` where there is none.
    package let standard: String?
    /// What the key does, in sentences.
    package let summary: String
    /// Lines that set it.
    package let example: String
    /// `nil` for a mapping, whose keys have their own.
    package let since: Since?

    /// When a changed value is in force.
    package enum Since: String, CaseIterable, Hashable, Sendable {
        /// As soon as it is applied, for the next request.
        case request = "with the next request after an apply"
        /// As soon as it is applied.
        case apply = "with an apply"
        case restart = "after a restart"
    }

    init(
        _ name: String, _ type: String, standard: String? = nil, _ summary: String, example: String, since: Since?
    ) {
        self.name = name
        self.type = type
        self.standard = standard
        self.summary = summary
        self.example = example
        self.since = since
    }

    /// The same key below another one.
    func below(_ parent: String) -> KeyDocumentation {
        var copy = self
        copy.name = "\(parent).\(name)"
        return copy
    }
}

/// All keys of the files, in the order of invited.yaml(5).
package enum ConfigurationReference {
    package static let daemonFile: [KeyDocumentation] = DaemonKey.allCases.flatMap { key in
        [key.documentation] + below(key)
    }

    package static let hostFile: [KeyDocumentation] = HostKey.allCases.map(\.documentation)

    private static func below(_ key: DaemonKey) -> [KeyDocumentation] {
        switch key {
        case .component: ComponentKey.allCases.map { $0.documentation.below(key.rawValue) }
        case .shell:
            ShellKey.allCases.flatMap { shellKey in
                [shellKey.documentation.below(key.rawValue)] + below(shellKey).map { $0.below(key.rawValue) }
            }
        case .web: WebKey.allCases.map { $0.documentation.below(key.rawValue) }
        case .metrics: MetricsKey.allCases.map { $0.documentation.below(key.rawValue) }
        case .stateDirectory, .hostsDirectory, .controlSocket, .defaults: []
        }
    }

    private static func below(_ key: ShellKey) -> [KeyDocumentation] {
        switch key {
        // Of each item of the list.
        case .roles: GrantKey.allCases.map { $0.documentation.below("\(key.rawValue)[]") }
        }
    }
}
