import Configuration
import Supervision
import Synchronization
import XMPP

/// Keeps the service manager informed: ready after the first handshake, or when the server turns out to be away; and
/// how things are, in words.
final class StatusReporter: Sendable {
    private struct State: Sendable {
        var isReady = false
        var connection = "connecting"
        var hosts = ""
    }

    private let state = Mutex(State())
    private let manager: ServiceManager
    private let server: ServerAddress

    init(_ manager: ServiceManager, server: ServerAddress) {
        self.manager = manager
        self.server = server
    }

    /// Takes the numbers of hosts from the supervisor.
    func follow(_ supervisor: Supervisor) async {
        let (running, refused) = await supervisor.hostCounts()
        state.withLock { $0.hosts = Self.hosts(running, refused) }
    }

    /// The connection has changed.
    @Sendable func report(_ status: ComponentStatus) {
        switch status {
        case .connecting: break
        case .connected: update(connection: "connected to \(server)")
        case .waiting(let reason, _): update(connection: "waiting for \(server): \(reason)")
        case .stopped: break
        }
    }

    /// A reload has ended.
    func reloaded(_ outcome: Supervisor.ReloadOutcome) async {
        let text: String
        switch outcome {
        case .applied(let added, _, let changed, let unchanged): text = Self.hosts(added + changed + unchanged, 0)
        case .refused(let mistakes):
            let before = state.withLock { $0.hosts.split(separator: ";").first.map(String.init) ?? "" }
            text = "\(before); last reload refused: \(mistakes.count) \(mistakes.count == 1 ? "mistake" : "mistakes")"
        }
        let status = state.withLock { state in
            state.hosts = text
            return "\(state.connection); \(state.hosts)"
        }
        // A reload ends with READY=1 (sd_notify(3)), unless the start has not.
        if state.withLock({ $0.isReady }) { manager.ready(status) } else { manager.status(status) }
    }

    private func update(connection: String) {
        let (isFirst, status) = state.withLock { state in
            state.connection = connection
            defer { state.isReady = true }
            return (!state.isReady, "\(state.connection); \(state.hosts)")
        }
        if isFirst { manager.ready(status) } else { manager.status(status) }
    }

    private static func hosts(_ running: Int, _ refused: Int) -> String {
        "\(running) \(running == 1 ? "host" : "hosts")" + (refused > 0 ? ", \(refused) refused" : "")
    }
}
