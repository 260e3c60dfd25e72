import Control
import Glibc
import Logging
import ServiceLifecycle
import Supervision

/// Serves the operators' shell on the control socket. Without the socket, invitations are served all the same.
struct ControlService: Service {
    private let server: ControlServer
    private let socket: ControlSocket?
    private let logger: Logger

    /// Takes the socket that the service manager hands over, or binds one at the path.
    init(_ supervisor: Supervisor, socket path: String, logger: Logger) {
        self.logger = logger
        let hosts = SupervisorDirectory(supervisor)
        let dispatcher = Dispatcher(
            .standard(supervisor, version: Version.current), hosts: hosts, recorder: LoggedChanges(logger),
            logger: logger)
        server = ControlServer(
            dispatcher, completer: Completer(live: DirectoryValues(hosts)), version: Version.current,
            policy: AccessPolicy(daemon: geteuid()), logger: logger)
        do throws(ControlSocket.Failure) {
            let handedOver = try ControlSocket.handedOver()
            if let handedOver { socket = handedOver } else { socket = try ControlSocket(binding: path) }
        } catch {
            logger.error("no control socket", metadata: ["reason": "\(error)"])
            socket = nil
        }
    }

    func run() async throws {
        var isServing = false
        if let socket {
            do {
                try await server.start(on: socket.descriptor)
                isServing = true
            } catch {
                logger.error("no control socket", metadata: ["reason": "\(error)"])
            }
        }
        try? await gracefulShutdown()
        // Before the last sessions end: whoever comes now is to be told that nobody is there.
        socket?.remove()
        if isServing { await server.shutDown() }
    }
}
