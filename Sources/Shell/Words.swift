/// Splits a typed line into words, as shells do it: spaces separate, quotes of both kinds and backslashes prevent that,
/// `#` at the beginning of a word starts a comment.
package struct Words: Hashable, Sendable {
    package private(set) var words: [String]
    /// Whether the line ends within a word, as opposed to after a space: the last word may still grow.
    package private(set) var endsInWord: Bool

    package struct Unclosed: Error, Hashable, Sendable, CustomStringConvertible {
        package let quote: Character
        package var description: String { "the quote \(quote) is not closed" }
    }

    /// - Throws: ``Unclosed`` when a quote is not closed.
    package init(_ line: String) throws(Unclosed) {
        self.init()
        if let quote = split(line) { throw Unclosed(quote: quote) }
    }

    /// For completion: a quote that is still open is taken to be closed at the end.
    package init(unfinished line: String) {
        self.init()
        _ = split(line)
    }

    private init() {
        words = []
        endsInWord = false
    }

    /// Returns the quote that is still open at the end.
    private mutating func split(_ line: String) -> Character? {
        var word: String?
        var quote: Unicode.Scalar?
        var isEscaped = false
        for scalar in line.unicodeScalars {
            if isEscaped {
                word?.unicodeScalars.append(scalar)
                isEscaped = false
            } else if scalar == "\\", quote != "'" {
                word = word ?? ""
                isEscaped = true
            } else if let open = quote {
                if scalar == open { quote = nil } else { word?.unicodeScalars.append(scalar) }
            } else if scalar == "'" || scalar == "\"" {
                word = word ?? ""
                quote = scalar
            } else if scalar == " " || scalar == "\t" {
                if let finished = word { words.append(finished) }
                word = nil
            } else if scalar == "#", word == nil {
                break
            } else {
                word = word ?? ""
                word?.unicodeScalars.append(scalar)
            }
        }
        endsInWord = word != nil
        if let word { words.append(word) }
        return quote.map { Character($0) }
    }

    /// A word as it has to be typed to be one word.
    package static func quoted(_ word: String) -> String {
        let plain: (Unicode.Scalar) -> Bool = { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "/", ":", "@", "%", "+", "=", ",": true
            default: scalar.value > 127
            }
        }
        if !word.isEmpty, word.unicodeScalars.allSatisfy(plain) { return word }
        // Scalar by scalar, as lines are read: a quote with an accent on it is one character, and still a quote.
        let escaped = word.unicodeScalars.map { $0 == "'" ? #"'\''"# : String($0) }
        return "'" + escaped.joined() + "'"
    }
}
