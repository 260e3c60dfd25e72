import Shell
import Text

/// What Tab does.
struct TabCompletion {
    let screen: Screen
    /// What the last of the words may become.
    let candidates: ([String]) -> Client.Candidates

    enum Edit: Equatable {
        case nothing
        /// The candidates were listed below the line.
        case listed
        /// So many characters before and after the cursor give way to a text.
        case replace(before: Int, after: Int, with: String)
    }

    func complete(_ before: String, _ after: String) -> Edit {
        let split = Words(unfinished: before)
        let typed = split.endsInWord ? split.words : split.words + [""]
        guard let last = typed.last, let words = ClientCommandLine.commandWords(of: typed) else { return .nothing }
        let candidates = candidates(words)
        let found = candidates.values.filter { $0.value.hasPrefix(last) && $0.value.isPrintable }
        guard let first = found.first else { return .nothing }
        let raw = rawWord(before, split)
        // The rest of the word at the cursor, which is there already.
        let tail = String(after.prefix { $0 != " " && $0 != "\t" })
        if found.count == 1 {
            let isThere = first.value.dropFirst(last.count).hasPrefix(tail)
            let covered = isThere ? tail.unicodeScalars.count : 0
            // A space follows, unless there is one or the word continues.
            let goesOn = isThere ? after.dropFirst(tail.count) : after[...]
            return .replace(
                before: raw.unicodeScalars.count, after: covered,
                with: Words.quoted(first.value) + (goesOn.isEmpty ? " " : ""))
        }
        // What those have in common that are not here is not known.
        let common = candidates.isCut ? last : found.dropFirst().reduce(first.value) { Self.common($0, $1.value) }
        if common.utf8.count > last.utf8.count {
            let quoted = Words.quoted(common)
            // A quote stays open, since the word may still grow.
            let new = quoted == common ? common : String(quoted.dropLast())
            return .replace(before: raw.unicodeScalars.count, after: 0, with: new)
        }
        list(found, isCut: candidates.isCut)
        return .listed
    }

    /// The last word as it was typed, with its quotes.
    private func rawWord(_ line: String, _ split: Words) -> String {
        guard split.endsInWord else { return "" }
        var start = line.endIndex
        while start > line.startIndex {
            let previous = line.index(before: start)
            if line[previous] == " " || line[previous] == "\t" {
                let before = Words(unfinished: String(line[..<start]))
                if !before.endsInWord, before.words.count == split.words.count - 1 { break }
            }
            start = previous
        }
        return String(line[start...])
    }

    private static func common(_ left: String, _ right: String) -> String {
        var common = String.UnicodeScalarView()
        for (one, other) in zip(left.unicodeScalars, right.unicodeScalars) {
            guard one == other else { break }
            common.append(one)
        }
        return String(common)
    }

    // MARK: The list

    private func list(_ found: [CompletionCandidate], isCut: Bool) {
        let room = max(4, screen.terminal.height - 3)
        let width = screen.terminal.width
        var lines = Self.described(found, width)
        if lines.count > room || lines.isEmpty { lines = Self.columns(found.map(\.value), width) }
        if lines.count > room {
            lines = Array(lines.prefix(room - 1)) + ["… there are \(isCut ? "more than " : "")\(found.count)"]
        }
        screen.output.write("\n")
        for line in lines { screen.output.line(line) }
        screen.output.flush()
    }

    /// A line for each, with what it is.
    private static func described(_ found: [CompletionCandidate], _ width: Int) -> [String] {
        // A summary that all have in common does not help to choose.
        guard Set(found.map(\.summary)).count > 1 else { return [] }
        let longest = found.map { TextRenderer.width(of: $0.value) }.max() ?? 0
        return found.map { candidate in
            let gap = String(repeating: " ", count: longest - TextRenderer.width(of: candidate.value) + 2)
            return TextRenderer.cut("  \(candidate.value)\(gap)\(candidate.summary.escapingControls)", to: width)
        }
    }

    /// In columns, read downward.
    private static func columns(_ values: [String], _ width: Int) -> [String] {
        let longest = (values.map { TextRenderer.width(of: $0) }.max() ?? 0) + 2
        let count = max(1, min(values.count, (width - 2) / longest))
        let height = (values.count + count - 1) / count
        return (0..<height).map { row in
            var line = "  "
            for index in stride(from: row, to: values.count, by: height) {
                line += values[index]
                if index + height < values.count {
                    line += String(repeating: " ", count: longest - TextRenderer.width(of: values[index]))
                }
            }
            return TextRenderer.cut(line, to: width)
        }
    }
}
