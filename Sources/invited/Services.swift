import NIOCore
import NIOPosix
import ServiceLifecycle
import Supervision
import UnixSignals

/// The daemon's work, from the first connection to the last answer.
struct DaemonService: Service {
    let supervisor: Supervisor
    let manager: ServiceManager

    /// How long each step of ending may take.
    private static let patience = Duration.seconds(10)

    func run() async {
        await withGracefulShutdownHandler {
            await supervisor.run()
            // The connection ends before the databases do.
            await supervisor.waitUntilShutDown()
        } onGracefulShutdown: {
            manager.stopping()
            Task { await supervisor.shutDown(within: Self.patience) }
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
            manager.reloading()
            let outcome = await supervisor.reload()
            await reporter.reloaded(outcome)
        }
    }
}

/// Gives the service manager's watchdog its sign of life, which nobody gives who hangs: it goes through the event loop and the supervisor.
struct WatchdogService: Service {
    let supervisor: Supervisor
    let manager: ServiceManager

    func run() async throws {
        guard let interval = manager.watchdogInterval else {
            try await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval / 3)) != nil {
                try? await MultiThreadedEventLoopGroup.singleton.next().submit {}.get()
                _ = await supervisor.hostCounts()
                manager.isAlive()
            }
        }
    }
}
