import Shell

extension JSON {
    /// The value over several lines, indented by two spaces, keys sorted, with a line's end at its end: for files that
    /// people read and compare.
    var pretty: String { lines(indentedBy: "") + "\n" }

    private func lines(indentedBy indent: String) -> String {
        let deeper = indent + "  "
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.sorted { $0.key < $1.key }.map { key, value in
                "\(deeper)\(JSON.text(key).line): \(value.lines(indentedBy: deeper))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        case .list(let items) where items.contains { $0.object != nil || $0.list != nil }:
            let lines = items.map { deeper + $0.lines(indentedBy: deeper) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
        case .list(let items): return "[\(items.map(\.line).joined(separator: ", "))]"
        default: return line
        }
    }
}
