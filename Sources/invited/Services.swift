import Daemon
import NIOCore
import Reconfiguration
import ServiceLifecycle
import Supervision
import UnixSignals

/// The daemon's work, from the first connection to the last answer.
struct DaemonService: Service {
    let daemon: Daemon
    let manager: ServiceManager

    /// How long each step of ending may take.
    private static let timeout = Duration.seconds(10)

    func run() async {
        await withGracefulShutdownHandler {
            await daemon.run()
            // The connection ends before the databases do.
            await daemon.waitUntilShutDown()
        } onGracefulShutdown: {
            manager.stopping()
            Task { await daemon.shutDown(within: Self.timeout) }
        }
    }
}

/// Reloads the configuration at SIGHUP.
struct ReloadService: Service {
    /// One element for each SIGHUP.
    let reloads: UnixSignalsSequence
    let daemon: Daemon
    let manager: ServiceManager
    let reporter: StatusReporter

    func run() async throws {
        for await _ in reloads.cancelOnGracefulShutdown() {
            // Not waited for: a directory that hangs must not prevent the daemon from ending. The configuration
            // preserves the order.
            Task {
                manager.reloading()
                reporter.reloaded(await daemon.configuration.reload())
            }
        }
    }
}

/// Sends the service manager's watchdog its keep-alive, which stops when the daemon hangs: it passes through the
/// connection's event loop, on which the hosts run, and through the configuration's owner.
struct WatchdogService: Service {
    let eventLoop: any EventLoop
    let daemon: Daemon
    let manager: ServiceManager

    func run() async throws {
        guard let interval = manager.watchdogInterval else {
            try await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval / 3)) != nil {
                try? await eventLoop.submit {}.get()
                _ = await daemon.configuration.overrideCounts(of: [])
                manager.isAlive()
            }
        }
    }
}
