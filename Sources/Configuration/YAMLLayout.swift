import YAML

/// The positions of the values of a host's file, in bytes. It is made of files that were read without a mistake.
struct YAMLLayout: Sendable {
    /// A key of the top mapping and its value.
    struct Entry: Sendable {
        let key: String
        let keyRange: Range<Int>
        /// From the first byte of the value to its last, quotes and brackets included.
        let range: Range<Int>
        /// The items of a list, likewise; `nil` for a scalar.
        let items: [Range<Int>]?
    }

    enum Root: Sendable {
        /// No document, or a null.
        case nothing
        case block([Entry])
        /// A mapping in braces, with its range.
        case flow([Entry], Range<Int>)
    }

    let root: Root
    /// Where lines of the document may begin: behind its `---`, if it has that.
    let start: Int
    /// Where the document ends: at its `...`, or the end of the file.
    let end: Int

    /// - Parameter begin: Where the text begins, behind a byte order mark.
    /// - Returns: `nil` when the file is not what a host's file can be.
    init?(_ bytes: [UInt8], from begin: Int) {
        var builder = Builder()
        let isComplete = bytes.withUnsafeBufferPointer { buffer in
            let parser = EventParser(text: UnsafeBufferPointer(rebasing: buffer[begin...]))
            while true {
                switch parser.next() {
                case .end: return true
                case .problem: return false
                case .document(_, let start): builder.start = start ?? 0
                case .documentEnd(let end): builder.end = end
                case .node(let event):
                    guard builder.add(event) else { return false }
                case .other: break
                }
            }
        }
        guard isComplete, builder.depth == 0 else { return nil }
        let offsets = ByteOffsets(bytes, from: begin)
        start = offsets[builder.start]
        end = builder.end.map { offsets[$0] } ?? bytes.count

        func range(_ characters: Range<Int>) -> Range<Int> {
            Self.trimmed(offsets[characters.lowerBound]..<offsets[characters.upperBound], in: bytes)
        }
        guard let found = builder.root else {
            root = .nothing
            return
        }
        let rootRange = range(found.span)
        guard found.isMapping else {
            root = .nothing
            return
        }
        var entries: [Entry] = []
        for entry in builder.entries {
            guard let value = entry.value else { return nil }
            let items = entry.items?.map(range)
            var whole = range(value)
            if let last = items?.last, bytes[whole.lowerBound] != UInt8(ascii: "[") {
                // A list of lines ends, to libyaml, where the next thing begins.
                whole = whole.lowerBound..<last.upperBound
            }
            entries.append(Entry(key: entry.key, keyRange: range(entry.keySpan), range: whole, items: items))
        }
        let isFlow = rootRange.lowerBound < bytes.count && bytes[rootRange.lowerBound] == UInt8(ascii: "{")
        root = isFlow ? .flow(entries, rootRange) : .block(entries)
    }

    /// A block scalar's range without the blank lines after it.
    private static func trimmed(_ range: Range<Int>, in bytes: [UInt8]) -> Range<Int> {
        guard let first = bytes[range].first, first == UInt8(ascii: "|") || first == UInt8(ascii: ">") else {
            return range
        }
        var end = range.upperBound
        while end > range.lowerBound, " \t\r\n".utf8.contains(bytes[end - 1]) { end -= 1 }
        return range.lowerBound..<end
    }

    var entries: [Entry] {
        switch root {
        case .nothing: []
        case .block(let entries), .flow(let entries, _): entries
        }
    }
}

/// Collects spans, in characters, from events.
private struct Builder {
    struct Entry {
        let key: String
        let keySpan: Range<Int>
        var value: Range<Int>?
        var items: [Range<Int>]?
    }

    var start = 0
    var end: Int?
    var root: (span: Range<Int>, isMapping: Bool)?
    var entries: [Entry] = []
    private(set) var depth = 0

    /// - Returns: `false` for what no good host's file has.
    mutating func add(_ event: YAMLNodeEvent) -> Bool {
        switch (depth, event.kind) {
        case (0, .scalar(_)): root = (event.span, false)
        case (0, .mappingStart):
            root = (event.span, true)
            depth = 1
        case (1, .scalar(let scalar)):
            if let last = entries.indices.last, entries[last].value == nil {
                entries[last].value = event.span
            } else {
                entries.append(Entry(key: scalar.text, keySpan: event.span))
            }
        case (1, .sequenceStart):
            guard let last = entries.indices.last, entries[last].value == nil else { return false }
            entries[last].value = event.span
            entries[last].items = []
            depth = 2
        case (1, .collectionEnd):
            if let found = root { root = (found.span.lowerBound..<event.span.upperBound, true) }
            depth = 0
        case (2, .scalar(_)):
            guard let last = entries.indices.last else { return false }
            entries[last].items?.append(event.span)
        case (2, .collectionEnd):
            guard let last = entries.indices.last, let value = entries[last].value else { return false }
            entries[last].value = value.lowerBound..<event.span.upperBound
            depth = 1
        default: return false
        }
        return true
    }
}

/// The offsets of characters, which libyaml's marks count, in bytes.
private struct ByteOffsets {
    private let begin: Int
    private let count: Int
    /// By character; empty when each character is one byte.
    private var offsets: [Int] = []

    init(_ bytes: [UInt8], from begin: Int) {
        self.begin = begin
        count = bytes.count
        guard bytes[begin...].contains(where: { $0 >= 0x80 }) else { return }
        for offset in begin..<bytes.count where bytes[offset] & 0xC0 != 0x80 { offsets.append(offset) }
    }

    /// The end of the text for every character behind it: libyaml counts the end that it adds.
    subscript(character: Int) -> Int {
        if offsets.isEmpty { return min(begin + character, count) }
        return character < offsets.count ? offsets[character] : count
    }
}
