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
        var running = 0
        /// Of those, hosts whose storage fails.
        var quarantined = 0
        /// Host files that are not used because of mistakes.
        var refused = 0
        /// Mistakes for which the last reload was refused.
        var mistakes = 0

        var text: String {
            var text = "\(connection); \(Self.count(running, "host"))"
            if quarantined > 0 { text += ", \(quarantined) quarantined" }
            if refused > 0 { text += ", \(refused) refused" }
            if mistakes > 0 { text += "; last reload refused: \(Self.count(mistakes, "mistake"))" }
            return text
        }

        private static func count(_ number: Int, _ noun: String) -> String {
            "\(number) \(noun)\(number == 1 ? "" : "s")"
        }
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
        let counts = await supervisor.hostCounts()
        state.withLock { ($0.running, $0.refused) = counts }
    }

    /// The connection has changed.
    @Sendable func report(_ status: ComponentStatus) {
        switch status {
        case .connecting, .stopped: break
        case .connected, .waiting: update(connection: status.words(server))
        }
    }

    /// The number of hosts whose storage fails has changed.
    @Sendable func quarantined(_ count: Int) {
        // Sent within the lock: one number must not overtake another.
        state.withLock { state in
            state.quarantined = count
            if state.isReady { manager.status(state.text) }
        }
    }

    /// A reload has ended.
    func reloaded(_ outcome: Supervisor.ReloadOutcome) {
        let state = state.withLock { state in
            switch outcome {
            case .applied(let added, _, let changed, let unchanged):
                state.running = added + changed + unchanged
                state.refused = 0
                state.mistakes = 0
            case .refused(let mistakes):
                state.mistakes = mistakes.count
            }
            return state
        }
        // A reload ends with READY=1 (sd_notify(3)), unless the start has not.
        if state.isReady { manager.ready(state.text) } else { manager.status(state.text) }
    }

    private func update(connection: String) {
        let (wasReady, text) = state.withLock { state in
            state.connection = connection
            defer { state.isReady = true }
            return (state.isReady, state.text)
        }
        if wasReady { manager.status(text) } else { manager.ready(text) }
    }
}
