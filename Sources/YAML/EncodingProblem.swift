/// The first byte of a text that is not UTF-8, and where it is.
///
/// libyaml would find it too, but would not say on which line.
struct EncodingProblem {
    let mark: SourceMark
    let message: String

    /// Finds the problem in a text without its byte order mark; `nil` when the text is UTF-8.
    init?(in bytes: ArraySlice<UInt8>) {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            let offset = bytes.startIndex + error.byteOffsets.lowerBound
            mark = SourceMark(after: bytes[..<offset])
            if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
                message = "the file is UTF-16; save it as UTF-8"
            } else {
                let byte = String(bytes[offset], radix: 16, uppercase: true)
                message = "the byte 0x\(byte) is not UTF-8 here; save the file as UTF-8"
            }
        }
    }
}

extension SourceMark {
    /// The place that follows a text in UTF-8, its lines broken where YAML 1.1 and libyaml break them.
    package init(after text: some Sequence<UInt8>) {
        var line: UInt32 = 1
        var column: UInt32 = 1
        var last: Unicode.Scalar?
        var decoder = UTF8()
        var bytes = text.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&bytes) {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                line += 1
                column = 1
            default: column += 1
            }
            last = scalar
        }
        self.init(line: line, column: column)
    }
}
