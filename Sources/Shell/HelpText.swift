internal import Text

/// What `help` says, made from the specs.
package struct HelpText: Sendable {
    private let registry: CommandRegistry
    private let width: Int
    private let role: Role

    /// - Parameters:
    ///   - registry: The commands that the reader may use.
    ///   - width: Columns to fill; 0 where lines may have any length.
    ///   - role: The reader's role, which decides what options are shown.
    package init(_ registry: CommandRegistry, width: Int, role: Role) {
        self.registry = registry
        self.width = width > 0 ? max(40, width) : .max
        self.role = role
    }

    /// All commands, those of one noun together.
    package func overview() -> String {
        var groups: [(noun: String, commands: [CommandSpec])] = []
        for spec in registry.commands {
            let noun = spec.path.count > 1 ? spec.path[0] : ""
            if let index = groups.firstIndex(where: { $0.noun == noun }) {
                groups[index].commands.append(spec)
            } else {
                groups.append((noun, [spec]))
            }
        }
        let blocks = groups.map { entries($0.commands.map { ($0.name, $0.summary) }) }
        return (blocks + [["`help COMMAND` tells more."]]).map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    /// Commands that begin with the same words, and in full the one that consists of them, if there is one.
    package func list(_ commands: [CommandSpec], under spec: CommandSpec?) -> String {
        let others = commands.filter { $0.path != spec?.path }
        let lines = entries(others.map { ($0.name, $0.summary) }).joined(separator: "\n")
        return spec.map { detail($0) + "\n\n" + lines } ?? lines
    }

    /// All there is to know of one command.
    package func detail(_ spec: CommandSpec) -> String {
        let options = spec.options.filter { ($0.role ?? .viewer) <= role }
        var blocks = [wrapped(spec.summary + ".", indent: 0), wrapped("usage: " + spec.usage(options), indent: 7)]
        if !spec.discussion.isEmpty {
            for paragraph in spec.discussion.split(separator: "\n\n") {
                blocks.append(wrapped(String(paragraph), indent: 0))
            }
        }
        let arguments = spec.arguments.map { argument in
            (argument.placeholder, argument.summary + choices(argument.kind))
        }
        if !arguments.isEmpty { blocks.append(["Arguments:"] + entries(arguments)) }
        let named = options.map { option in
            (
                "--\(option.name)" + (option.kind.map { " \($0.shortPlaceholder)" } ?? ""),
                option.summary + (option.kind.map(choices) ?? "")
            )
        }
        if !named.isEmpty { blocks.append(["Options:"] + entries(named)) }
        // Options that the reader may not use are hidden.
        let hidden = spec.options.filter { !options.contains($0) }.map { "--\($0.name)" }
        let examples = spec.examples.filter { example in
            !example.line.split(separator: " ").contains { hidden.contains(String($0)) }
        }
        blocks.append(["Examples:"] + entries(examples.map { ($0.line, $0.summary) }))
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    /// What `help` shows for the words after it.
    ///
    /// - Parameter path: A command as it was typed, arguments included, or the words that one begins with.
    /// - Throws: ``CommandFailure`` with ``ResultCode/unknownCommand``.
    package func text(for path: [String]) throws(CommandFailure) -> String {
        if path.isEmpty { return overview() }
        let commands = registry.commands(below: path)
        if commands.count == 1, let only = commands.first { return detail(only) }
        // `log` is the prefix of several commands, and `help` alone might be a command and a prefix of others.
        if !commands.isEmpty { return list(commands, under: registry[path]) }
        guard let (spec, _) = registry.match(path) else {
            throw CommandFailure(
                .unknownCommand, "there is no command \(path.joined(separator: " ").quoted) for you",
                hint: "`help` shows those there are")
        }
        return detail(spec)
    }

    private func choices(_ kind: ValueKind) -> String {
        if case .choice(let words) = kind { ": " + words.joined(separator: ", ") } else { "" }
    }

    // MARK: Lines

    /// Pairs in two columns. A pair whose first part is long has its second on the next line.
    private func entries(_ pairs: [(String, String)]) -> [String] {
        let limit = min(34, width / 2)
        let column = (pairs.map(\.0.count).filter { $0 <= limit }.max() ?? 0) + 4
        return pairs.flatMap { name, summary -> [String] in
            let lines = wrapped(String(repeating: " ", count: column) + summary, indent: column)
            guard let first = lines.first, name.count + 4 <= column else { return ["  " + name] + lines }
            let start = "  " + name
            let rest = first.dropFirst(start.count)
            return [start + rest] + lines.dropFirst()
        }
    }

    /// The text in lines that fit, all but the first indented; words are not parted.
    private func wrapped(_ text: String, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        let leading = String(text.prefix { $0 == " " })
        var line = leading
        var isEmpty = true
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                (line, isEmpty) = (margin, true)
            }
            line += isEmpty ? String(word) : " " + word
            isEmpty = false
        }
        return lines + [line]
    }
}

extension ValueKind {
    /// The placeholder of a value where the choices follow.
    fileprivate var shortPlaceholder: String {
        if case .choice = self { "WORD" } else { placeholder }
    }
}
