/// The languages that a browser's user reads, in the order of preference (RFC 9110 §12.5.4).
package struct AcceptLanguage: Hashable, Sendable {
    /// What one item of the field asks for.
    package enum Range: Hashable, Sendable {
        case language(LanguageTag)
        /// `*`: any language will do.
        case any
    }

    /// The most wanted first; what is not acceptable (`q=0`) is left out.
    package let ranges: [Range]

    /// As much of a field is read as browsers send, with room to spare.
    package static let longest = 1_024
    package static let mostRanges = 32

    /// Reads the field's value. What is malformed in it is passed over, item by item.
    package init(_ field: some StringProtocol) {
        var items: [(range: Range, quality: Int)] = []
        let bytes = Array(field.utf8.prefix(Self.longest))
        for item in bytes.split(separator: UInt8(ascii: ",")).prefix(Self.mostRanges) {
            let parts = item.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
            guard let quality = parts.count == 1 ? 1_000 : Self.quality(Self.trimmed(parts[1])), quality > 0 else {
                continue
            }
            let name = Self.trimmed(parts[0])
            if name.elementsEqual("*".utf8) {
                items.append((.any, quality))
            } else if let tag = LanguageTag(String(decoding: name, as: UTF8.self)) {
                items.append((.language(tag), quality))
            }
        }
        // Of the same quality, the earlier one is preferred: many browsers express preference by order alone.
        ranges = items.enumerated().sorted { left, right in
            (right.element.quality, left.offset) < (left.element.quality, right.offset)
        }.map(\.element.range)
    }

    /// `q=` and a number from 0 to 1 with at most three digits behind the point (RFC 9110 §12.4.2), in thousandths.
    private static func quality(_ text: [UInt8]) -> Int? {
        guard text.count >= 3, text[0] | 0x20 == UInt8(ascii: "q"), text[1] == UInt8(ascii: "=") else { return nil }
        let digits = text[3...]
        guard text[2] == UInt8(ascii: "0") || text[2] == UInt8(ascii: "1"), digits.count <= 4,
            digits.isEmpty || digits.first == UInt8(ascii: ".")
        else { return nil }
        var quality = Int(text[2] - UInt8(ascii: "0")) * 1_000
        var place = 100
        for digit in digits.dropFirst() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            quality += Int(digit - UInt8(ascii: "0")) * place
            place /= 10
        }
        return quality <= 1_000 ? quality : nil
    }

    /// Without optional white space (RFC 9110 §5.6.3) at its ends.
    private static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
