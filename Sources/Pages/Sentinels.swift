/// Placeholders for values while a template is rendered: each is a number between two marks, and is replaced afterwards
/// by its value, escaped for its place. So no value passes through the templates' own escaping, and none is in a page
/// unescaped.
class Sentinels {
    /// U+F8F0 and U+F8F1, of the private use area: no template and no text has them.
    static let marks: [Unicode.Scalar] = ["\u{F8F0}", "\u{F8F1}"]
    private static let begin = Array("\u{F8F0}".utf8)
    private static let end = Array("\u{F8F1}".utf8)

    /// A piece of a value.
    enum Part: Hashable {
        case text(String)
        case slot(Slot)
        /// A value within a sentence, which is not to change the direction of what is around it.
        case isolated(Slot)
    }

    private var values: [[Part]] = []

    /// The placeholder of a value in a template's output.
    func sentinel(_ parts: [Part]) -> String {
        values.append(parts)
        return "\u{F8F0}\(values.count - 1)\u{F8F1}"
    }

    func sentinel(_ text: String) -> String { sentinel([.text(text)]) }

    func sentinel(_ slot: Slot) -> String { sentinel([.slot(slot)]) }

    /// Compiles a template's output into a page.
    func compile(_ output: String) -> CompiledPage {
        var page = CompiledPage.Builder()
        var scanner = MarkupScanner()
        var rest = Array(output.utf8)[...]
        while let mark = rest.firstRange(of: Self.begin) {
            let before = rest[..<mark.lowerBound]
            scanner.feed(before)
            page.append(before)
            rest = rest[mark.upperBound...]
            guard let close = rest.firstRange(of: Self.end) else { break }
            let number = Int(String(decoding: rest[..<close.lowerBound], as: UTF8.self))
            rest = rest[close.upperBound...]
            if let number, values.indices.contains(number) {
                append(values[number], at: scanner.place, to: &page)
                scanner.passValue()
            }
        }
        page.append(rest)
        return page.finish()
    }

    private func append(_ parts: [Part], at place: MarkupScanner.Place, to page: inout CompiledPage.Builder) {
        // The checker has refused such templates.
        if case .unsafe = place { return }
        let isContent = place == .content
        for part in parts {
            switch part {
            case .text(let text): page.append(Markup.escaping(text))
            case .slot(let slot): page.append(slot)
            case .isolated(let slot) where isContent:
                page.append("<bdi>".utf8)
                page.append(slot)
                page.append("</bdi>".utf8)
            case .isolated(let slot):
                // No element is possible here: U+2068 FIRST STRONG ISOLATE, U+2069 POP DIRECTIONAL ISOLATE.
                page.append("\u{2068}".utf8)
                page.append(slot)
                page.append("\u{2069}".utf8)
            }
        }
    }
}

extension ArraySlice<UInt8> {
    /// Where a short run of bytes begins and ends first.
    fileprivate func firstRange(of pattern: [UInt8]) -> Range<Int>? {
        guard let first = pattern.first else { return nil }
        var start = startIndex
        while let found = self[start...].firstIndex(of: first) {
            if self[found...].starts(with: pattern) { return found..<found + pattern.count }
            start = found + 1
        }
        return nil
    }
}
