/// Values as YAML text in one line, which ``YAMLReader`` reads back as the same values.
enum YAMLText {
    /// A text, plain where that cannot be taken for anything else, also within a list, otherwise in double quotes.
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    /// A list in one line.
    static func list(_ texts: [String]) -> String {
        "[\(texts.map(scalar).joined(separator: ", "))]"
    }

    /// Fewer than YAML 1.2 §7.3.3 allows, so that nobody need know which.
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
        return isMadeOfWords && YAMLNode.Scalar(text: text, isPlain: true).kind == .text
    }

    private static func isWordly(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: scalar.value > 0xA0 && scalar.properties.isAlphabetic
        }
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
