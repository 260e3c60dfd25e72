import Access
import Glibc
import NIOCore
import Runtime
import Shell
import Supervision
import Synchronization
import TestSupport

@testable import Control

/// A control server on a socket of its own, in front of all commands.
struct ControlServerFixture {
    let fixture: CommandFixture
    let server: ControlServer
    let path: String

    /// Runs a body with a server whose commands do what the test says.
    static func with(
        limits: ControlServer.Limits = .init(stall: .hours(1), grace: .hours(1)),
        policy: AccessPolicy = AccessPolicy(daemon: geteuid()),
        install: @escaping (inout CommandHandlers) -> Void = { _ in },
        _ body: (ControlServerFixture) async throws -> Void
    ) async throws {
        try await CommandFixture.with(["a.example": "{}", "b.example": "{}"]) { _, handlers in
            GeneralHandlers(version: "1.2.3").register(in: &handlers)
            install(&handlers)
        } _: { fixture in
            let path = "\(fixture.directory.path)/control.sock"
            let socket = try ControlSocket(binding: path)
            let server = ControlServer(
                SessionServices(
                    dispatcher: fixture.dispatcher,
                    completer: Completer(live: DaemonValues(fixture.daemon)),
                    registry: .standard, version: "1.2.3"),
                policy: policy, limits: limits, logger: fixture.controlled.dependencies.logger)
            try await server.start(on: socket.descriptor)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(ControlServerFixture(fixture: fixture, server: server, path: path)))
            } catch {
                result = .failure(error)
            }
            socket.remove()
            // Not cancelled with the test.
            await Task { await server.shutDown() }.value
            try result.get()
        }
    }

    func connect(reads: Bool = true) async throws -> ControlPeer {
        let peer = try await ControlPeer.connect(path, reads: reads)
        if reads { _ = try await peer.hello() }
        return peer
    }
}
