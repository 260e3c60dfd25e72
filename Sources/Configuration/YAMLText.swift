import Invites
import YAML

/// Values as YAML text in one line, which every reader of YAML 1.1 or 1.2 reads back as the same values.
enum YAMLText {
    /// The quotes around a scalar.
    enum Quotes {
        case none, single, double

        /// Those of a scalar in a file, from its first byte.
        init(_ first: UInt8?) {
            self =
                switch first {
                case UInt8(ascii: "\""): .double
                case UInt8(ascii: "'"): .single
                default: .none
                }
        }
    }

    /// A text, plain where that cannot be taken for anything else, also within a list, otherwise in double quotes.
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    /// A text with the quotes of the scalar that it takes the place of, or with those that it needs.
    static func scalar(_ text: String, like quotes: Quotes) -> String {
        switch quotes {
        case .none: scalar(text)
        case .single where text.unicodeScalars.allSatisfy(isPrintable): "'\(doublingQuotes(text))'"
        case .single, .double: quoted(text)
        }
    }

    /// A list in one line.
    static func list(_ texts: [String]) -> String {
        "[\(texts.map(scalar).joined(separator: ", "))]"
    }

    /// Fewer than YAML 1.2 §7.3.3 allows, so that its exact rules need not be known.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, isWordly(first), text.unicodeScalars.last != " " else {
            return false
        }
        let isMadeOfWords = text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case " ", ".", "-", "_", "@", "/", "+", "(", ")": true
            default: isWordly(scalar)
            }
        }
        guard isMadeOfWords, !words.contains(text.lowercased()),
            YAMLNode.Scalar(text: text, isPlain: true).kind == .text
        else { return false }
        // What begins with a digit can be a number or a date to YAML 1.1 (`1_000`, `1.2.3`, `0x1f`, `2026-11-22`); each
        // of those lacks these letters.
        guard ("0"..."9").contains(first) else { return true }
        return text.unicodeScalars.contains("@") || (try? Lifetime(text)) != nil
            || text.lowercased().unicodeScalars.contains { ("g"..."w").contains($0) && $0 != "o" && $0 != "t" }
    }

    /// Booleans and nulls of YAML 1.1 (https://yaml.org/type/), which many readers still follow.
    private static let words: Set<String> = ["y", "yes", "n", "no", "true", "false", "on", "off", "null"]

    private static func isWordly(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: scalar.value > 0xA0 && scalar.properties.isAlphabetic
        }
    }

    /// Scalar by scalar: to Swift, a quote and an accent after it are one character, which is no quote.
    private static func doublingQuotes(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.flatMap { $0 == "'" ? [$0, $0] : [$0] }))
    }

    /// Double quotes and escapes (YAML 1.2 §5.7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            default:
                if isPrintable(scalar) {
                    quoted.unicodeScalars.append(scalar)
                } else {
                    let digits = String(scalar.value, radix: 16)
                    quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
                }
            }
        }
        return quoted + "\""
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate: false
        default: true
        }
    }
}
