import Text
import YAML

extension YAMLNode {
    /// The entries of a mapping whose keys are known, each at most once.
    ///
    /// Everything else in it is reported: unknown keys with a guess at what was meant, duplicate keys, keys that are
    /// not plain words, and a value that is no mapping at all. Null is an empty mapping, which is what is left of one
    /// when all its lines are commented out.
    ///
    /// - Parameter name: What the mapping is called in a message.
    func entries<Key: KnownKey>(
        of keys: Key.Type, in name: String, report: inout DiagnosticReport
    ) -> [(key: Key, keyMark: SourceMark, value: YAMLNode)] {
        let entries: [Entry]
        switch content {
        case .mapping(let all): entries = all
        case .scalar(let scalar) where scalar.kind == .null: entries = []
        case .refused: entries = []
        case .scalar, .sequence:
            report.add(mark, "\(name) wants a mapping, lines of `key: value`, but this is \(kind.rawValue)")
            entries = []
        }

        var known: [(key: Key, keyMark: SourceMark, value: YAMLNode)] = []
        var seen: [String: SourceMark] = [:]
        for entry in entries {
            guard let word = entry.key.word(report: &report) else { continue }
            if let first = seen[word] {
                report.add(entry.key.mark, "\(word.quoted) is already set at \(report.location(first))")
                continue
            }
            seen[word] = entry.key.mark
            if let key = Key(rawValue: word) {
                known.append((key, entry.key.mark, entry.value))
            } else {
                report.add(entry.key.mark, Self.explain(unknown: word, among: keys))
            }
        }
        return known
    }

    private func word(report: inout DiagnosticReport) -> String? {
        switch content {
        case .scalar(let scalar) where scalar.isPlain && scalar.text == "<<":
            report.add(mark, "merge keys are not supported: write the keys out")
            return nil
        case .scalar(let scalar): return scalar.text
        case .sequence, .mapping:
            report.add(mark, "a key is a plain word, but this is \(kind.rawValue)")
            return nil
        case .refused: return nil
        }
    }

    static func explain<Key: KnownKey>(unknown word: String, among keys: Key.Type) -> String {
        let known = keys.allCases.map(\.rawValue)
        if let meant = Suggestion.closest(to: word, among: known) {
            return "unknown key \(word.quoted); did you mean `\(meant)`?"
        }
        if let place = keys.place(of: word) {
            return "\(word.quoted) does not belong here, but \(place)"
        }
        return "unknown key \(word.quoted); known here are \(known.joined(separator: ", "))"
    }
}
