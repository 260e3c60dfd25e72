internal import Text

/// A text with places for values, read once.
package struct TextTemplate: Hashable, Sendable {
    package enum Segment: Hashable, Sendable {
        case text(String)
        case value(Placeholder)
    }

    /// Texts and places in turn, none of the texts empty.
    package let segments: [Segment]

    static let empty = TextTemplate(segments: [])

    private init(segments: [Segment]) {
        self.segments = segments
    }

    /// What is wrong with a text.
    struct Mistake: Error {
        let description: String
    }

    /// Reads a text with `%{name}` as placeholders. A `%` before anything else is itself.
    init(_ text: String) throws(Mistake) {
        var segments: [Segment] = []
        var rest = text.utf8[...]
        var plain = rest.startIndex
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let brace = rest.index(after: percent)
            guard brace < rest.endIndex, rest[brace] == UInt8(ascii: "{") else {
                rest = rest[brace...]
                continue
            }
            guard let end = rest[brace...].firstIndex(of: UInt8(ascii: "}")) else {
                throw Mistake(description: "a `%{` has no `}`")
            }
            let name = String(text[rest.index(after: brace)..<end])
            guard let placeholder = Placeholder(rawValue: name) else {
                let known = Placeholder.allCases.map(\.rawValue)
                let meant = Suggestion.closest(to: name, among: known).map { "; did you mean `%{\($0)}`?" } ?? ""
                throw Mistake(description: "there is no placeholder \("%{\(name)}".quoted)\(meant)")
            }
            if plain < percent { segments.append(.text(String(text[plain..<percent]))) }
            segments.append(.value(placeholder))
            rest = rest[rest.index(after: end)...]
            plain = rest.startIndex
        }
        if plain < text.endIndex { segments.append(.text(String(text[plain...]))) }
        self.segments = segments
    }

    /// The places that it has.
    var placeholders: Set<Placeholder> {
        var all: Set<Placeholder> = []
        for case .value(let placeholder) in segments { all.insert(placeholder) }
        return all
    }

    /// The text with values in its places; one that is not given leaves its place empty.
    package func filled(with values: [Placeholder: String]) -> String {
        if case .text(let text)? = segments.first, segments.count == 1 { return text }
        var filled = ""
        for segment in segments {
            switch segment {
            case .text(let text): filled += text
            case .value(let placeholder): filled += values[placeholder] ?? ""
            }
        }
        return filled
    }
}
