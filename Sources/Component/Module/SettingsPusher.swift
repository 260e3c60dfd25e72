internal import Accounts
internal import Configuration
internal import Invites
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

/// Sends modules the settings that they store for the time when the daemon is away, whenever those may have changed: in
/// the background, a few at a time, since it reads databases.
final class SettingsPusher: Sendable {
    private struct State: Sendable {
        var waiting: Set<String> = []
        var order: [String] = []
        var workers = 0
        /// Ends of names that modules hold, by host.
        var timers: [String: Task<Void, Never>] = [:]
    }

    private let state = Mutex(State())
    private let servers: HostServers
    private let redeeming: any Redeeming
    /// The host as it is now; `nil` when it is not served.
    private let host: @Sendable (String) -> Host?
    private let dependencies: Dependencies

    /// Modules that are sent settings at the same time.
    private static let mostWorkers = 8
    private static let timeout = Duration.seconds(10)

    init(
        servers: HostServers, redeeming: any Redeeming, dependencies: Dependencies,
        host: @escaping @Sendable (String) -> Host?
    ) {
        self.dependencies = dependencies
        self.servers = servers
        self.redeeming = redeeming
        self.host = host
    }

    /// The settings of a host may have changed. Does not wait.
    func schedule(_ name: String) {
        guard servers.modules[name] != nil else { return }
        let isNeeded = state.withLock { state in
            guard state.waiting.insert(name).inserted else { return false }
            state.order.append(name)
            guard state.workers < Self.mostWorkers else { return false }
            state.workers += 1
            return true
        }
        if isNeeded { Task { await work() } }
    }

    private func work() async {
        while let name = next() { await tell(name) }
    }

    private func next() -> String? {
        state.withLock { state in
            // In no particular order.
            guard let name = state.order.popLast() else {
                state.workers -= 1
                return nil
            }
            state.waiting.remove(name)
            return name
        }
    }

    private func tell(_ name: String) async {
        guard let host = host(name),
            let held = await redeeming.heldUsernames(on: host, limit: ServerModule.Settings.mostHeld)
        else { return }
        await scheduleEnd(of: held, on: host)
        let settings = ServerModule.Settings(registration: host.configuration.registration, held: held)
        guard let module = servers.modules.moduleWithout(settings, of: name) else { return }
        let command = ServerModuleCommand.settings(settings)
        let answer = await servers.request(
            IQ(from: nil, to: module.address, id: "", body: command.body), Self.timeout)
        if case .success = answer { servers.modules.recordSent(settings, module, of: name) }
    }

    /// Schedules another check for when the first of the names is held no longer, which no other event announces.
    private func scheduleEnd(of held: [String], on host: Host) async {
        let end = held.isEmpty ? nil : await redeeming.firstEndOfHeldUsernames(on: host)
        let (name, sleep, now) = (host.name, dependencies.sleep, dependencies.now())
        let timer = end.map { end in
            let wait = max(
                end.millisecondsSinceEpoch.subtractingReportingOverflow(now.millisecondsSinceEpoch).partialValue, 0)
            return Task { [weak self] in
                guard (try? await sleep(.milliseconds(wait))) != nil else { return }
                self?.schedule(name)
            }
        }
        state.withLock { state in
            state.timers[name]?.cancel()
            state.timers[name] = timer
        }
    }
}
