import CLibYAML
import Text

/// Why libyaml stopped, in words for the author of the file.
package struct YAMLProblem {
    package let mark: SourceMark
    package let message: String

    /// - Parameter end: The last place that is in the text.
    init(_ parser: yaml_parser_t, text: UnsafeBufferPointer<UInt8>, end: SourceMark) {
        switch parser.error {
        case YAML_READER_ERROR:
            mark = SourceMark(after: text.prefix(parser.problem_offset))
            if parser.problem_value == 0 {
                message = "a NUL byte is not allowed; save the file as text in UTF-8"
            } else {
                let value = String(UInt32(bitPattern: parser.problem_value), radix: 16, uppercase: true)
                let code = String(repeating: "0", count: max(0, 4 - value.count)) + value
                message = "the control character U+\(code) is not allowed in a file"
            }
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
            let problemMark = min(SourceMark(parser.problem_mark), end)
            let problem = parser.problem.map { String(cString: $0) } ?? "cannot be read"
            let context = parser.context.map { (text: String(cString: $0), mark: SourceMark(parser.context_mark)) }
            (mark, message) = Self.explain(
                problem, at: problemMark, in: context, character: Self.character(at: problemMark, of: text))
        default:
            mark = .start
            message = "there is not enough memory to read it"
        }
    }

    private static func explain(
        _ problem: String, at mark: SourceMark, in context: (text: String, mark: SourceMark)?,
        character: Unicode.Scalar?
    ) -> (SourceMark, String) {
        let beginning = context.map { " (begun at \($0.mark.line):\($0.mark.column))" } ?? ""
        switch (problem, character) {
        case ("found character that cannot start any token", "\t"?):
            return (mark, "a tab cannot stand here: indent with spaces")
        case ("found character that cannot start any token", let character?):
            return (mark, "a value cannot begin with \(String(character).quoted): put it in quotes")
        case ("mapping values are not allowed in this context", _):
            return (
                mark,
                "a `:` cannot stand here: check the indentation and the line above, or put a text that holds `: ` in quotes"
            )
        case ("could not find expected ':'", _):
            guard let context else { return (mark, "a `:` is missing: each line is `key: value`") }
            return (context.mark, "a `:` is missing: each line is `key: value`")
        case ("did not find expected alphabetic or numeric character", _)
        where context?.text == "while scanning an alias":
            return (context?.mark ?? mark, "a `*` cannot begin a value: put a text such as \"*.example.com\" in quotes")
        case ("found unexpected end of stream", _) where context?.text == "while scanning a quoted scalar":
            return (context?.mark ?? mark, "the quotes that open here are never closed")
        case ("did not find expected ',' or ']'", _):
            return (mark, "the list\(beginning) is not closed: a `,` or a `]` is missing")
        case ("did not find expected ',' or '}'", _):
            return (mark, "the mapping\(beginning) is not closed: a `,` or a `}` is missing")
        case ("did not find expected key", _):
            let hint =
                "indent the keys of a mapping alike, and put a value that begins with `[`, `{` or a quote in quotes"
            return (mark, "there is no key here, as the mapping\(beginning) needs: \(hint)")
        case ("did not find expected node content", _):
            return (
                mark, "there is no value here: put a text with `[`, `]`, `{`, `}`, `,` or `:` at its edges in quotes"
            )
        case ("did not find expected '-' indicator", _):
            return (mark, "there is no `- ` here, as the list\(beginning) needs: indent its items alike")
        case ("did not find expected <document start>", _):
            return (mark, "there is something after the end of the document: check the indentation")
        default:
            guard let context else { return (mark, "not YAML: \(problem)") }
            return (mark, "not YAML: \(context.text)\(beginning), \(problem)")
        }
    }

    private static func character(at mark: SourceMark, of text: UnsafeBufferPointer<UInt8>) -> Unicode.Scalar? {
        let lines = String(decoding: text, as: UTF8.self).unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard mark.line > 0, mark.column > 0, Int(mark.line) <= lines.count else { return nil }
        return lines[Int(mark.line) - 1].dropFirst(Int(mark.column) - 1).first
    }
}
