import Access
import Glibc
import NIOCore
import Runtime
import Shell
import Supervision
import Synchronization
import TestSupport

@testable import Control

/// A control server on a socket of its own, in front of a desk.
struct ControlRoom {
    let desk: Desk
    let server: ControlServer
    let path: String

    /// Runs a body with a server whose commands do what the test says.
    static func with(
        limits: ControlServer.Limits = .init(stall: .hours(1), grace: .hours(1)),
        policy: AccessPolicy = AccessPolicy(daemon: geteuid()),
        install: @escaping (inout CommandHandlers) -> Void = { _ in }, _ body: (ControlRoom) async throws -> Void
    ) async throws {
        try await Desk.with(["a.example": "{}", "b.example": "{}"]) { _, handlers in
            GeneralHandlers(version: "1.2.3").register(in: &handlers)
            install(&handlers)
        } _: { desk in
            let path = "\(desk.directory.path)/control.sock"
            let socket = try ControlSocket(binding: path)
            let server = ControlServer(
                SessionServices(
                    dispatcher: desk.dispatcher,
                    completer: Completer(live: DaemonValues(desk.daemon)),
                    registry: .standard, version: "1.2.3"),
                policy: policy, limits: limits, logger: desk.world.surroundings.logger)
            try await server.start(on: socket.descriptor)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(ControlRoom(desk: desk, server: server, path: path)))
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
