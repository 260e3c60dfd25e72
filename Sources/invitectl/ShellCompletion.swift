import Shell
import Text

/// What the completion scripts of bash and zsh ask: a line for each candidate, its value, a tab, and what it is.
struct ShellCompletion {
    let client: Client
    let screen: Screen

    func run(_ words: [String]) {
        guard let last = words.last, let command = ClientCommandLine.commandWords(of: words) else { return }
        var found: [CompletionCandidate] = []
        if last.hasPrefix("-"), !command.dropLast().contains("--") {
            found = ClientCommandLine.options.map { .init("--\($0.name)", $0.summary) }
                .filter { $0.value.hasPrefix(last) && (command.count == 1 || $0.value == "--json") }
        }
        found +=
            client.complete(command, within: .seconds(1))?.values
            ?? StaticCompletion(.standard).candidates(for: command)
        for candidate in found where candidate.value.isPrintable {
            screen.output.line("\(candidate.value)\t\(candidate.summary.escapingControls)")
        }
        screen.output.flush()
    }

    /// The socket that the words name, if they do.
    static func socket(in words: [String]) -> String? {
        for case .option(let option, let value?) in OptionScanner(words.dropLast(), options: ClientCommandLine.options)
        where option.name == "socket" && !value.isEmpty { return value }
        return nil
    }
}
