import Access
import Configuration
import Control
import Daemon
import Runtime
import Shell
import Supervision
import Synchronization
import TestSupport
import Testing

/// A daemon with its files, without a server, and the shell's commands on top of it.
struct CommandFixture {
    let controlled: ControlledDependencies
    let directory: TemporaryDirectory
    let daemon: Daemon
    let dispatcher: Dispatcher
    let recorder: Recorder
    private let handlers: CommandHandlers
    private let names: Names

    /// Runs a body with these hosts, each with the text of its file.
    ///
    /// - Parameter install: Adds the handlers under test.
    static func with(
        _ files: [String: String], daemon: String = "",
        install: (Daemon, inout CommandHandlers) async throws -> Void, _ body: (CommandFixture) async throws -> Void
    ) async throws {
        let fixture = try await CommandFixture(files, daemon, install)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(fixture))
        } catch {
            result = .failure(error)
        }
        // Not cancelled with the test.
        await Task { await fixture.daemon.shutDown(within: .seconds(1)) }.value
        try result.get()
    }

    private init(
        _ files: [String: String], _ settings: String, _ install: (Daemon, inout CommandHandlers) async throws -> Void
    ) async throws {
        controlled = ControlledDependencies()
        directory = try TemporaryDirectory()
        try directory.makeDirectory("config.d")
        for (host, text) in files { try directory.write(text, to: "config.d/\(host).yaml") }
        // No process listens on the port: it is reserved (RFC 6335 §6).
        try directory.write(
            """
            component: {jid: invites.host.example, secret: hunter2, server: "127.0.0.1:1"}
            state_directory: state
            \(settings)
            """, to: "invited.yaml")
        var loader = ConfigurationLoader(file: "\(directory.path)/invited.yaml", credentialsDirectory: nil)
        let loaded = loader.load()
        daemon = try Daemon(
            loader, loaded: loaded, settings: try #require(loaded.daemon, "\(loaded.diagnostics)"),
            maximumOpenDatabases: 8, dependencies: controlled.dependencies, statusChanged: { _ in })
        var handlers = CommandHandlers()
        try await install(daemon, &handlers)
        recorder = Recorder()
        names = Names(names: files.keys.sorted())
        self.handlers = handlers
        dispatcher = Dispatcher(handlers, hosts: names, recorder: recorder, logger: controlled.dependencies.logger)
    }

    /// The same commands with another journal.
    ///
    /// - Parameter hosts: The hosts that there are; those of the beginning unless given.
    func dispatcher(recorder: any ChangeRecorder, hosts: (any HostDirectoryView)? = nil) -> Dispatcher {
        Dispatcher(handlers, hosts: hosts ?? names, recorder: recorder, logger: controlled.dependencies.logger)
    }

    /// Runs a command line as an admin who sees all hosts.
    func run(
        _ line: String, as caller: Caller = .someone(.admin), output: RecordingOutput = RecordingOutput()
    ) async throws -> ServerMessage.End {
        await dispatcher.run(try Words(line).words, caller: caller, output: output)
    }

    private struct Names: HostDirectoryView {
        let names: [String]

        func hasHost(_ host: String) -> Bool { names.contains(host) }
        var hostNames: [String] { names }
    }

    /// Replaces the journal.
    final class Recorder: ChangeRecorder {
        struct Entry: Hashable, Sendable {
            let line: String
            let hosts: [String]
            var code: ResultCode?
            var before: String?
            var after: String?
        }

        private let all = Mutex<[Entry]>([])
        var entries: [Entry] { all.withLock { $0 } }

        func begin(_ invocation: Invocation, caller: Caller, hosts: [String]) -> Int64 {
            all.withLock { all in
                all.append(Entry(line: invocation.line, hosts: hosts))
                return Int64(all.count - 1)
            }
        }

        func end(_ entry: Int64, code: ResultCode, outcome: Outcome?) {
            all.withLock { all in
                all[Int(entry)].code = code
                all[Int(entry)].before = outcome?.before
                all[Int(entry)].after = outcome?.after
            }
        }
    }
}

extension Caller {
    /// A caller with a role who sees these hosts, by default all.
    static func someone(_ role: Role, _ hosts: HostScope = .all) -> Caller {
        Caller(uid: 1000, pid: 1, user: "someone", role: role, hosts: hosts)
    }
}
