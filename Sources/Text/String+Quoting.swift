extension String {
    /// The text between backticks, on one line and of bounded length, fit to be quoted in a message.
    package var quoted: String {
        let limit = 80
        let shown = unicodeScalars.prefix(limit)
        let isCut = shown.endIndex != unicodeScalars.endIndex
        return "`\(String(shown).escapingControls)\(isCut ? "…" : "")`"
    }

    /// The text with control characters and line separators written as `\u{…}`, so that it stays on one line and
    /// cannot speak to a terminal.
    package var escapingControls: String {
        // Most texts are ASCII without controls, which need no further check.
        if utf8.allSatisfy({ 0x20 <= $0 && $0 < 0x7F }) { return self }
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                escaped += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            default:
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Whether every character is allowed in XML 1.0 and none is a control: a name that people see.
    package var isPrintable: Bool {
        unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFFFD, 0x1_0000...0x10_FFFF: true
            default: false
            }
        }
    }
}
