/// The bytes of a host's file with the changes that are to be made to them.
struct HostFileDraft {
    struct Edit {
        let range: Range<Int>
        let text: [UInt8]
    }

    let bytes: [UInt8]
    let layout: YAMLLayout
    let lines: TextLines
    private var edits: [Edit] = []

    /// - Returns: `nil` when the file is not what a good host's file is.
    init?(_ bytes: [UInt8]) {
        let begin = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let layout = YAMLLayout(bytes, from: begin) else { return nil }
        self.bytes = bytes
        self.layout = layout
        lines = TextLines(bytes, from: begin)
    }

    /// The new bytes.
    ///
    /// - Throws: ``HostFileEditError`` when two changes are about the same bytes.
    func finished() throws(HostFileEditError) -> [UInt8] {
        // What is inserted in one place stays in the order in which it was added.
        let ordered = edits.enumerated().sorted {
            ($0.element.range.lowerBound, $0.element.range.upperBound, $0.offset)
                < ($1.element.range.lowerBound, $1.element.range.upperBound, $1.offset)
        }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 256)
        var position = 0
        for (_, edit) in ordered {
            guard edit.range.lowerBound >= position else {
                throw .impossible("these changes cannot be made at once; make one after the other")
            }
            result += bytes[position..<edit.range.lowerBound]
            result += edit.text
            position = edit.range.upperBound
        }
        return result + bytes[position...]
    }

    mutating func replace(_ range: Range<Int>, with text: String) {
        edits.append(Edit(range: range, text: Array(text.utf8)))
    }

    mutating func insert(_ text: String, at offset: Int) {
        replace(offset..<offset, with: text)
    }

    mutating func remove(_ range: Range<Int>) {
        replace(range, with: "")
    }

    // MARK: Changing keys

    /// Sets keys to values that they do not have yet, or takes them out.
    mutating func set(_ changes: [(key: HostKey, value: HostValue?)]) throws(HostFileEditError) {
        var kept = layout.entries.map { _ in true }
        var added: [(key: HostKey, text: String)] = []
        for (key, value) in changes {
            let index = layout.entries.firstIndex { $0.key == key.rawValue }
            if let value, let index {
                try change(layout.entries[index], of: key, to: value)
            } else if let value {
                added.append((key, isJSON ? "\"\(key)\": \(value.line(like: .double))" : "\(key): \(value)"))
            } else if let index {
                kept[index] = false
            }
        }
        switch layout.root {
        case .block(let entries):
            for (entry, isKept) in zip(entries, kept) where !isKept { try takeOut(entry) }
            for (key, text) in added { addLine(text, for: key, among: entries) }
            // A file that says nothing is a mistake.
            if added.isEmpty, !kept.contains(true), let first = entries.first {
                insert("{}" + lineBreak, at: lines.line(at: first.keyRange.lowerBound).start)
            }
        case .flow(let entries, let range):
            let elements = entries.map { $0.keyRange.lowerBound..<$0.range.upperBound }
            changeFlow(range, elements, kept: kept, adding: added.map(\.text))
        case .nothing: break
        }
    }

    private mutating func change(
        _ entry: YAMLLayout.Entry, of key: HostKey, to value: HostValue
    ) throws(HostFileEditError) {
        if case .list(let items) = value, let old = entry.items {
            try changeList(entry, of: key, old, to: items)
            return
        }
        let range = entry.range
        let quotes = YAMLText.Quotes(bytes[range].first)
        var text = value.line(like: quotes)
        // `"key":"value"` may do without the space, which another value needs.
        if range.lowerBound > 0, bytes[range.lowerBound - 1] == UInt8(ascii: ":") { text = " \(text)" }
        if let comment = commentInHeader(of: range) { text += " \(comment)" }
        replace(range, with: text)
    }

    /// The comment behind the `>-` or `|-` of a block scalar.
    private func commentInHeader(of range: Range<Int>) -> String? {
        guard let first = bytes[range].first, first == UInt8(ascii: "|") || first == UInt8(ascii: ">") else {
            return nil
        }
        let header = bytes[range.lowerBound..<min(range.upperBound, lines.line(at: range.lowerBound).end)]
        return header.firstIndex(of: UInt8(ascii: "#")).map { String(decoding: header[$0...], as: UTF8.self) }
    }

    private mutating func takeOut(_ entry: YAMLLayout.Entry) throws(HostFileEditError) {
        let first = lines.line(at: entry.keyRange.lowerBound)
        guard isBlank(first.start..<entry.keyRange.lowerBound) else {
            throw .impossible("`\(entry.key)` does not begin its line; take it out by hand")
        }
        remove(first.start..<lines.line(at: entry.range.upperBound).next)
    }

    /// Adds a line to a mapping without braces.
    private mutating func addLine(_ text: String, for key: HostKey, among entries: [YAMLLayout.Entry]) {
        guard let first = entries.first, let last = entries.last else { return }
        let start = lines.line(at: first.keyRange.lowerBound).start
        let indent = first.keyRange.lowerBound - start
        let place = lineOfTemplate(for: key) ?? lastLine(of: last, indent: indent)
        insertLine(String(repeating: " ", count: indent) + text, after: place)
    }

    /// Whether the file seems to be JSON, which other programs may read or write; then it stays that.
    var isJSON: Bool {
        guard case .flow(let entries, _) = layout.root else { return false }
        return !entries.isEmpty && entries.allSatisfy { bytes[$0.keyRange].first == UInt8(ascii: "\"") }
    }

    var lineBreak: String { String(decoding: lines.lineBreak, as: UTF8.self) }

    /// Inserts a line behind another. A last line without a line break stays one without.
    mutating func insertLine(_ text: String, after index: Int) {
        let line = lines.all[index]
        if line.isTerminated {
            insert(text + lineBreak, at: line.next)
        } else {
            // Where the last line is removed, the new one replaces it.
            let isGone = edits.contains { edit in
                !edit.range.isEmpty && edit.text.isEmpty && edit.range.lowerBound <= line.start
                    && edit.range.upperBound == line.end
            }
            let isFirst = !edits.contains { $0.range == line.end..<line.end }
            insert((isGone && isFirst ? "" : lineBreak) + text, at: line.end)
        }
    }

    // MARK: Finding places

    /// Whether there are only spaces and tabs.
    func isBlank(_ range: Range<Int>) -> Bool {
        bytes[range].allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    /// Whether there is a comment, or nothing.
    func isCommentOrBlank(_ range: Range<Int>) -> Bool {
        let first = bytes[range].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return first == nil || first == UInt8(ascii: "#")
    }

    /// The number of the last line of the mapping, with comments that are indented as if they were the value's.
    private func lastLine(of entry: YAMLLayout.Entry, indent: Int) -> Int {
        var index = lines.index(at: entry.range.upperBound)
        while index + 1 < lines.all.count {
            let line = lines.all[index + 1]
            let text = bytes[line.start..<line.end]
            guard let first = text.firstIndex(where: { $0 != UInt8(ascii: " ") }), text[first] == UInt8(ascii: "#"),
                first - line.start > indent
            else { break }
            index += 1
        }
        return index
    }

    /// The number of the line in which the key is commented out, as in the samples, where the new one may be inserted.
    private func lineOfTemplate(for key: HostKey) -> Int? {
        let first = lines.index(at: layout.start)
        let taken = layout.entries.map { entry in
            lines.index(at: entry.keyRange.lowerBound)...lines.index(at: entry.range.upperBound)
        }
        var found: Int?
        for index in first..<lines.all.count {
            let line = lines.all[index]
            // Behind the `---` and before the `...`, and not inside a value.
            if line.start < layout.start || line.start >= layout.end || taken.contains(where: { $0.contains(index) }) {
                continue
            }
            guard let (indent, text) = comment(in: line), text.starts(with: "\(key):".utf8) else { continue }
            let rest = text.dropFirst(key.rawValue.utf8.count + 1)
            guard rest.isEmpty || rest.first == UInt8(ascii: " ") else { continue }
            found = index
            // The lines of a commented-out list belong to it.
            var next = index + 1
            while next < lines.all.count, let (depth, text) = comment(in: lines.all[next]), !text.isEmpty,
                depth > indent || text.starts(with: "- ".utf8), !taken.contains(where: { $0.contains(next) })
            {
                found = next
                next += 1
            }
        }
        return found
    }

    /// A line that is a comment: how far its text is indented behind the `#`, and the text.
    private func comment(in line: TextLines.Line) -> (indent: Int, text: ArraySlice<UInt8>)? {
        let text = bytes[line.start..<line.end].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard text.first == UInt8(ascii: "#") else { return nil }
        let content = text.dropFirst().drop { $0 == UInt8(ascii: " ") }
        return (content.startIndex - text.startIndex, content)
    }
}
