import Access
import Configuration
import Control
import Logging
import Runtime
import Shell
import Supervision
import TestSupport

/// A desk with all commands as a running daemon has them, and a real journal. There is no connection.
struct FullDesk {
    static let version = "1.2.3"

    let desk: Desk
    let dispatcher: Dispatcher
    let completer: Completer
    let log: LogHub

    static func with(
        _ files: [String: String], daemon: String = "", _ body: (FullDesk) async throws -> Void
    ) async throws {
        var made: (Journal, LogHub)?
        try await Desk.with(files, daemon: daemon) { supervisor, handlers in
            let surroundings = supervisor.surroundings
            let journal = Journal(stateDirectory: supervisor.daemon.stateDirectory, dependencies: surroundings)
            await journal.open()
            await supervisor.followConfiguration { event in
                guard event.cause != .command else { return }
                Task { await journal.record(event) }
            }
            let log = LogHub(level: .info, now: surroundings.now, sleep: surroundings.sleep)
            handlers = .standard(supervisor, journal: journal, log: log, version: version)
            made = (journal, log)
        } _: { desk in
            guard let (journal, log) = made else { return }
            let values = SupervisorValues(desk.supervisor)
            try await body(
                FullDesk(
                    desk: desk, dispatcher: desk.dispatcher(recorder: journal, hosts: values),
                    completer: Completer(live: values), log: log))
        }
    }

    func run(
        _ line: String, as caller: Caller = .someone(.admin), output: any CommandOutput = RecordingOutput()
    ) async throws -> ServerMessage.End {
        await dispatcher.run(try Words(line).words, caller: caller, output: output)
    }
}
