/// HTML's own characters, escaped for text and for quoted attributes.
enum Markup {
    /// Appends a text, escaped, for content and for attributes with quotes of either kind.
    ///
    /// It works on bytes, not on characters: a `"` followed by a combining mark is one `Character`, and ends an
    /// attribute all the same.
    static func append(escaping text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            guard utf8.contains(where: { escape(of: $0) != nil }) else { return bytes.append(contentsOf: utf8) }
            for byte in utf8 {
                if let escape = escape(of: byte) { bytes.append(contentsOf: escape.utf8) } else { bytes.append(byte) }
            }
        }
    }

    /// The text with HTML's own characters escaped.
    static func escaping(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        append(escaping: text, to: &bytes)
        return bytes
    }

    private static func escape(of byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        default: nil
        }
    }

    /// Appends a text with all but RFC 3986's unreserved characters percent-encoded, for the query of a URL.
    static func append(percentEncoding text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(hexDigit(byte >> 4))
                bytes.append(hexDigit(byte & 15))
            }
        }
    }

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
