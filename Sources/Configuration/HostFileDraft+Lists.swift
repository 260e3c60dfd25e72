import YAML

extension HostFileDraft {
    /// Makes a list hold these items: takes out the others, and adds what is missing behind what stays.
    mutating func changeList(
        _ entry: YAMLLayout.Entry, of key: HostKey, _ old: [Range<Int>], to items: [String]
    ) throws(HostFileEditError) {
        var missing = items
        var kept: [Bool] = []
        for range in old {
            let said = try item(of: key, at: range)
            kept.append(items.contains { $0.utf8.elementsEqual(said.utf8) })
            missing.removeAll { $0.utf8.elementsEqual(said.utf8) }
        }
        let neighbour = old.indices.last { kept[$0] } ?? old.indices.last
        let quotes = neighbour.map { YAMLText.Quotes(bytes[old[$0]].first) } ?? (isJSON ? .double : .none)
        let added = missing.map { YAMLText.scalar($0, like: quotes) }
        if bytes[entry.range].first == UInt8(ascii: "[") {
            changeFlow(entry.range, old, kept: kept, adding: added)
        } else {
            try changeBlock(entry, old, kept: kept, adding: added)
        }
    }

    /// What the item says, prepared as the reader prepares it.
    private func item(of key: HostKey, at range: Range<Int>) throws(HostFileEditError) -> String {
        var report = DiagnosticReport(file: "")
        // An item alone is a document, too; a block scalar would need its indentation.
        var settings = HostSettings()
        if let node = YAMLReader.read(Array(bytes[range]), report: &report) {
            settings.read(key, from: YAMLNode(mark: node.mark, content: .sequence([node])), report: &report)
        }
        if report.isEmpty, case .list(let items)? = settings.value(of: key), items.count == 1 { return items[0] }
        throw .impossible("an item of the list is written in a way that is not known; change the file by hand")
    }

    // MARK: Lists of lines

    private mutating func changeBlock(
        _ entry: YAMLLayout.Entry, _ items: [Range<Int>], kept: [Bool], adding added: [String]
    ) throws(HostFileEditError) {
        var places: [(first: Int, last: Int)] = []
        for item in items {
            places.append((try lineOfDash(before: item, after: entry.keyRange), lines.index(at: item.upperBound)))
        }
        for (place, isKept) in zip(places, kept) where !isKept {
            remove(lines.all[place.first].start..<lines.all[place.last].next)
        }
        let model = kept.lastIndex(of: true) ?? 0
        let line = lines.all[places[model].first]
        let dash = bytes[line.start..<line.end].firstIndex(of: UInt8(ascii: "-")) ?? line.start
        let item = items[model].lowerBound
        // The space between dash and item is kept, too, where they are on one line.
        let end = item < line.end ? item : dash + 1
        let prefix = String(decoding: bytes[line.start..<end], as: UTF8.self) + (item < line.end ? "" : " ")
        if kept.contains(true) {
            for text in added { insertLine(prefix + text, after: places[model].last) }
        } else if added.isEmpty {
            guard let colon = colon(behind: entry.keyRange.upperBound) else {
                throw .impossible("the list `\(entry.key)` is written in a way that is not known")
            }
            insert(" []", at: colon + 1)
        } else {
            for text in added { insert(prefix + text + lineBreak, at: line.start) }
        }
    }

    /// The number of the line with the dash that makes this an item.
    private func lineOfDash(before item: Range<Int>, after key: Range<Int>) throws(HostFileEditError) -> Int {
        var index = lines.index(at: item.lowerBound)
        while lines.all[index].start > key.lowerBound {
            let line = lines.all[index]
            let text = bytes[line.start..<min(line.end, item.lowerBound)]
            let first = text.firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
            if let first, text[first] == UInt8(ascii: "-"), isCommentOrBlank(first + 1..<text.endIndex) { return index }
            guard isCommentOrBlank(text.startIndex..<text.endIndex), index > 0 else { break }
            index -= 1
        }
        throw .impossible("an item of the list does not begin its line; change the file by hand")
    }

    private func colon(behind offset: Int) -> Int? {
        let rest = bytes[offset...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return rest.first == UInt8(ascii: ":") ? rest.startIndex : nil
    }

    // MARK: Brackets and braces

    /// Takes elements out from between brackets or braces, and adds some behind those that stay.
    ///
    /// - Parameter range: From the opening bracket to the closing one.
    mutating func changeFlow(_ range: Range<Int>, _ elements: [Range<Int>], kept: [Bool], adding added: [String]) {
        guard let first = elements.first, let last = elements.last else {
            // `[]`, perhaps with a comment in it.
            let gap = bytes[range.lowerBound + 1] == UInt8(ascii: "#") ? " " : ""
            if !added.isEmpty { insert(added.joined(separator: ", ") + gap, at: range.lowerBound + 1) }
            return
        }
        let close = range.upperBound - 1
        let commas = elements.indices.map { index in
            let next = index + 1 < elements.count ? elements[index + 1].lowerBound : close
            return comma(in: elements[index].upperBound..<next)
        }
        guard let lastKept = kept.lastIndex(of: true) else {
            if added.isEmpty {
                takeOut(first.lowerBound..<(commas.last?.map { $0 + 1 } ?? last.upperBound), isLast: true)
            } else {
                replace(first.lowerBound..<last.upperBound, with: added.joined(separator: ", "))
            }
            return
        }
        var index = 0
        while index < elements.count {
            guard !kept[index] else {
                index += 1
                continue
            }
            let begin = index
            while index < elements.count, !kept[index] { index += 1 }
            let end = commas[index - 1].map { $0 + 1 } ?? elements[index - 1].upperBound
            takeOut(elements[begin].lowerBound..<end, isLast: index == elements.count)
        }
        var separator = commas[lastKept]
        if lastKept < elements.count - 1, commas[elements.count - 1] == nil, let superfluous = separator {
            remove(superfluous..<superfluous + 1)
            separator = nil
        }
        if !added.isEmpty { add(added, behind: elements[lastKept], comma: separator, before: close) }
    }

    /// Adds elements behind one, which this comma follows.
    private mutating func add(_ added: [String], behind element: Range<Int>, comma: Int?, before close: Int) {
        let first = lines.line(at: element.lowerBound)
        let last = lines.line(at: element.upperBound)
        var end = comma.map { $0 + 1 } ?? element.upperBound
        // A comma that is removed, too.
        if comma == nil, bytes[end] == UInt8(ascii: ",") { end += 1 }
        guard isBlank(first.start..<element.lowerBound), end <= last.end, close >= last.next,
            isCommentOrBlank(end..<last.end)
        else {
            insert(added.map { ", \($0)" }.joined(), at: element.upperBound)
            return
        }
        // One on a line, as that one is.
        let indent = String(decoding: bytes[first.start..<element.lowerBound], as: UTF8.self)
        if comma == nil { insert(",", at: element.upperBound) }
        for (index, text) in added.enumerated() {
            let tail = index == added.count - 1 && comma == nil ? "" : ","
            insert(indent + text + tail + lineBreak, at: last.next)
        }
    }

    /// Takes elements out, and what would be left of their lines.
    ///
    /// - Parameter isLast: Whether no element follows them.
    private mutating func takeOut(_ range: Range<Int>, isLast: Bool) {
        let first = lines.line(at: range.lowerBound)
        let last = lines.line(at: range.upperBound)
        var (start, end) = (range.lowerBound, range.upperBound)
        if isBlank(first.start..<start), isCommentOrBlank(end..<last.end), last.isTerminated {
            (start, end) = (first.start, last.next)
        } else if isLast {
            while start > first.start, isBlank(start - 1..<start) { start -= 1 }
        } else {
            var next = end
            while next < last.end, isBlank(next..<next + 1) { next += 1 }
            // The space before a comment stays.
            if next < last.end, bytes[next] != UInt8(ascii: "#") { end = next }
        }
        remove(start..<end)
    }

    /// The comma between two elements, which no comment hides.
    private func comma(in gap: Range<Int>) -> Int? {
        var offset = gap.lowerBound
        while offset < gap.upperBound {
            switch bytes[offset] {
            case UInt8(ascii: ","): return offset
            case UInt8(ascii: "#"): offset = lines.line(at: offset).next
            default: offset += 1
            }
        }
        return nil
    }
}
