/// One command of the shell, described once: its parser, help, completion, manual page, schema and place in the
/// reference all come from this value.
package struct CommandSpec: Hashable, Sendable {
    /// The words that call the command, such as `["invite", "create", "account"]`.
    package let path: [String]
    /// What it does, in one sentence without a full stop.
    package let summary: String
    /// What else there is to know, in paragraphs; empty when nothing is.
    package let discussion: String
    /// The arguments after the path, in order. Only the last may repeat.
    package let arguments: [Argument]
    /// The options, which may be anywhere after the path, in any order.
    package let options: [Option]
    /// The form of its result.
    package let result: ResultShape
    /// What it does to the daemon.
    package let effect: Effect
    /// Whether it only reads when it is given no argument.
    package let isReadWithoutArguments: Bool
    /// Whether it is written to the journal though it only reads.
    package let isJournalled: Bool
    /// The file that it transfers, if any: bytes, besides the rows.
    package let file: File?
    /// The least role that may use it.
    package let role: Role
    /// What it is about, which decides whether callers who see only some hosts may use it.
    package let reach: Reach
    /// How it is used, at least once.
    package let examples: [Example]

    /// What a command does to the daemon.
    package enum Effect: String, CaseIterable, Hashable, Sendable {
        /// Nothing. Every other effect is written to the journal.
        case read
        /// It changes something that can be changed back.
        case change
        /// It removes what cannot be restored, and therefore asks first. It has the option `--yes`.
        case destroy
    }

    /// The direction of a command's file.
    package enum File: Hashable, Sendable {
        /// The daemon sends it; `--output` of the client names where it is written.
        case output
        /// The client sends it; `--input` of the client names where it is read.
        case input
    }

    /// What a command is about.
    package enum Reach: String, CaseIterable, Hashable, Sendable {
        /// Neither hosts nor what the daemon does for them: every user with a role may use it.
        case anyone
        /// Hosts: a caller who sees only some may use it on those, and learns nothing about others.
        case hosts
        /// The daemon as a whole: only callers who see all hosts may use it.
        case daemon
    }

    /// One use of a command.
    package struct Example: Hashable, Sendable {
        /// The command as it is typed into the shell.
        package let line: String
        /// What it does, in one sentence without a full stop.
        package let summary: String

        package init(_ line: String, _ summary: String) {
            self.line = line
            self.summary = summary
        }
    }

    /// - Parameter asks: Whether the command may ask for confirmation, as every destructive one does; it then has the
    ///   option `--yes`.
    package init(
        _ path: String, _ summary: String, discussion: String = "", arguments: [Argument] = [],
        options: [Option] = [], result: ResultShape = .nothing, effect: Effect = .read,
        isReadWithoutArguments: Bool = false, isJournalled: Bool = false, file: File? = nil, role: Role = .viewer,
        reach: Reach = .hosts, asks: Bool = false, examples: [Example]
    ) {
        self.path = path.split(separator: " ").map(String.init)
        self.summary = summary
        self.discussion = discussion
        self.arguments = arguments
        self.options = options + (asks || effect == .destroy ? [Option.yes] : [])
        self.result = result
        self.effect = effect
        self.isReadWithoutArguments = isReadWithoutArguments
        self.isJournalled = isJournalled
        self.file = file
        self.role = role
        self.reach = reach
        self.examples = examples
    }

    /// The path in one line, such as `invite create account`.
    package var name: String { path.joined(separator: " ") }

    /// The option that a word such as `--kind` names.
    package func option(_ name: String) -> Option? { options.first { $0.name == name } }
}

extension CommandSpec {
    /// A value after the path.
    package struct Argument: Hashable, Sendable {
        /// What handlers and help call it, such as `host`; help shows it in capitals.
        package let name: String
        package let kind: ValueKind
        package let summary: String
        package let isOptional: Bool
        /// Whether more than one may be given. Only the last argument may repeat.
        package let isRepeating: Bool
        /// Whether neither the journal nor a history is to have it.
        package let isSecret: Bool

        package init(
            _ name: String, _ kind: ValueKind, _ summary: String, isOptional: Bool = false, isRepeating: Bool = false,
            isSecret: Bool = false
        ) {
            self.name = name
            self.kind = kind
            self.summary = summary
            self.isOptional = isOptional
            self.isRepeating = isRepeating
            self.isSecret = isSecret
        }
    }

    /// A `--name`, with a value or without.
    package struct Option: Hashable, Sendable {
        /// The name without the two hyphens.
        package let name: String
        /// What its value is; `nil` for a flag, which has none.
        package let kind: ValueKind?
        package let summary: String
        /// Whether its use is written to the journal even where the command is not, since it shows secrets.
        package let isJournalled: Bool
        /// The least role that may use it, where that is more than the command asks for.
        package let role: Role?

        package init(
            _ name: String, _ kind: ValueKind? = nil, _ summary: String, isJournalled: Bool = false, role: Role? = nil
        ) {
            self.name = name
            self.kind = kind
            self.summary = summary
            self.isJournalled = isJournalled
            self.role = role
        }

        /// Answers the question before it is asked.
        package static let yes = Option("yes", nil, "Do it without asking")
    }
}
