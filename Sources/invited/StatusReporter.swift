import Component
import Configuration
import Daemon
import Reconfiguration
import Supervision
import Synchronization
import XMPP

/// Informs the service manager: that the daemon is ready, after the first handshake or when the server is not
/// available; and of its status, in words.
final class StatusReporter: Sendable {
    private struct State: Sendable {
        var isReady = false
        var connection = "connecting"
        var running = 0
        /// Of those, hosts whose storage fails.
        var quarantined = 0
        /// Host files that are not used because of mistakes.
        var refused = 0
        /// Why the last reload was refused; `nil` when it was not.
        var refusal: String?

        var text: String {
            var text = "\(connection); \(Self.count(running, "host"))"
            if quarantined > 0 { text += ", \(quarantined) quarantined" }
            if refused > 0 { text += ", \(refused) refused" }
            if let refusal { text += "; last reload refused: \(refusal)" }
            return text
        }

        static func count(_ number: Int, _ noun: String) -> String {
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

    /// Takes the numbers of hosts from the daemon.
    func follow(_ daemon: Daemon) async {
        let counts = daemon.hostCounts
        state.withLock { ($0.running, $0.refused) = counts }
        await daemon.configuration.followConfiguration(configurationChanged)
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
        change { state in
            state.quarantined = count
            return state.isReady ? .status : nil
        }
    }

    /// A reload has ended.
    func reloaded(_ outcome: ActiveConfiguration.ReloadOutcome) {
        change { state in
            switch outcome {
            case .applied: state.refusal = nil
            case .refused(let mistakes): state.refusal = State.count(mistakes.count, "mistake")
            case .pending: state.refusal = "a change waits to be confirmed"
            case .failed(let reason): state.refusal = reason
            }
            // A reload ends with READY=1 (sd_notify(3)), unless the start has not.
            return state.isReady ? .ready : .status
        }
    }

    /// The configuration has changed, or was not changed.
    @Sendable func configurationChanged(_ event: ConfigurationEvent) {
        change { state in
            (state.running, state.refused) = (event.running, event.refused)
            if event.isDone { state.refusal = nil }
            // A reload ends with a report of its own.
            return state.isReady && event.cause != .signal ? .status : nil
        }
    }

    private func update(connection: String) {
        change { state in
            state.connection = connection
            defer { state.isReady = true }
            return state.isReady ? .status : .ready
        }
    }

    private enum Report { case status, ready }

    private func change(_ body: (inout State) -> Report?) {
        // Sent within the lock: what is old by now must not overtake what is new. Sending does not wait.
        state.withLock { state in
            switch body(&state) {
            case .status: manager.status(state.text)
            case .ready: manager.ready(state.text)
            case nil: break
            }
        }
    }
}
