@testable import Configuration
@testable import YAML

/// Byte for byte; `==` of strings is canonical equivalence.
func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

extension String {
    /// Whether nothing in it can start a line or control a terminal.
    var isHarmless: Bool {
        utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F }
            || unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: false
                default: true
                }
            }
    }
}

/// Expects each of them to be one line about a place within the text or right behind it.
func expectPlaces(of diagnostics: [Diagnostic], within bytes: [UInt8]) {
    let lines = Lines(bytes)
    for diagnostic in diagnostics {
        let (line, column) = (diagnostic.line, diagnostic.column)
        expect(
            (1...lines.lengths.count).contains(line) && (1...lines.lengths[line - 1] + 1).contains(column),
            "no such place in \(lines.lengths.count) lines: \(diagnostic)")
        expect(diagnostic.description.isHarmless, "not one line of text: \(diagnostic.description.debugDescription)")
        expect(!diagnostic.message.isEmpty, "nothing is said at \(diagnostic.location)")
    }
    expect(diagnostics == diagnostics.sorted(), "not in order: \(diagnostics)")
}

/// How long the lines of a file are in Unicode scalars, broken as YAML 1.1 breaks them.
private struct Lines {
    private(set) var lengths = [0]

    init(_ bytes: [UInt8]) {
        var previous: Unicode.Scalar?
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        for scalar in String(decoding: bytes[start...], as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lengths.append(0)
            default: lengths[lengths.count - 1] += 1
            }
            previous = scalar
        }
    }
}
