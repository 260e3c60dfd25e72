internal import Text

/// Shows rows and events to people.
///
/// Values have a form for people: times in UTC, to the minute in tables (`2026-11-22 19:06Z`) and to the second in
/// records, durations as `1d12h`, bytes as `1.5 KiB`, flags as yes and no, lists with commas, and `-` for
/// nothing. Members of a row for which there is no field, as a newer daemon may have them, come last, by their names.
/// No value reaches the terminal with a control or format character in it: those are written as `\u{1B}`.
package struct TextRenderer: Sendable {
    let width: Int
    let isColored: Bool

    /// - Parameters:
    ///   - width: Columns of the terminal; 0 where lines may have any length.
    ///   - isColored: Whether states and severities are coloured.
    package init(width: Int, isColored: Bool) {
        self.width = max(0, width)
        self.isColored = isColored
    }

    /// A record: a line for each field, then what is nested in it. A field without a value is left out when it may be.
    ///
    /// Long values are wrapped between words; a word, such as a link, is never parted.
    package func record(_ row: JSON, _ fields: [Field]) -> [String] {
        guard case .object = row else { return [Cell(row, .text, .seconds).text] }
        var lines: [String] = []
        var blocks: [String] = []
        let fields = fields + Self.unknown(in: [row], beside: fields)
        let shown = fields.filter { !$0.isOptional || (row[$0.name] ?? .null) != .null }
        let labelWidth = shown.map { DisplayWidth.of($0.label) }.max() ?? 0
        for field in shown {
            let value = row[field.name]
            if case .drawing = field.kind, let drawing = value?.text {
                blocks += ["", field.label + ":"] + self.drawing(drawing)
                continue
            }
            if let block = nested(value, field) {
                blocks += ["", field.label + ":"] + block.map { $0.isEmpty ? "" : Self.indent + $0 }
                continue
            }
            let cell = Cell(value, field.kind, .seconds)
            let label = field.label + ":" + Self.spaces(labelWidth - DisplayWidth.of(field.label) + 1)
            let parts = wrap(cell, within: width == 0 ? .max : max(16, width - labelWidth - 2))
            for (index, part) in parts.enumerated() {
                lines.append((index == 0 ? label : Self.spaces(labelWidth + 2)) + painted(part, cell.colour))
            }
        }
        return lines + blocks
    }

    /// An event: one line, whatever its length. Numbers are shown with their names.
    package func event(_ event: JSON, _ fields: [Field]) -> String {
        guard case .object(let members) = event else { return Cell(event, .text, .timeOfDay).text }
        if let dropped = members["dropped"]?.integer, members.count == 1 {
            return painted("(\(dropped) left out)", .doubtful)
        }
        var parts: [String] = []
        for field in fields + Self.unknown(in: [event], beside: fields) {
            guard let value = members[field.name], value != .null else { continue }
            let cell = Cell(value, field.kind, .timeOfDay)
            switch (field.kind, value) {
            case (.object, .object(let pairs)) where pairs.isEmpty: continue
            case (.choice(let words), _):
                let longest = words.map(DisplayWidth.of).max() ?? 0
                parts.append(painted(cell.text, cell.colour) + Self.spaces(longest - cell.width))
            case (_, .text), (_, .object): parts.append(cell.text)
            default: parts.append("\(field.name.escapingControls)=\(cell.text)")
            }
        }
        return parts.joined(separator: " ")
    }

    /// Text for people, which may have lines of its own.
    package func text(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).escapingControls }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// A message, which continues in the next line where it is wider than the terminal. No word is broken.
    package func message(_ message: String) -> [String] {
        text(message).flatMap { wrap(Cell($0), within: width == 0 ? .max : width) }
    }

    /// The longest beginning of a text without control characters that fits, with `…` in place of what does not.
    package static func cut(_ text: String, to width: Int) -> String {
        DisplayWidth.of(text) <= width ? text : DisplayWidth.truncate(text, to: width).text
    }

    /// The columns that a text without control characters takes.
    package static func width(of text: String) -> Int { DisplayWidth.of(text) }

    // MARK: Parts

    static let indent = "  "

    /// The text below the record: objects as a table or a record, a text of several lines as it is.
    private func nested(_ value: JSON?, _ field: Field) -> [String]? {
        let inner = TextRenderer(width: width == 0 ? 0 : max(20, width - Self.indent.count), isColored: isColored)
        switch (value, field.kind) {
        case (.list(let items), .list(.object(let fields))) where !items.isEmpty: return inner.table(items, fields)
        case (.list(let items), _) where items.contains { $0.object != nil }: return inner.table(items, [])
        case (.object(let members), .object(let fields)) where !members.isEmpty:
            return inner.record(.object(members), fields)
        case (.object(let members), _) where !members.isEmpty: return inner.record(.object(members), [])
        case (.text(let text), _) where text.contains("\n"): return self.text(text)
        default: return nil
        }
    }

    /// The lines of a drawing in colours of their own: a terminal may write dark on light, where it would be inverted.
    /// Not indented, since every column counts; wrapped, it would be no drawing any more.
    private func drawing(_ text: String) -> [String] {
        let lines = self.text(text)
        let needed = lines.map { DisplayWidth.of($0) }.max() ?? 0
        guard width == 0 || needed <= width else {
            return message("(it is \(needed) columns wide, and the terminal has \(width))")
        }
        return lines.map { painted($0, .drawing) }
    }

    /// The text in parts of so many columns, parted at spaces. A longer word is a part by itself, or several.
    func wrap(_ cell: Cell, within width: Int, partingWords: Bool = false) -> [String] {
        guard cell.width > width else { return [cell.text] }
        var parts: [String] = []
        var part = ""
        var taken = 0
        for word in cell.text.split(separator: " ", omittingEmptySubsequences: false) {
            for word in partingWords ? pieces(of: word, width) : [word] {
                let length = DisplayWidth.of(String(word))
                if !part.isEmpty, taken + 1 + length > width {
                    parts.append(part)
                    (part, taken) = (String(word), length)
                } else {
                    part += (part.isEmpty ? "" : " ") + word
                    taken += length + (taken == 0 ? 0 : 1)
                }
            }
        }
        return parts + [part]
    }

    /// The word in pieces that fill the columns, except the last.
    private func pieces(of word: Substring, _ width: Int) -> [Substring] {
        guard DisplayWidth.of(String(word)) > width else { return [word] }
        var pieces: [Substring] = []
        var start = word.startIndex
        var taken = 0
        for index in word.unicodeScalars.indices {
            let next = DisplayWidth.of(word.unicodeScalars[index])
            if taken + next > width, index > start {
                pieces.append(word[start..<index])
                (start, taken) = (index, 0)
            }
            taken += next
        }
        return pieces + [word[start...]]
    }

    /// Fields for the members that none of these is about.
    static func unknown(in rows: [JSON], beside fields: [Field]) -> [Field] {
        let known = Set(fields.map(\.name))
        var unknown: Set<String> = []
        for row in rows {
            guard let members = row.object else { continue }
            for name in members.keys where !known.contains(name) { unknown.insert(name) }
        }
        return unknown.sorted().map { Field($0, .text, "", isOptional: true) }
    }

    func painted(_ text: String, _ colour: Colour?) -> String {
        guard isColored, let colour else { return text }
        return colour.rawValue + text + Colour.end
    }

    static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}

extension Field {
    /// The label before the value in a record.
    var label: String { name.replacing("_", with: " ").escapingControls }
}
