import CLibEdit
import Glibc
import Shell

/// The shell's client.
@main
struct InviteControl {
    static func main() {
        // libedit takes the terminal's characters for what the locale says they are.
        setlocale(LC_ALL, "")
        if String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
        openClosed()
        let screen = Screen(Signals())
        var status = run(Array(CommandLine.arguments.dropFirst()), screen)
        screen.output.flush()
        screen.errors.flush()
        if screen.output.isBroken, screen.output.error != EPIPE {
            screen.errors.line("invitectl: standard output: \(String(cString: strerror(screen.output.error)))")
            screen.errors.flush()
            if status == 0 { status = ExitStatus.failed.rawValue }
        }
        if screen.output.isCut, status == 0 { status = 130 }
        exit(status)
    }

    /// Opens what of standard input, output and error was closed: the next file to be opened would pass for it.
    private static func openClosed() {
        // Nothing is to be read, and what is written to the output fails as it does where that is closed.
        for (descriptor, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", mode) }
    }

    private static func run(_ words: [String], _ screen: Screen) -> Int32 {
        let line: ClientCommandLine
        do {
            line = try ClientCommandLine(words)
        } catch {
            return Failure.show(error, on: screen, isJSON: words.contains("--json"))
        }
        var socket = line.socket
        if case .complete(let words) = line.mode { socket = ShellCompletion.socket(in: words) ?? socket }
        let path = socket ?? Environment["INVITED_SOCKET"] ?? ClientCommandLine.defaultSocket
        let client = Client(path, screen)
        switch line.mode {
        case .help:
            screen.output.write(Help.text)
            return 0
        case .version:
            screen.output.line("invitectl \(Version.current)")
            return 0
        case .complete(let words):
            ShellCompletion(client: client, screen: screen).run(words)
            return 0
        case .script:
            return Script(client: client, screen: screen, isJSON: line.isJSON, keepsGoing: line.keepsGoing).run()
        case .command(let argv):
            return client.run(
                argv, isJSON: line.isJSON, prefix: Failure.prefix(inRepl: false), paths: line.paths
            ).exitStatus
        case .repl:
            guard screen.terminal.isInteractive else {
                let failure = CommandFailure(
                    .needsTerminal, "there is no command, and no terminal to type one at",
                    hint: "`invitectl -` reads commands from standard input; try `invitectl --help`")
                return Failure.show(failure, on: screen, isJSON: line.isJSON)
            }
            return Repl(client: client, screen: screen).run()
        }
    }
}

/// What this build calls itself.
enum Version {
    static let current = "0.1.0"
}
