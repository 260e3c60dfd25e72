/// What can be completed without the daemon: commands, options, and words of which there is a list.
package struct StaticCompletion: Sendable {
    let registry: CommandRegistry

    package init(_ registry: CommandRegistry) {
        self.registry = registry
    }

    /// What the last of the words may become.
    package func candidates(for words: [String]) -> [CompletionCandidate] {
        guard let last = words.last else { return [] }
        let before = Array(words.dropLast())
        var candidates = registry.words(after: before).map { CompletionCandidate($0, summary(of: before + [$0])) }
        if let (spec, rest) = registry.match(before) { candidates += values(of: spec, after: rest, last) }
        if before.first == "help" {
            let path = Array(before.dropFirst())
            candidates += registry.words(after: path).map { CompletionCandidate($0, summary(of: path + [$0])) }
        }
        return candidates.filter { $0.value.hasPrefix(last) }
    }

    private func summary(of path: [String]) -> String {
        if let spec = registry[path] { return spec.summary }
        return registry.words(after: path).joined(separator: ", ")
    }

    private func values(of spec: CommandSpec, after rest: [String], _ last: String) -> [CompletionCandidate] {
        let line = UnfinishedLine(spec, rest)
        if line.areOptionsOver { return [] }
        if let option = line.openOption { return option.kind.map { values(of: $0, option.summary) } ?? [] }
        if last.hasPrefix("-") {
            return spec.options.filter { !line.options.contains($0) }.map {
                CompletionCandidate("--\($0.name)", $0.summary)
            }
        }
        return line.nextArgument.map { values(of: $0.kind, $0.summary) } ?? []
    }

    private func values(of kind: ValueKind, _ summary: String) -> [CompletionCandidate] {
        if case .choice(let words) = kind { words.map { CompletionCandidate($0, summary) } } else { [] }
    }
}
