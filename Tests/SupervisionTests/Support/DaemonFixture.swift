import Configuration
import NIOPosix
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision
@testable import XMPP

/// A daemon with its files, without a server.
struct DaemonFixture {
    let controlled: ControlledDependencies
    let directory: TemporaryDirectory
    let daemon: Daemon
    let wire: Wire
    let router: Router

    /// Runs a body with a daemon of these hosts, each with the text of its file.
    static func with(
        _ files: [String: String], daemon: String = "", prepare: (TemporaryDirectory) async throws -> Void = { _ in },
        _ body: (DaemonFixture) async throws -> Void
    ) async throws {
        try await run(try await DaemonFixture(files, daemon, prepare), body)
    }

    private static func run(_ fixture: DaemonFixture, _ body: (DaemonFixture) async throws -> Void) async throws {
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(fixture))
        } catch {
            result = .failure(error)
        }
        let ending = Task { await fixture.daemon.shutDown(within: .seconds(1)) }
        await ending.value
        await fixture.wire.close()
        try result.get()
    }

    private init(
        _ files: [String: String], _ settings: String, _ prepare: (TemporaryDirectory) async throws -> Void
    ) async throws {
        controlled = ControlledDependencies()
        directory = try TemporaryDirectory()
        try directory.makeDirectory("config.d")
        for (host, text) in files { try directory.write(text, to: "config.d/\(host).yaml") }
        try Self.writeDaemonFile(in: directory, more: settings)
        try await prepare(directory)
        (daemon, wire, router) = try await Self.start(in: directory, controlled)
    }

    /// Takes up a directory that another daemon has left.
    private init(_ other: DaemonFixture) async throws {
        controlled = ControlledDependencies()
        directory = other.directory
        (daemon, wire, router) = try await Self.start(in: directory, controlled)
    }

    /// Ends this one, and runs a body with the next one in the same directory.
    func restarted(_ body: (DaemonFixture) async throws -> Void) async throws {
        let ending = Task { await daemon.shutDown(within: .seconds(1)) }
        await ending.value
        try await Self.run(try await DaemonFixture(self), body)
    }

    private static func start(
        in directory: TemporaryDirectory, _ controlled: ControlledDependencies
    ) async throws -> (Daemon, Wire, Router) {
        var loader = ConfigurationLoader(file: "\(directory.path)/invited.yaml", credentialsDirectory: nil)
        let loaded = loader.load()
        let daemon = try Daemon(
            loader, loaded: loaded, settings: try #require(loaded.daemon, "\(loaded.diagnostics)"),
            maximumOpenDatabases: 8, dependencies: controlled.dependencies,
            statusChanged: { _ in })
        let wire = try await Wire(daemon.component.connection.outlet)
        return (daemon, wire, try #require(daemon.component.connection.receiver as? Router))
    }

    /// No process listens on the port: it is reserved (RFC 6335 §6).
    static func writeDaemonFile(in directory: TemporaryDirectory, more: String = "") throws {
        try directory.write(
            """
            component: {jid: invites.host.example, secret: hunter2, server: "127.0.0.1:1"}
            state_directory: state
            \(more)
            """, to: "invited.yaml")
    }

    func write(_ text: String, host: String) throws { try directory.write(text, to: "config.d/\(host).yaml") }
    func remove(_ host: String) throws { try directory.remove("config.d/\(host).yaml") }
    func endpoint(_ host: String) -> HostEndpoint? { router.currentTable.hosts[host]?.endpoint }

    /// Sends a request, and waits for its answer.
    func answer(to request: IQ) async throws -> IQ {
        router.receive([.iq(request)])
        return try await wire.answer(to: request.id)
    }

    /// Requests an invite of a contact, by default at the shared address.
    func invite(by asker: JID, at address: JID = component, id: String = "r") async throws -> IQ {
        try await answer(to: set(command(Namespaces.inviteCommand), from: asker, to: address, id: id))
    }
}
