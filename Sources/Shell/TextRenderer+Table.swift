internal import Text

extension TextRenderer {
    /// A table with a header; nothing at all for no rows.
    ///
    /// Columns are as wide as they need to be. Where that is too much, texts continue in the next line. Words that are
    /// too long are cut and end in `…`, except those of the first column, which then have a line to themselves, and of
    /// the last, which stay whole. Numbers and times are neither cut nor broken. Where even that is too much, columns
    /// are dropped from the right until the others fit: texts move below their row, and numbers and times are left out,
    /// which the last line says. An optional column without a single value is left out.
    package func table(_ rows: [JSON], _ fields: [Field]) -> [String] {
        guard !rows.isEmpty else { return [] }
        var columns = columns(of: rows, fields + Self.unknown(in: rows, beside: fields))
        guard !columns.isEmpty else { return [] }
        if TableLayout.isTooWide(columns.map(\.layout), for: width) {
            columns = columns.map { $0.keepingWords(atMost: TableLayout.longestWord).legible(in: width) }
        }
        var hanging: [Column] = []
        var leftOut: [String] = []
        while true {
            var shown = columns
            if let last = shown.popLast() { shown.append(last.wrapping) }
            if let layout = TableLayout(shown.map(\.layout), width: width) {
                var lines = [line(shown.map(\.header), shown, layout)]
                lines.reserveCapacity(rows.count + 1)
                for row in rows.indices {
                    append(row, of: shown, layout, to: &lines)
                    append(hanging, row, to: &lines)
                }
                if !leftOut.isEmpty {
                    lines += wrap(Cell("(no room for \(leftOut.joined(separator: ", ")))"), within: width)
                }
                return lines
            }
            // One column alone is no table.
            guard columns.count > 2, let last = columns.popLast() else {
                return Array(rows.map { record($0, fields) }.joined(separator: [""]))
            }
            if last.isNumber || last.isTime {
                leftOut.insert(last.header.text.lowercased(), at: 0)
            } else {
                hanging.insert(last, at: 0)
            }
        }
    }

    private struct Column {
        let header: Cell
        var cells: [Cell]
        let isNumber: Bool
        var isTime = false
        /// Whether it may continue in the next line.
        var canWrap = false
        var layout: TableLayout.Column

        /// The same column, but cut into no word that is not longer than that.
        func keepingWords(atMost longest: Int) -> Column {
            guard layout.canShrink, layout.natural > layout.least else { return self }
            var column = self
            for cell in cells where cell.width > column.layout.least {
                for word in cell.text.split(separator: " ") {
                    column.layout.least = max(column.layout.least, min(DisplayWidth.of(String(word)), longest))
                }
            }
            return column
        }

        /// The same column, but not much narrower than what reads well.
        func legible(in width: Int) -> Column {
            guard layout.canShrink else { return self }
            var column = self
            column.layout.least = max(layout.least, min(layout.natural, TableLayout.longestWord, width / 4))
            return column
        }

        /// The same column as the last of its table: it may continue in the next line, and no word is cut.
        var wrapping: Column {
            guard layout.canShrink else { return self }
            var column = self
            column.canWrap = true
            column.layout.least = max(column.layout.least, TableLayout.leastWrapped)
            return column.keepingWords(atMost: .max)
        }
    }

    private func columns(of rows: [JSON], _ fields: [Field]) -> [Column] {
        var columns: [Column] = []
        let isTree = fields.contains { $0.kind == .branch }
        for field in fields where !(isTree && field.name == Self.depth) {
            var cells: [Cell] = []
            cells.reserveCapacity(rows.count)
            let branches = field.kind == .branch ? Self.branches(rows) : nil
            let header = Cell(field.heading)
            var isEmpty = true
            var natural = header.width
            var numbers = 0
            for row in rows {
                let value = row[field.name]
                switch value {
                case nil, .null: break
                case .list(let items) where items.isEmpty: break
                case .integer, .number:
                    numbers += 1
                    isEmpty = false
                default: isEmpty = false
                }
                var cell = Cell(value, field.kind, .minutes)
                if let branches { cell = Cell(branches[cells.count] + cell.text) }
                natural = max(natural, cell.width)
                cells.append(cell)
            }
            if field.isOptional, isEmpty { continue }
            columns.append(
                Column(
                    header: header, cells: cells, isNumber: field.kind.isNumber || numbers == rows.count,
                    isTime: field.kind == .time,
                    layout: .init(natural: natural, canShrink: field.kind.isText && numbers < rows.count)))
        }
        return columns
    }

    private static let depth = "depth"
    /// What is deeper is drawn as deep as that.
    private static let deepest = 24

    /// The drawing before each row of a tree.
    private static func branches(_ rows: [JSON]) -> [String] {
        var branches: [String] = []
        branches.reserveCapacity(rows.count)
        // The depths at which something follows below, seen from the end.
        var open = Set<Int>()
        for row in rows.reversed() {
            let depth = min(Int(clamping: row[Self.depth]?.integer ?? 0), deepest)
            let lines = (1..<max(depth, 1)).map { open.contains($0) ? "│  " : "   " }.joined()
            branches.append(depth == 0 ? "" : lines + (open.contains(depth) ? "├─ " : "└─ "))
            open = open.filter { $0 < depth }
            open.insert(depth)
        }
        return branches.reversed()
    }

    /// The cells below their row, as many in a line as fit, with what they are; those without a value are left out.
    private func append(_ columns: [Column], _ row: Int, to lines: inout [String]) {
        var line = ""
        var taken = 0
        for column in columns {
            let cell = column.cells[row]
            if cell.text == Cell.none { continue }
            let label = column.header.text.lowercased() + ": "
            let labelWidth = DisplayWidth.of(label)
            if taken > 0, taken + Self.indent.count + labelWidth + cell.width <= width {
                line += Self.indent + label + painted(cell.text, cell.colour)
                taken += Self.indent.count + labelWidth + cell.width
                continue
            }
            if taken > 0 { lines.append(line) }
            let start = Self.indent.count + labelWidth
            let parts = wrap(cell, within: max(16, width - start), partingWords: true)
            lines += parts.dropLast().enumerated().map { number, part in
                (number == 0 ? Self.indent + label : Self.spaces(start)) + part
            }
            let last = parts[parts.count - 1]
            line = (parts.count == 1 ? Self.indent + label : Self.spaces(start)) + painted(last, cell.colour)
            // What follows a text of several lines would be taken for a part of it.
            taken = parts.count == 1 ? start + cell.width : width
        }
        if taken > 0 { lines.append(line) }
    }

    private func append(_ row: Int, of columns: [Column], _ layout: TableLayout, to lines: inout [String]) {
        var line = ""
        var pending = 0
        // What continues below: the column, the line of its cell that is next, and all of them.
        var more: [(column: Int, parts: [String])] = []
        for (index, column) in columns.enumerated() {
            let cell = column.cells[row]
            let width = layout.widths[index]
            if index > 0 { pending += TableLayout.gap }
            if index == 0, cell.width > width, columns.count > 1, !cell.text.contains(" ") {
                lines += wrap(cell, within: self.width, partingWords: true).map { painted($0, cell.colour) }
                pending = width
            } else if cell.width <= width {
                if column.isNumber { pending += width - cell.width }
                Self.pad(&line, pending)
                line += painted(cell.text, cell.colour)
                pending = column.isNumber ? 0 : width - cell.width
            } else {
                let parts = wrap(cell, within: width, partingWords: column.canWrap).map { Self.cut($0, to: width) }
                Self.pad(&line, pending)
                line += parts[0]
                pending = width - DisplayWidth.of(parts[0])
                if parts.count > 1 { more.append((index, parts)) }
            }
        }
        lines.append(line)
        for number in 1..<max(1, more.map(\.parts.count).max() ?? 1) {
            append(number, of: more, layout, to: &lines)
        }
    }

    /// A line of the cells that have several.
    private func append(
        _ number: Int, of cells: [(column: Int, parts: [String])], _ layout: TableLayout, to lines: inout [String]
    ) {
        var line = ""
        var end = 0
        for (column, parts) in cells where number < parts.count {
            let start = layout.widths[..<column].reduce(0) { $0 + $1 + TableLayout.gap }
            Self.pad(&line, start - end)
            line += parts[number]
            end = start + DisplayWidth.of(parts[number])
        }
        lines.append(line)
    }

    private func line(_ cells: [Cell], _ columns: [Column], _ layout: TableLayout) -> String {
        var line = ""
        var pending = 0
        for (index, cell) in cells.enumerated() {
            let left = max(0, layout.widths[index] - cell.width)
            if index > 0 { pending += TableLayout.gap }
            Self.pad(&line, pending + (columns[index].isNumber ? left : 0))
            line +=
                cell.width > layout.widths[index]
                ? DisplayWidth.truncate(cell.text, to: layout.widths[index]).text : cell.text
            pending = columns[index].isNumber ? 0 : left
        }
        return line
    }

    private static func pad(_ line: inout String, _ count: Int) {
        switch count {
        case ..<1: break
        case 1...blank.utf8.count: line += blank.prefix(count)
        default: line += spaces(count)
        }
    }

    private static let blank = String(repeating: " ", count: 64)
}

extension Field.Kind {
    /// Whether it is aligned to the right.
    var isNumber: Bool {
        switch self {
        case .count, .bytes, .number, .seconds: true
        case .text, .branch, .drawing, .choice, .flag, .time, .list, .object: false
        }
    }

    /// Whether a part of it is useful.
    var isText: Bool {
        switch self {
        case .text, .drawing, .list, .object: true
        case .branch, .choice, .flag, .count, .bytes, .number, .time, .seconds: false
        }
    }
}
