/// The command line of `invitectl`: its own options, and the command.
///
/// Its own options may be anywhere before `--`; all else, options included, is the command's, and is sent to the daemon
/// unchanged. No command has an option of the same name.
package struct ClientCommandLine: Hashable, Sendable {
    /// What to do.
    package var mode: Mode
    /// The socket that was named, if one was.
    package var socket: String?
    /// Where the file of a command is written to, or read from; `nil` for standard output and input.
    package var output: String?
    package var input: String?
    /// Whether answers are shown as JSON, one object a line.
    package var isJSON = false
    /// Whether a script continues after a command that failed.
    package var keepsGoing = false

    package enum Mode: Hashable, Sendable {
        /// Lines are typed at a terminal.
        case repl
        /// One command, as it was given.
        case command([String])
        /// Lines are read from standard input.
        case script
        /// The words of a shell's command line, of which the last is to be completed.
        case complete([String])
        case help
        case version
    }

    /// The client's own options, in the order of its help.
    package static let options: [CommandSpec.Option] = [
        .init("socket", .text, "The daemon's socket; else $INVITED_SOCKET, else \(defaultSocket)"),
        .init("output", .text, "With `host backup`: where to write the file"),
        .init("input", .text, "With `host restore`: where to read the file"),
        .init("json", nil, "Show answers as JSON, one object a line"),
        .init("keep-going", nil, "With -: go on after a command that failed"),
        .init("complete", nil, "Show what the last of the words after -- may become, for shells"),
        .init("version", nil, "Show the version of this client"),
        .init("help", nil, "Show this, or with a command, how that is used"),
    ]

    package static let defaultSocket = "/run/invited/control.sock"

    /// - Parameter words: The arguments without the program's name.
    /// - Throws: ``CommandFailure`` with one of the `usage` codes.
    package init(_ words: [String]) throws(CommandFailure) {
        var rest: [String] = []
        var flags: Set<String> = []
        var scanner = OptionScanner(words, options: Self.options)
        while let token = scanner.next() {
            switch token {
            case .argument("-h"): flags.insert("help")
            case .argument(let word), .unknownOption(let word): rest.append(word)
            case .option(let option, let value) where option.kind != nil:
                guard let value, !value.isEmpty else { throw Self.bad("--\(option.name) wants a path") }
                switch option.name {
                case "output": output = value
                case "input": input = value
                default: socket = value
                }
            case .option(let option, let value):
                guard value == nil else { throw Self.bad("--\(option.name) takes no value") }
                flags.insert(option.name)
            case .endOfOptions:
                // What follows it is the command's, and so is `--` itself unless it only separates the two.
                rest = flags.contains("complete") ? Array(scanner.rest) : rest + ["--"] + scanner.rest
                while scanner.next() != nil {}
            }
        }
        isJSON = flags.contains("json")
        keepsGoing = flags.contains("keep-going")
        if flags.contains("complete") {
            mode = .complete(rest)
        } else if flags.contains("help") {
            mode = rest.isEmpty ? .help : .command(["help"] + rest.prefix { !$0.hasPrefix("-") })
        } else if flags.contains("version"), rest.isEmpty {
            mode = .version
        } else if rest == ["-"] {
            mode = .script
        } else {
            mode = rest.isEmpty || rest == ["--"] ? .repl : .command(rest)
        }
        try Self.check(mode, output: output, input: input)
        if flags.contains("version"), mode != .version, mode != .help { throw Self.bad("--version stands alone") }
        if keepsGoing, mode != .script { throw Self.bad("--keep-going is for scripts, which `-` reads") }
    }

    /// Each is for the commands that have such a file.
    private static func check(_ mode: Mode, output: String?, input: String?) throws(CommandFailure) {
        var file: CommandSpec.File?
        if case .command(let argv) = mode { file = CommandRegistry.standard.match(argv)?.spec.file }
        if output != nil, file != .output { throw bad("--output is for `host backup`") }
        if input != nil, file != .input { throw bad("--input is for `host restore`") }
    }

    private static func bad(_ message: String) -> CommandFailure {
        CommandFailure(.badArgument, message, hint: "try `invitectl --help`")
    }

    /// The words of a command line that are the command's, for completion; `nil` where the last word is the value of an
    /// option of the client.
    package static func commandWords(of words: [String]) -> [String]? {
        guard let last = words.last else { return [""] }
        var rest: [String] = []
        for token in OptionScanner(words.dropLast(), options: options) {
            switch token {
            case .argument(let word), .unknownOption(let word): rest.append(word)
            case .option(let option, let value): if option.kind != nil, value == nil { return nil }
            case .endOfOptions: rest.append("--")
            }
        }
        return rest + [last]
    }
}
