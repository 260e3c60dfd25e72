/// The lines of a file, broken where libyaml breaks them, by their offsets in bytes.
struct TextLines: Sendable {
    struct Line: Hashable, Sendable {
        let start: Int
        /// Where its line break begins, or the text ends.
        let end: Int
        /// Where the next line begins, or the text ends.
        let next: Int

        /// Whether a line break ends it, not the end of the text.
        var isTerminated: Bool { next > end }
    }

    /// At least one. The last is empty when the text ends with a line break.
    let all: [Line]
    /// The file's first line break; a line feed when it has none.
    let lineBreak: [UInt8]

    /// - Parameter start: Where the text begins, behind a byte order mark.
    init(_ bytes: [UInt8], from start: Int) {
        var lines: [Line] = []
        var lineBreak: [UInt8]?
        var begin = start
        var offset = start
        while offset < bytes.count {
            let length = Self.lengthOfBreak(in: bytes, at: offset)
            guard length > 0 else {
                offset += 1
                continue
            }
            if lineBreak == nil, length < 2 || bytes[offset] == UInt8(ascii: "\r") {
                lineBreak = Array(bytes[offset..<offset + length])
            }
            lines.append(Line(start: begin, end: offset, next: offset + length))
            offset += length
            begin = offset
        }
        lines.append(Line(start: begin, end: bytes.count, next: bytes.count))
        all = lines
        self.lineBreak = lineBreak ?? [UInt8(ascii: "\n")]
    }

    /// How many bytes of a line break are here: CR LF, CR, LF, NEL, LS or PS (YAML 1.1 §4.2); 0 when there is none.
    private static func lengthOfBreak(in bytes: [UInt8], at offset: Int) -> Int {
        func byte(_ distance: Int) -> UInt8 { offset + distance < bytes.count ? bytes[offset + distance] : 0 }
        switch bytes[offset] {
        case UInt8(ascii: "\n"): return 1
        case UInt8(ascii: "\r"): return byte(1) == UInt8(ascii: "\n") ? 2 : 1
        case 0xC2: return byte(1) == 0x85 ? 2 : 0
        case 0xE2: return byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9) ? 3 : 0
        default: return 0
        }
    }

    /// The number of the line, from 0, that this offset is in.
    func index(at offset: Int) -> Int {
        var low = 0
        var high = all.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if all[middle].start <= offset { low = middle } else { high = middle }
        }
        return low
    }

    func line(at offset: Int) -> Line { all[index(at: offset)] }
}
