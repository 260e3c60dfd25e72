import Access
import Configuration
import Control
import Daemon
import Logging
import Reconfiguration
import Runtime
import Shell
import Supervision
import TestSupport

/// A fixture with all commands as a running daemon has them, and a real journal. There is no connection.
struct AllCommandsFixture {
    static let version = "1.2.3"

    let fixture: CommandFixture
    let dispatcher: Dispatcher
    let completer: Completer
    let log: LogHub

    static func with(
        _ files: [String: String], daemon: String = "", _ body: (AllCommandsFixture) async throws -> Void
    ) async throws {
        var made: (Journal, LogHub)?
        try await CommandFixture.with(files, daemon: daemon) { daemon, handlers in
            let dependencies = daemon.dependencies
            let journal = Journal(stateDirectory: daemon.settings.stateDirectory, dependencies: dependencies)
            await journal.open()
            await daemon.configuration.followConfiguration { event in
                guard event.cause != .command else { return }
                Task { await journal.record(event) }
            }
            let log = LogHub(level: .info, now: dependencies.now, sleep: dependencies.sleep)
            handlers = .standard(daemon, journal: journal, log: log, version: version)
            made = (journal, log)
        } _: { fixture in
            guard let (journal, log) = made else { return }
            let values = DaemonValues(fixture.daemon)
            try await body(
                AllCommandsFixture(
                    fixture: fixture, dispatcher: fixture.dispatcher(recorder: journal, hosts: values),
                    completer: Completer(live: values), log: log))
        }
    }

    func run(
        _ line: String, as caller: Caller = .someone(.admin), output: any CommandOutput = RecordingOutput()
    ) async throws -> ServerMessage.End {
        await dispatcher.run(try Words(line).words, caller: caller, output: output)
    }
}
