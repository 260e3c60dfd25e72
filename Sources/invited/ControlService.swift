import Access
import Configuration
import Control
import Daemon
import Glibc
import Logging
import Reconfiguration
import Runtime
import ServiceLifecycle
import Shell
import Supervision

/// Serves the operators' shell on the control socket. Without the socket, invitations are served all the same.
struct ControlService: Service {
    private let daemon: Daemon
    private let server: ControlServer
    private let journal: Journal
    private let socket: ControlSocket?
    private let logger: Logger

    /// Takes the socket that the service manager passes, or binds the one of the configuration.
    ///
    /// - Parameter connections: How many connections may be open.
    init(_ daemon: Daemon, sockets: HandedOverSockets, connections: Int, log: LogHub, logger: Logger) {
        self.daemon = daemon
        let settings = daemon.settings
        self.logger = logger
        journal = Journal(stateDirectory: settings.stateDirectory, dependencies: daemon.dependencies)
        let values = DaemonValues(daemon)
        let dispatcher = Dispatcher(
            .standard(daemon, journal: journal, log: log, version: Version.current), hosts: values,
            recorder: journal, logger: logger)
        server = ControlServer(
            dispatcher, completer: Completer(live: values), version: Version.current,
            policy: AccessPolicy(settings.shell, daemon: geteuid()), connections: connections, logger: logger,
            ranOutOfFiles: daemon.dependencies.recordFileShortage)
        do throws(ControlSocket.Failure) {
            let handedOver = try ControlSocket.handedOver(sockets)
            if let handedOver {
                socket = handedOver
            } else {
                socket = try ControlSocket(binding: settings.controlSocket)
            }
        } catch {
            logger.error("no control socket", metadata: ["reason": "\(error)"])
            socket = nil
        }
    }

    func run() async throws {
        await journal.open()
        // In the order of the events, without making their source wait for the disk.
        let events = Feed<ConfigurationEvent>(capacity: 256)
        await daemon.configuration.followConfiguration { event in
            // A command's own entry is there already.
            if event.cause != .command { events.push(event) }
        }
        async let recording: Void = record(events)
        // Sessions whose roles have changed are ended, and may connect again.
        await daemon.configuration.followRoles { [server] in server.update(AccessPolicy($0, daemon: geteuid())) }
        var isServing = false
        if let socket {
            do {
                try await server.start(on: socket.descriptor)
                isServing = true
            } catch {
                logger.error("no control socket", metadata: ["reason": "\(error)"])
                // A client is to get the error that there is no listener.
                socket.remove()
            }
        }
        try? await gracefulShutdown()
        if isServing {
            // Before the last sessions end, for the same reason.
            socket?.remove()
            await server.shutDown()
        }
        events.finish()
        await recording
    }

    private func record(_ events: Feed<ConfigurationEvent>) async {
        while let batch = await events.next() {
            if batch.dropped > 0 {
                logger.error("the journal lacks changes", metadata: ["count": "\(batch.dropped)"])
            }
            for event in batch.elements { await journal.record(event) }
        }
    }
}
