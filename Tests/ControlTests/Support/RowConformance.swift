import Shell

extension CommandSpec {
    /// How a row differs from what this command says its rows are; empty when it does not.
    func objections(to row: JSON) -> [String] {
        Self.objections(to: row, result.fields, path: name)
    }

    private static func objections(to value: JSON, _ fields: [Field], path: String) -> [String] {
        guard let members = value.object else { return ["\(path): \(value.line) is no object"] }
        let known = Set(fields.map(\.name))
        var found = members.keys.filter { !known.contains($0) }.sorted().map { "\(path): unknown member \($0)" }
        for field in fields {
            if let member = members[field.name] {
                found += objections(to: member, field.kind, path: "\(path).\(field.name)")
            } else if !field.isOptional {
                found.append("\(path): no member \(field.name)")
            }
        }
        return found
    }

    private static func objections(to value: JSON, _ kind: Field.Kind, path: String) -> [String] {
        let fits: Bool
        switch (kind, value) {
        case (.text, .text), (.flag, .flag), (.number, .number), (.number, .integer): fits = true
        case (.count, .integer(let number)), (.bytes, .integer(let number)), (.seconds, .integer(let number)):
            fits = number >= 0
        case (.choice(let words), .text(let word)): fits = words.contains(word)
        case (.time, .text(let time)):
            fits = time.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/#) != nil
        case (.list(let kind), .list(let items)):
            return items.enumerated().flatMap { objections(to: $1, kind, path: "\(path)[\($0)]") }
        case (.object(let fields), _): return objections(to: value, fields, path: path)
        default: fits = false
        }
        return fits ? [] : ["\(path): \(value.line) is no \(kind)"]
    }
}
