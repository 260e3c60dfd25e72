import Glibc
import Shell
import Text

/// Runs commands on the daemon, one after the other.
final class Client {
    private let path: String
    private let screen: Screen
    private var connection: Connection?
    private var lastID: Int64 = 0
    /// What the daemon has said of itself last.
    private(set) var hello: ServerMessage.Hello?
    /// Whether a new connection replaced one that the daemon had closed, which is not reported yet.
    private var isConnectedAgain = false

    /// How long the daemon has for its hello.
    private static let timeout = Duration.seconds(10)

    init(_ path: String, _ screen: Screen) {
        self.path = path
        self.screen = screen
    }

    /// How a command ended.
    struct Ending {
        let code: ResultCode
        /// Whether Ctrl-C was pressed while it ran.
        let isInterrupted: Bool

        /// What the process exits with, as a shell has it for Ctrl-C.
        var exitStatus: Int32 { isInterrupted && code == .cancelled ? 130 : code.exitStatus.rawValue }
    }

    /// Connects where there is no connection, or one that the daemon has closed.
    func connect(within time: Duration? = nil) throws(CommandFailure) {
        if let connection, !connection.isClosed { return }
        connection = nil
        let new = try Connection(path, screen.signals, within: time ?? Self.timeout)
        isConnectedAgain = hello != nil
        connection = new
        hello = new.hello
    }

    /// Runs one command, and shows all that it answers.
    func run(
        _ argv: [String], isJSON: Bool, prefix: String, mayAsk: Bool = true,
        paths: CommandFiles.Paths = CommandFiles.Paths()
    ) -> Ending {
        let spec = CommandRegistry.standard.match(argv)?.spec
        // Rows and a file are not written to the same place.
        let shown = spec?.file == .output && paths.output == nil ? screen.onErrors : screen
        let presentation: any Presentation =
            isJSON ? JSONPresentation(shown) : TextPresentation(shown, spec, prefix: prefix)
        var progress = Progress(isInteractive: mayAsk && screen.terminal.isInteractive)
        let questions = Questions(screen)
        do {
            let files = try CommandFiles(spec, paths, screen)
            try connect()
            if isConnectedAgain, let hello {
                screen.errors.line("(connected again, to invited \(hello.version.escapingControls))")
                screen.errors.flush()
                isConnectedAgain = false
            }
            let (end, line) = try run(argv, with: files, showing: presentation, asking: questions, state: &progress)
            if end.code == .ok { try files.finish(sent: progress.sent) }
            // The reader of the output wanted no more and closed it, which is no failure.
            let isUnread = progress.isCancelled && !progress.isInterrupted && screen.output.error == EPIPE
            if end.code == .cancelled, progress.isInterrupted || isUnread {
                presentation.interrupted(end, line: line)
            } else {
                presentation.end(end, line: line)
            }
            questions.finish(isDone: end.code == .ok)
            let code = isUnread && end.code == .cancelled ? .ok : end.code
            return Ending(code: code, isInterrupted: progress.isInterrupted)
        } catch {
            connection = nil
            if !progress.isSent, !isJSON, let help = Self.help(argv, screen.terminal.width) {
                presentation.show(.text(id: 0, help), line: [])
                presentation.end(.init(.ok, hint: "these are the commands of this client: \(error.message)"), line: nil)
                return Ending(code: .ok, isInterrupted: false)
            }
            var hint = error.hint
            if progress.isSent, error.code == .unreachable, spec?.effect != .read {
                hint = "nobody knows whether the command was done; `journal` tells"
            }
            presentation.end(.init(error.code, error.message, hint: hint), line: nil)
            questions.finish(isDone: false)
            return Ending(code: error.code, isInterrupted: progress.isInterrupted)
        }
    }

    /// What `help` says of the commands that this client knows, for when there is no daemon to ask; `nil` for any other
    /// command.
    private static func help(_ argv: [String], _ width: Int) -> String? {
        guard argv.first == "help", let invocation = try? CommandParser(.standard).parse(argv) else { return nil }
        return try? HelpText(.standard, width: width, role: .admin).text(for: invocation.texts("command"))
    }

    /// What a word may become.
    struct Candidates {
        var values: [CompletionCandidate]
        /// Whether there are more than these.
        var isCut = false
    }

    /// What the last of the words may become, by what the daemon knows; `nil` when it does not say so in time.
    func complete(_ words: [String], within time: Duration) -> Candidates? {
        let deadline = ContinuousClock.now + time
        lastID += 1
        let id = lastID
        var candidates: [CompletionCandidate] = []
        do {
            try connect(within: time)
            guard let connection else { return nil }
            try connection.send(.complete(id: id, words: words))
            while true {
                switch try connection.next(until: deadline) {
                case .message(.row(id, let row), _):
                    guard let value = row["value"]?.text else { continue }
                    candidates.append(.init(value, row["summary"]?.text ?? ""))
                    if candidates.count > 100_000 { return Candidates(values: candidates, isCut: true) }
                case .message(.end(id, let end), _):
                    // It has something to say only where there is more.
                    return end.code == .ok ? Candidates(values: candidates, isCut: !end.message.isEmpty) : nil
                case .signal(.terminate(let number)): exit(128 + number)
                case .signal(.interrupt), .tooLate:
                    try connection.send(.cancel(id: id))
                    return nil
                case .message, .signal: continue
                }
            }
        } catch {
            connection = nil
            return nil
        }
    }

    // MARK: Running

    /// What a command that runs has been through.
    private struct Progress {
        let isInteractive: Bool
        var isSent = false
        var isInterrupted = false
        var isCancelled = false
        /// How many bytes of a file the daemon has sent, by what it says.
        var sent: Int?
    }

    private func run(
        _ argv: [String], with files: CommandFiles, showing presentation: any Presentation, asking questions: Questions,
        state: inout Progress
    ) throws(CommandFailure) -> (ServerMessage.End, ArraySlice<UInt8>) {
        guard let connection else { throw CommandFailure(.unreachable, "there is no connection") }
        lastID += 1
        let id = lastID
        try connection.send(
            .run(id: id, argv: argv, width: screen.terminal.width, isInteractive: state.isInteractive))
        state.isSent = true
        while true {
            if !connection.hasInput { presentation.idle() }
            switch try connection.next() {
            case .message(.end(id, let end), let line): return (end, line)
            case .message(.data(id, let bytes), _): try files.output?.write(bytes)
            // It was on its way when the command was cancelled; its end follows.
            case .message(.ask(id, _), _) where state.isCancelled: continue
            case .message(.ask(id, .data(let most)), _):
                switch files.input?.next(most) {
                case .bytes(let bytes)?: try connection.send(.answer(id: id, text: bytes.base64))
                case .failed(let failure)?: throw failure
                case .interrupted?:
                    state.isInterrupted = true
                    try cancel(id, &state)
                case nil: try connection.send(.answer(id: id, text: nil))
                }
            case .message(.ask(id, let question), _):
                presentation.flush()
                var text: String?
                switch state.isInteractive ? questions.ask(question) : .nothing {
                case .text(let answer): text = answer
                case .nothing: break
                case .interrupted:
                    state.isInterrupted = true
                    try cancel(id, &state)
                }
                try connection.send(.answer(id: id, text: text))
            case .message(let message, let line):
                guard message.id == id else { continue }
                if case .row(_, let row) = message { state.sent = row["bytes"]?.integer.map(Int.init) }
                presentation.show(message, line: line)
                // A stream of events without a reader ends; a command that changes something continues.
                if case .event = message, screen.output.isBroken { try cancel(id, &state) }
            case .signal(.interrupt):
                if state.isInterrupted {
                    throw CommandFailure(
                        .cancelled, "the daemon was told to end the command, and it was not waited for")
                }
                state.isInterrupted = true
                try cancel(id, &state)
            case .signal(.terminate(let number)):
                screen.output.flush()
                exit(128 + number)
            case .signal, .tooLate: continue
            }
        }
    }

    private func cancel(_ id: Int64, _ state: inout Progress) throws(CommandFailure) {
        guard !state.isCancelled else { return }
        state.isCancelled = true
        try connection?.send(.cancel(id: id))
    }
}

extension ServerMessage {
    /// The request that it answers; `nil` for the hello.
    fileprivate var id: Int64? {
        switch self {
        case .hello: nil
        case .row(let id, _), .text(let id, _), .progress(let id, _), .event(let id, _), .data(let id, _),
            .ask(let id, _), .end(let id, _):
            id
        }
    }
}
