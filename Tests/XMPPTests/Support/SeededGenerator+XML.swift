import TestSupport

@testable import XMPP

extension SeededGenerator {
    /// Text with everything that XML treats in a special way.
    mutating func text(upTo length: Int) -> String {
        let alphabet = [
            "a", "Z", "0", " ", "<", ">", "&", "'", "\"", "\t", "\n", "\r", "]]>", "&amp;", "&#38;", "%", "\u{7F}", "é",
            "ß",
            "\u{85}", "\u{2028}", "日本", "\u{F000}", "\u{FFFD}", "\u{10FFFF}", "👩‍👩‍👧", "e\u{301}", "שלום", "xmlns='x'",
        ]
        return (0..<Int.random(in: 0...length, using: &self)).map { _ in pick(alphabet) }.joined()
    }

    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &self)]
    }

    /// An element as a parser hands it out: no empty text, no text beside text.
    mutating func element(depth: Int) -> Element {
        let namespaces = [Namespaces.component, Namespaces.client, "", "urn:a", "urn:b", "urn:it's <&> \"odd\""]
        let names = ["iq", "a", "_b", "c-1.x", "ö", "data", String(repeating: "long", count: 9)]
        var element = Element(pick(names), namespace: pick(namespaces))
        var seen: Set<[String]> = []
        for _ in 0..<Int.random(in: 0...4, using: &self) {
            let name = pick(["id", "from", "node", "é", "b-c"])
            let namespace = pick(["", "", "", "urn:a", "urn:b"])
            if seen.insert([name, namespace]).inserted {
                element.attributes.append(.init(name: name, namespace: namespace, value: text(upTo: 6)))
            }
        }
        if Bool.random(using: &self) { element.language = pick(["en", "de-CH", ""]) }
        guard depth > 0 else { return element }
        for _ in 0..<Int.random(in: 0...4, using: &self) {
            if case .text? = element.content.last {
                element.content.append(.element(self.element(depth: depth - 1)))
            } else if Bool.random(using: &self) {
                element.content.append(.element(self.element(depth: depth - 1)))
            } else {
                let text = text(upTo: 8)
                if !text.isEmpty { element.content.append(.text(text)) }
            }
        }
        return element
    }
}
