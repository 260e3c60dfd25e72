/// A language as BCP 47 names it (RFC 5646), such as `pt-BR`: well-formed, in the recommended case, of bounded length.
package struct LanguageTag: Hashable, Sendable, CustomStringConvertible {
    /// The tag in the case that RFC 5646 §2.1.1 recommends.
    package let description: String

    /// The longest tag that is accepted, in bytes: RFC 5646 §4.4.1 requires room for this.
    package static let longest = 35

    /// Reads a tag. Private and grandfathered ones (`x-…`, `i-…`) say no language that there are texts in, and are none here;
    /// an underscore, as Java's and POSIX' locales have it, counts as a hyphen.
    ///
    /// - Returns: `nil` for what is no tag.
    package init?(_ text: some StringProtocol) {
        guard (2...Self.longest).contains(text.utf8.count) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.longest)
        var start = 0
        var isExtended = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: "_"):
                guard Self.endSubtag(of: &bytes, from: start, isExtended: &isExtended) else { return nil }
                bytes.append(UInt8(ascii: "-"))
                start = bytes.count
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes.append(byte | 0x20)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): bytes.append(byte)
            default: return nil
            }
        }
        // A singleton begins an extension, which is more than itself.
        guard Self.endSubtag(of: &bytes, from: start, isExtended: &isExtended), bytes.count - start > 1 else {
            return nil
        }
        description = String(decoding: bytes, as: UTF8.self)
    }

    /// Checks the subtag that ends here, in small letters, and writes it as RFC 5646 §2.1.1 does.
    private static func endSubtag(of bytes: inout [UInt8], from start: Int, isExtended: inout Bool) -> Bool {
        let length = bytes.count - start
        guard (1...8).contains(length) else { return false }
        let hasDigit = bytes[start...].contains { $0 < UInt8(ascii: "A") }
        if start == 0 { return length > 1 && !hasDigit }
        if length == 1 { isExtended = true }
        if isExtended || hasDigit { return true }
        // A region, or a script.
        if length == 2 || length == 4 { bytes[start] &= ~0x20 }
        if length == 2 { bytes[start + 1] &= ~0x20 }
        return true
    }

    /// English.
    package static let english = LanguageTag(canonical: "en")

    private init(canonical: Substring) {
        description = String(canonical)
    }

    /// The language alone, such as `pt`.
    package var primary: String { String(description.prefix { $0 != "-" }) }

    /// The tag without its last subtag, and without singletons that are last then (RFC 4647 §3.4); `nil` when nothing is left.
    package var shortened: LanguageTag? {
        let bytes = description.utf8
        guard var end = bytes.lastIndex(of: UInt8(ascii: "-")) else { return nil }
        while let before = bytes[..<end].lastIndex(of: UInt8(ascii: "-")), bytes.distance(from: before, to: end) == 2 {
            end = before
        }
        return LanguageTag(canonical: description[..<end])
    }

    /// The script, such as `Hans`, where the tag names it or, in Chinese, the region does; `nil` where it says nothing.
    package var script: String? {
        let subtags = description.split(separator: "-").prefix { $0.utf8.count > 1 }.dropFirst()
        // A variant of that length begins with a digit.
        if let script = subtags.first(where: { $0.utf8.count == 4 && $0.first?.isUppercase == true }) {
            return String(script)
        }
        guard primary == "zh" else { return nil }
        for subtag in subtags {
            switch subtag {
            case "TW", "HK", "MO": return "Hant"
            case "CN", "SG", "MY": return "Hans"
            default: break
            }
        }
        return nil
    }

    /// In which direction its lines run.
    package var direction: TextDirection {
        let rightToLeft: Set<String> = ["Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg"]
        if let script { return rightToLeft.contains(script) ? .rightToLeft : .leftToRight }
        let languages: Set<String> = [
            "ar", "arc", "ckb", "dv", "fa", "glk", "he", "ks", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi",
        ]
        return languages.contains(primary) ? .rightToLeft : .leftToRight
    }
}

/// In which direction lines run; the raw value is HTML's for `dir`.
package enum TextDirection: String, Hashable, Sendable {
    case leftToRight = "ltr"
    case rightToLeft = "rtl"
}
