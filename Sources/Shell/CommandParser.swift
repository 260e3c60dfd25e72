internal import Invites
internal import Text

/// Reads the words of a command line by the specs.
///
/// Options may be anywhere after the path, as `--name value` or `--name=value`. After `--` all words are arguments.
package struct CommandParser: Sendable {
    let registry: CommandRegistry

    package init(_ registry: CommandRegistry) {
        self.registry = registry
    }

    /// - Throws: ``CommandFailure`` with one of the `usage` codes and a hint that shows what would be right.
    package func parse(_ words: [String]) throws(CommandFailure) -> Invocation {
        guard let (spec, rest) = registry.match(words) else { throw unknown(words) }
        var arguments: [String] = []
        var values: [String: [Invocation.Value]] = [:]
        var flags: Set<String> = []
        for token in OptionScanner(rest, options: spec.options) {
            switch token {
            case .argument(let word): arguments.append(word)
            case .endOfOptions: break
            case .unknownOption(let word):
                throw unknownOption(String(word.dropFirst(2).prefix { $0 != "=" }), of: spec)
            case .option(let option, let text):
                let name = option.name
                guard values[name] == nil, !flags.contains(name) else { throw bad("--\(name) is given twice", spec) }
                if let kind = option.kind {
                    guard let text else { throw bad("--\(name) wants \(kind.wanted)", spec) }
                    values[name] = [try value(text, kind, "--\(name)", spec)]
                } else {
                    guard text == nil else { throw bad("--\(name) takes no value", spec) }
                    flags.insert(name)
                }
            }
        }
        try assign(arguments, to: spec, &values)
        return Invocation(spec, values: values, flags: flags)
    }

    private func assign(
        _ words: [String], to spec: CommandSpec, _ values: inout [String: [Invocation.Value]]
    ) throws(CommandFailure) {
        var rest = words[...]
        for argument in spec.arguments {
            guard !rest.isEmpty else {
                if argument.isOptional { break }
                throw bad("\(argument.placeholder) is missing", spec)
            }
            let taken = argument.isRepeating ? rest : rest.prefix(1)
            rest = rest.dropFirst(taken.count)
            var read: [Invocation.Value] = []
            for word in taken { read.append(try value(word, argument.kind, argument.placeholder, spec)) }
            values[argument.name] = read
        }
        if let first = rest.first { throw bad("\(first.quoted) is one word too many", spec) }
    }

    private func value(
        _ text: String, _ kind: ValueKind, _ name: String, _ spec: CommandSpec
    ) throws(CommandFailure) -> Invocation.Value {
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw bad("\(name) holds a control character", spec)
        }
        switch kind {
        case .count(let range):
            guard let count = Int(text), range.contains(count) else {
                throw bad("\(name) wants \(kind.wanted), not \(text.quoted)", spec)
            }
            return .count(count)
        case .invite:
            guard let number = Int(text), number > 0 else {
                throw bad("\(name) wants \(kind.wanted), not \(text.quoted)", spec)
            }
            return .count(number)
        case .duration:
            do {
                return .duration(try Lifetime(text))
            } catch {
                throw bad("\(name) \(text.quoted): \(error)", spec)
            }
        case .choice(let words):
            guard words.contains(text) else {
                throw bad("\(name) wants \(kind.wanted), not \(text.quoted)", spec)
            }
            return .text(text)
        case .host, .user, .jid, .key, .plan, .command, .text:
            guard !text.isEmpty else { throw bad("\(name) wants \(kind.wanted), but this is empty", spec) }
            return .text(text)
        case .setting:
            return .text(text)
        }
    }

    // MARK: What to say

    private func bad(_ message: String, _ spec: CommandSpec) -> CommandFailure {
        CommandFailure(.badArgument, message, hint: "usage: \(spec.usage)")
    }

    private func unknownOption(_ name: String, of spec: CommandSpec) -> CommandFailure {
        let meant = Suggestion.closest(to: name, among: spec.options.map(\.name)).map { "; did you mean --\($0)?" }
        return CommandFailure(
            .unknownOption, "`\(spec.name)` has no option \("--\(name)".quoted)\(meant ?? "")",
            hint: "usage: \(spec.usage)")
    }

    private func unknown(_ words: [String]) -> CommandFailure {
        guard !words.isEmpty else { return CommandFailure(.unknownCommand, "there is no command", hint: "try `help`") }
        let known = registry.longestKnownPrefix(of: words)
        let next = registry.words(after: known)
        let path = known.joined(separator: " ")
        guard words.count > known.count else {
            return CommandFailure(
                .unknownCommand, "`\(path)` is not complete", hint: "it goes on with \(next.joined(separator: ", "))")
        }
        let word = words[known.count]
        let meant = Suggestion.closest(to: word, among: next).map {
            "; did you mean `\((known + [$0]).joined(separator: " "))`?"
        }
        if known.isEmpty, word.hasPrefix("-") {
            return CommandFailure(
                .unknownCommand, "\(word.quoted) stands where a command should",
                hint: "a command's options come after it; `invitectl --help` shows those that may come before")
        }
        let what = known.isEmpty ? "there is no command" : "`\(path)` has no command"
        let hint = known.isEmpty ? "try `help`" : "there are \(next.joined(separator: ", "))"
        return CommandFailure(.unknownCommand, "\(what) \(word.quoted)\(meant ?? "")", hint: hint)
    }
}

extension CommandSpec.Argument {
    /// The argument's placeholder in help, such as `HOST`.
    package var placeholder: String { name.replacing("_", with: "-").uppercased() }
}

extension CommandSpec {
    /// The usage of the command, in one line, such as `host list [--state STATE] [HOST…]`.
    package var usage: String { usage(options) }

    /// The same with only these options.
    func usage(_ options: [Option]) -> String {
        var parts = [name]
        for option in options {
            parts.append(option.kind.map { "[--\(option.name) \($0.placeholder)]" } ?? "[--\(option.name)]")
        }
        for argument in arguments {
            let text = argument.placeholder + (argument.isRepeating ? "…" : "")
            parts.append(argument.isOptional ? "[\(text)]" : text)
        }
        return parts.joined(separator: " ")
    }
}

extension ValueKind {
    /// The placeholder of an option's value in help.
    package var placeholder: String {
        switch self {
        case .host: "HOST"
        case .user: "USER"
        case .jid: "JID"
        case .invite: "INVITE"
        case .key: "KEY"
        case .setting: "VALUE"
        case .duration: "TIME"
        case .count: "NUMBER"
        case .choice(let words): words.joined(separator: "|")
        case .plan: "PLAN"
        case .command: "COMMAND"
        case .text: "TEXT"
        }
    }

    /// What a value has to be, in a message.
    package var wanted: String {
        switch self {
        case .host: "a host such as example.com"
        case .user: "a user of a host such as alice@example.com"
        case .jid: "a bare JID such as alice@example.com"
        case .invite: "the number of an invite"
        case .key: "a key of a host's file"
        case .setting: "a value"
        case .duration: "a length of time such as 7d"
        case .count(let range) where range.upperBound == .max: "a whole number from \(range.lowerBound)"
        case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words) where words.count > 1:
            words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1]
        case .choice(let words): words.joined()
        case .plan: "the hash of a plan"
        case .command: "a command"
        case .text: "a text"
        }
    }
}
