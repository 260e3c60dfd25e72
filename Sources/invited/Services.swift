import NIOCore
import ServiceLifecycle
import Supervision
import UnixSignals

/// The daemon's work, from the first connection to the last answer.
struct DaemonService: Service {
    let supervisor: Supervisor
    let manager: ServiceManager

    /// How long each step of ending may take.
    private static let timeout = Duration.seconds(10)

    func run() async {
        await withGracefulShutdownHandler {
            await supervisor.run()
            // The connection ends before the databases do.
            await supervisor.waitUntilShutDown()
        } onGracefulShutdown: {
            manager.stopping()
            Task { await supervisor.shutDown(within: Self.timeout) }
        }
    }
}

/// Reloads the configuration at SIGHUP.
struct ReloadService: Service {
    /// One element for each SIGHUP.
    let reloads: UnixSignalsSequence
    let supervisor: Supervisor
    let manager: ServiceManager
    let reporter: StatusReporter

    func run() async throws {
        for await _ in reloads.cancelOnGracefulShutdown() {
            // Not waited for: a directory that hangs must not keep the daemon from ending. The supervisor keeps the
            // order.
            Task {
                manager.reloading()
                reporter.reloaded(await supervisor.reload())
            }
        }
    }
}

/// Gives the service manager's watchdog its sign of life, which nobody gives who hangs: it goes through the
/// connection's event loop, on which the hosts run, and through the supervisor.
struct WatchdogService: Service {
    let eventLoop: any EventLoop
    let supervisor: Supervisor
    let manager: ServiceManager

    func run() async throws {
        guard let interval = manager.watchdogInterval else {
            try await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval / 3)) != nil {
                try? await eventLoop.submit {}.get()
                _ = await supervisor.hostCounts()
                manager.isAlive()
            }
        }
    }
}
