/// What can be completed without the daemon: commands, options, and words of which there is a list.
public struct StaticCompletion: Sendable {
    let registry: CommandRegistry

    /// What a word may become.
    public struct Candidate: Hashable, Sendable {
        public let value: String
        /// What it is; empty when there is nothing to say.
        public let summary: String

        public init(_ value: String, _ summary: String) {
            self.value = value
            self.summary = summary
        }
    }

    public init(_ registry: CommandRegistry) {
        self.registry = registry
    }

    /// What the last of the words may become.
    public func candidates(for words: [String]) -> [Candidate] {
        guard let last = words.last else { return [] }
        let before = Array(words.dropLast())
        var candidates = registry.words(after: before).map { Candidate($0, summary(of: before + [$0])) }
        if let (spec, rest) = registry.match(before) { candidates += values(of: spec, after: rest, last) }
        if before.first == "help" {
            let path = Array(before.dropFirst())
            candidates += registry.words(after: path).map { Candidate($0, summary(of: path + [$0])) }
        }
        return candidates.filter { $0.value.hasPrefix(last) }
    }

    private func summary(of path: [String]) -> String {
        if let spec = registry[path] { return spec.summary }
        return registry.words(after: path).joined(separator: ", ")
    }

    private func values(of spec: CommandSpec, after rest: [String], _ last: String) -> [Candidate] {
        if rest.contains("--") { return [] }
        if let option = rest.last.flatMap({ spec.option(String($0.dropFirst(2))) }), let kind = option.kind,
            rest.last == "--\(option.name)"
        {
            return values(of: kind, option.summary)
        }
        if last.hasPrefix("-") {
            return spec.options.filter { !rest.contains("--\($0.name)") }.map { Candidate("--\($0.name)", $0.summary) }
        }
        var given = 0
        var isValue = false
        for word in rest {
            if isValue {
                isValue = false
            } else if word.hasPrefix("--") {
                isValue = spec.option(String(word.dropFirst(2))).map { $0.kind != nil } ?? false
            } else {
                given += 1
            }
        }
        let argument = given < spec.arguments.count ? spec.arguments[given] : spec.arguments.last { $0.isRepeating }
        return argument.map { values(of: $0.kind, $0.summary) } ?? []
    }

    private func values(of kind: ValueKind, _ summary: String) -> [Candidate] {
        if case .choice(let words) = kind { words.map { Candidate($0, summary) } } else { [] }
    }
}
