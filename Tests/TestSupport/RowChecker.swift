package import Shell

/// Compares rows and events with the fields in a command's spec.
package struct RowChecker: Sendable {
    private let fields: [Field]
    private let mayDrop: Bool

    /// For rows of these fields.
    package init(_ fields: [Field]) {
        self.fields = fields
        mayDrop = false
    }

    /// For the rows or events of a command.
    package init(_ spec: CommandSpec) {
        fields = spec.result.fields
        if case .events = spec.result { mayDrop = true } else { mayDrop = false }
    }

    /// For the rows or events of the command with this name, such as `host list`; for no fields if there is none.
    package init(command name: String) {
        let path = name.split(separator: " ").map(String.init)
        self = CommandRegistry.standard[path].map(RowChecker.init) ?? RowChecker([])
    }

    /// What is wrong with a row; empty when nothing is. A field that may be left out may also be `null`.
    package func mistakes(in row: JSON) -> [String] {
        if mayDrop, let members = row.object, Set(members.keys) == ["dropped"] {
            return Self.mistakes(in: members["dropped"] ?? .null, .count, "dropped")
        }
        return Self.mistakes(in: row, fields, "")
    }

    /// What is wrong with all rows and events of an answer, each with the number of its row from 0.
    package func mistakes(in output: RecordingOutput) -> [String] {
        (output.rows + output.events).enumerated().flatMap { index, row in
            mistakes(in: row).map { "row \(index): \($0)" }
        }
    }

    private static func mistakes(in value: JSON, _ fields: [Field], _ path: String) -> [String] {
        guard let members = value.object else { return ["`\(path)` is not an object: \(value.line)"] }
        let prefix = path.isEmpty ? "" : path + "."
        var found: [String] = []
        for field in fields {
            switch members[field.name] {
            case nil, .null?: if !field.isOptional { found.append("`\(prefix)\(field.name)` is missing") }
            case let member?: found += mistakes(in: member, field.kind, prefix + field.name)
            }
        }
        let known = Set(fields.map(\.name))
        return found + members.keys.filter { !known.contains($0) }.sorted().map { "`\(prefix)\($0)` is not a field" }
    }

    private static func mistakes(in value: JSON, _ kind: Field.Kind, _ path: String) -> [String] {
        let isRight: Bool
        switch kind {
        case .text, .branch, .drawing: isRight = value.text != nil
        case .choice(let words): isRight = value.text.map(words.contains) ?? false
        case .flag: isRight = value.flag != nil
        case .count, .bytes, .seconds: isRight = value.integer.map { $0 >= 0 } ?? false
        case .number: if case .number = value { isRight = true } else { isRight = value.integer != nil }
        case .time:
            let pattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/
            isRight = value.text?.wholeMatch(of: pattern) != nil
        case .list(let kind):
            guard let items = value.list else { return ["`\(path)` is not a list: \(value.line)"] }
            return items.enumerated().flatMap { mistakes(in: $1, kind, "\(path)[\($0)]") }
        case .object(let fields) where fields.isEmpty:
            // Texts by names that the schema does not list.
            isRight = value.object?.values.allSatisfy { $0.text != nil } ?? false
        case .object(let fields): return mistakes(in: value, fields, path)
        }
        return isRight ? [] : ["`\(path)` is not of its kind, \(kind): \(value.line)"]
    }
}
