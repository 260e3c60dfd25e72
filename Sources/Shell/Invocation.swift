package import Invites

/// A command with its values, checked as far as its spec allows.
package struct Invocation: Hashable, Sendable {
    package let spec: CommandSpec
    /// By the names of arguments and options. Flags have no values.
    private let values: [String: [Value]]
    private let flags: Set<String>

    /// A value as its ``ValueKind`` has it.
    enum Value: Hashable, Sendable {
        case text(String)
        case count(Int)
        case duration(Lifetime)
    }

    init(_ spec: CommandSpec, values: [String: [Value]], flags: Set<String>) {
        self.spec = spec
        self.values = values
        self.flags = flags
    }

    /// The text of an argument or option; `nil` when it was not given.
    package func text(_ name: String) -> String? {
        if case .text(let text)? = values[name]?.first { text } else { nil }
    }

    /// The text of an argument that the spec requires.
    package func required(_ name: String) throws(CommandFailure) -> String {
        guard let text = text(name) else { throw CommandFailure(.internal, "`\(name)` is not an argument") }
        return text
    }

    /// The texts of an argument that may repeat; empty when it was not given.
    package func texts(_ name: String) -> [String] {
        (values[name] ?? []).compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    package func count(_ name: String) -> Int? {
        if case .count(let count)? = values[name]?.first { count } else { nil }
    }

    /// The numbers of an argument that may repeat; empty when it was not given.
    package func counts(_ name: String) -> [Int] {
        (values[name] ?? []).compactMap { if case .count(let count) = $0 { count } else { nil } }
    }

    package func duration(_ name: String) -> Lifetime? {
        if case .duration(let duration)? = values[name]?.first { duration } else { nil }
    }

    /// What it does to the daemon with these arguments.
    package var effect: CommandSpec.Effect {
        spec.isReadWithoutArguments && !spec.arguments.contains { values[$0.name] != nil } ? .read : spec.effect
    }

    /// Whether a flag was given.
    package func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// The options that were given.
    package var givenOptions: [CommandSpec.Option] {
        spec.options.filter { flags.contains($0.name) || values[$0.name] != nil }
    }

    /// The values given for arguments and options of one of these kinds, for checks that all commands share.
    package func texts(where matches: (ValueKind) -> Bool) -> [String] {
        let names =
            spec.arguments.filter { matches($0.kind) }.map(\.name)
            + spec.options.filter { $0.kind.map(matches) ?? false }.map(\.name)
        return names.flatMap(texts)
    }
}

extension Invocation {
    /// The same command with other texts, each made from the old one and its kind: arguments first, then options, in
    /// the order of the spec, so that of several errors it is always the same that is thrown.
    package func mappingValues(
        _ transform: (ValueKind, String) throws(CommandFailure) -> String
    ) throws(CommandFailure) -> Invocation {
        let arguments = spec.arguments.map { (name: $0.name, kind: Optional($0.kind)) }
        var mapped = values
        for (name, kind) in arguments + spec.options.map({ ($0.name, $0.kind) }) {
            guard let kind, let old = values[name] else { continue }
            var new: [Value] = []
            for value in old {
                if case .text(let text) = value {
                    new.append(.text(try transform(kind, text)))
                } else {
                    new.append(value)
                }
            }
            mapped[name] = new
        }
        return Invocation(spec, values: mapped, flags: flags)
    }

    /// The command as it could be typed, for the journal. In place of a secret it has the argument's name: `[LINK]`.
    package var line: String {
        var words = spec.path
        for option in spec.options {
            if flags.contains(option.name) { words.append("--\(option.name)") }
            for value in values[option.name] ?? [] { words += ["--\(option.name)", value.typed] }
        }
        // Also one that is quoted: to the parser, quotes are no part of a word.
        let isOption: (Value) -> Bool = { if case .text(let text) = $0 { text.hasPrefix("--") } else { false } }
        let shown = spec.arguments.filter { !$0.isSecret }.flatMap { values[$0.name] ?? [] }
        if shown.contains(where: isOption) { words.append("--") }
        for argument in spec.arguments {
            words += (values[argument.name] ?? []).map { argument.isSecret ? "[\(argument.placeholder)]" : $0.typed }
        }
        return words.joined(separator: " ")
    }
}

extension Invocation.Value {
    fileprivate var typed: String {
        switch self {
        case .text(let text): Words.quoted(text)
        case .count(let count): String(count)
        case .duration(let lifetime): lifetime.description
        }
    }
}
