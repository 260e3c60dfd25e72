internal import Accounts
package import Component
package import Configuration
package import Invites
internal import Logging
package import Reconfiguration
package import Runtime
package import Supervision
internal import Synchronization
package import XMPP

/// All that serves invitations, started and ended together: the hosts, the configuration that says which, and the XMPP
/// component that brings their requests.
package final class Daemon: Sendable {
    /// The daemon's own settings that it runs with.
    package let settings: DaemonConfiguration
    package let registry: HostRegistry
    package let configuration: ActiveConfiguration
    package let component: ComponentService
    /// What pages know of the hosts.
    package let pageHosts: PageHosts
    package let dependencies: Dependencies
    /// When it was made.
    package let startedAt: Timestamp
    private let ending = Mutex(Ending.running(waiters: []))

    private enum Ending {
        case running(waiters: [CheckedContinuation<Void, Never>])
        case ended
    }

    /// Makes all of it and starts the services of the hosts; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - loader: What loaded the configuration; reloading uses it again.
    ///   - loaded: The configuration to start with. Hosts whose files are bad are left out.
    ///   - settings: The daemon's own part of it.
    ///   - maximumOpenDatabases: How many databases may be open at once.
    ///   - dependencies: Time, chance, the log, and the event loop on which connection and hosts run.
    ///   - statusChanged: Called with the status of the connection, at every change.
    ///   - quarantinesChanged: Called with the number of hosts whose storage fails, at every change, on any thread. It
    ///     must not block.
    /// - Throws: `StoreError` when the state directory cannot be used or another daemon uses it.
    package init(
        _ loader: ConfigurationLoader, loaded: LoadedConfiguration, settings: DaemonConfiguration,
        maximumOpenDatabases: Int, dependencies: Dependencies,
        statusChanged: @escaping @Sendable (ComponentStatus) -> Void,
        quarantinesChanged: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.settings = settings
        self.dependencies = dependencies
        startedAt = dependencies.now()
        registry = try HostRegistry(
            stateDirectory: settings.stateDirectory, maximumOpenDatabases: maximumOpenDatabases,
            dependencies: dependencies, quarantinesChanged: quarantinesChanged)
        component = ComponentService(
            settings.component, registry: registry, dependencies: dependencies, statusChanged: statusChanged)
        let (registry, component) = (registry, component)
        registry.provideAccounts { [weak component] host in
            component?.accounts(of: host) ?? UnavailableAccounts.nobody
        }
        pageHosts = PageHosts(registry, component)
        configuration = ActiveConfiguration(
            loader, loaded: loaded, daemon: settings, registry: registry, dependencies: dependencies)
    }

    /// Does, before it serves, what the first requests would wait for otherwise; for no longer than a moment.
    package func prepare() async { await registry.openDatabases() }

    /// Serves until ``shutDown(within:)``.
    package func run() async {
        let hosts = Task { await registry.run() }
        await component.run()
        hosts.cancel()
    }

    /// Takes no more requests, answers those accepted, and ends; each step waits no longer than the given time.
    package func shutDown(within limit: Duration) async {
        await component.drain(within: limit)
        component.shutDown()
        let (configuration, registry) = (configuration, registry)
        let isClosed = await finishes(within: limit, sleep: dependencies.sleep) {
            async let written: Void = configuration.shutDown()
            await registry.shutDown()
            await written
        }
        if !isClosed { dependencies.logger.warning("left databases open") }
        let waiters = ending.withLock { ending -> [CheckedContinuation<Void, Never>] in
            guard case .running(let waiters) = ending else { return [] }
            ending = .ended
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for the end of ``shutDown(within:)``.
    package func waitUntilShutDown() async {
        await withCheckedContinuation { continuation in
            let hasEnded = ending.withLock { ending in
                guard case .running(let waiters) = ending else { return true }
                ending = .running(waiters: waiters + [continuation])
                return false
            }
            if hasEnded { continuation.resume() }
        }
    }
}
