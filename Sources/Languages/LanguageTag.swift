/// A language as BCP 47 names it (RFC 5646), such as `pt-BR`: well-formed, in the recommended case, of bounded length.
package struct LanguageTag: Hashable, Sendable, CustomStringConvertible {
    /// The tag in the case that RFC 5646 §2.1.1 recommends.
    package let description: String

    /// The longest tag that is taken, in bytes: what RFC 5646 §4.4.1 asks of everybody to have room for.
    package static let longest = 35

    /// Reads a tag. Private and grandfathered ones (`x-…`, `i-…`) say no language that there are texts in, and are none here;
    /// an underscore, as Java's and POSIX' locales have it, counts as a hyphen.
    ///
    /// - Returns: `nil` for what is no tag.
    package init?(_ text: some StringProtocol) {
        guard (2...Self.longest).contains(text.utf8.count) else { return nil }
        var subtags: [String] = []
        var isExtended = false
        for part in text.utf8.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 0x2D || $0 == 0x5F }) {
            guard (1...8).contains(part.count), part.allSatisfy(Self.isAlphanumeric) else { return nil }
            let lower = String(decoding: part.map { Self.isUpper($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
            if subtags.isEmpty {
                guard part.count >= 2, !lower.utf8.contains(where: Self.isDigit) else { return nil }
                subtags.append(lower)
                continue
            }
            if part.count == 1 { isExtended = true }
            let isPlain = !isExtended && !lower.utf8.contains(where: Self.isDigit)
            switch part.count {
            case 2 where isPlain: subtags.append(lower.uppercased())
            case 4 where isPlain: subtags.append(lower.prefix(1).uppercased() + lower.dropFirst())
            default: subtags.append(lower)
            }
        }
        // A singleton begins an extension, which is more than itself.
        guard subtags.last?.utf8.count != 1 else { return nil }
        description = subtags.joined(separator: "-")
    }

    /// English.
    package static let english = LanguageTag(subtags: ["en"])

    private init(subtags: some Sequence<Substring>) {
        description = subtags.joined(separator: "-")
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || isUpper(byte) || (0x61...0x7A).contains(byte)
    }

    private var subtags: [Substring] { description.split(separator: "-") }

    /// The language alone, such as `pt`.
    package var primary: String { String(description.prefix { $0 != "-" }) }

    /// The tag without its last subtag, and without a singleton that is last then (RFC 4647 §3.4); `nil` when nothing is left.
    package var shortened: LanguageTag? {
        var rest = subtags.dropLast()
        if rest.last?.utf8.count == 1 { rest = rest.dropLast() }
        return rest.isEmpty ? nil : LanguageTag(subtags: rest)
    }

    /// The script, such as `Hans`, where the tag names it or, in Chinese, the region does; `nil` where it says nothing.
    package var script: String? {
        let subtags = subtags.prefix { $0.utf8.count > 1 }.dropFirst()
        if let script = subtags.first(where: { $0.utf8.count == 4 && $0.utf8.first.map(Self.isUpper) == true }) {
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
