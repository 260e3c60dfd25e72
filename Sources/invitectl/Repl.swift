import Glibc
import Shell
import Text

/// Commands typed at a terminal, one after the other.
struct Repl {
    let client: Client
    let screen: Screen

    /// How long Tab waits for the daemon.
    private static let timeout = Duration.seconds(1)

    /// - Returns: The exit status.
    func run() -> Int32 {
        do {
            try client.connect()
        } catch {
            return Failure.show(error, on: screen)
        }
        guard let hello = client.hello else { return ExitStatus.failed.rawValue }
        greet(hello)
        let file = HistoryFile()
        let completion = TabCompletion(screen: screen, candidates: candidates)
        let editor = LineEditor(
            prompt: prompt(hello), history: file?.load() ?? [], screen.signals, complete: completion.complete)
        guard let editor else {
            return Failure.show(CommandFailure(.internal, "the terminal cannot be used"), on: screen)
        }
        while true {
            switch editor.read() {
            case .end:
                screen.output.line("")
                screen.output.flush()
                return ExitStatus.done.rawValue
            case .interrupted:
                screen.output.line("^C")
                screen.output.flush()
            case .text(let line):
                if line.contains(where: { $0 != " " && $0 != "\t" }), !line.hasPrefix(" "), line.isPrintable,
                    !CommandRegistry.standard.mayHoldSecret((try? Words(line).words) ?? [line])
                {
                    editor.remember(line)
                    file?.append(line)
                }
                guard perform(line) else { return ExitStatus.done.rawValue }
            }
        }
    }

    /// - Returns: Whether there is to be another line.
    private func perform(_ line: String) -> Bool {
        do throws(CommandFailure) {
            switch try TypedLine(line) {
            case .empty: break
            case .end: return false
            case .command(let argv, let isJSON, let paths):
                _ = client.run(argv, isJSON: isJSON, prefix: Failure.prefix(inRepl: true), paths: paths)
            }
        } catch {
            Failure.show(error, on: screen, prefix: Failure.prefix(inRepl: true))
        }
        return true
    }

    private func candidates(_ words: [String]) -> Client.Candidates {
        var found =
            client.complete(words, within: Self.timeout)
            ?? Client.Candidates(values: StaticCompletion(.standard).candidates(for: words))
        if words.count == 1, !words[0].isEmpty, "quit".hasPrefix(words[0]) {
            found.values.append(.init("quit", "End the shell"))
        }
        return found
    }

    private func greet(_ hello: ServerMessage.Hello) {
        let hosts = hello.hosts.map { $0.isEmpty ? "no hosts" : $0.joined(separator: ", ") } ?? "all hosts"
        let line = "invited \(hello.version): you are \(hello.user), \(hello.role.rawValue) of \(hosts)."
        screen.output.line(line.escapingControls)
        if hello.registry != CommandRegistry.standard.hash {
            screen.output.line("The daemon has other commands than this client knows; `help` shows the daemon's.")
        }
        screen.output.line("Tab completes, `help` shows the commands, Ctrl-D ends.")
        screen.output.flush()
    }

    private func prompt(_ hello: ServerMessage.Hello) -> String {
        // The prompt shows a role that cannot do everything.
        let text = hello.role == .admin ? "invited>" : "invited(\(hello.role.rawValue))>"
        guard screen.terminal.isColored else { return text + " " }
        let mark = LineEditor.marker
        // libedit loses what takes no column at the very end, hence the space after it.
        return "\(mark)\u{1B}[1m\(mark)\(text)\(mark)\u{1B}[0m\(mark) "
    }
}

/// Failures without a reply to a command.
enum Failure {
    static func prefix(inRepl: Bool) -> String { inRepl ? "error: " : "invitectl: " }

    /// - Returns: The exit status.
    @discardableResult
    static func show(
        _ failure: CommandFailure, on screen: Screen, prefix: String = prefix(inRepl: false), isJSON: Bool = false
    ) -> Int32 {
        let presentation: any Presentation =
            isJSON ? JSONPresentation(screen) : TextPresentation(screen, nil, prefix: prefix)
        presentation.end(.init(failure), line: nil)
        return failure.code == .cancelled ? 130 : failure.code.exitStatus.rawValue
    }
}
