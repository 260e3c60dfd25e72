/// A table in Markdown, with its columns aligned for those who read the source.
struct MarkdownTable {
    private let lines: [[String]]

    init(_ header: [String], rows: [[String]]) {
        lines = [header] + rows
    }

    var text: String {
        let widths = (lines.first ?? []).indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        var rendered = lines.map { line in
            let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| " + cells.joined(separator: " | ") + " |\n"
        }
        let rule = widths.map { String(repeating: "-", count: max(3, $0)) }
        rendered.insert("| " + rule.joined(separator: " | ") + " |\n", at: 1)
        return rendered.joined()
    }
}
