internal import Access
internal import Component
internal import Configuration
package import Daemon
internal import Invites
internal import Shell
internal import Supervision
internal import XMPP

/// `component status` and `component reconnect`.
package struct ComponentHandlers: Sendable {
    private let daemon: Daemon

    package init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["component status"] = { call in try await status(call) }
        handlers["component reconnect"] = { call in try await reconnect(call) }
    }

    private func status(_ call: Call) async throws -> Outcome {
        let component = daemon.settings.component
        let report = daemon.component.report
        let isPast = report.status == .connected
        let trouble = report.lastTrouble.map { JSON.text($0.description) }
        func time(_ milliseconds: Int64) -> JSON { .time(Timestamp(millisecondsSinceEpoch: milliseconds)) }
        try await call.output.row(
            .row([
                "jid": .text(component.jid.description),
                "server": .text(component.server.description),
                "state": .text(report.status.name),
                "since": time(report.since),
                "attempt": report.attempt > 0 ? .count(report.attempt) : nil,
                "retry_at": report.retryAt.map(time),
                "trouble": isPast ? nil : trouble,
                "last_trouble": isPast ? trouble : nil,
                "last_trouble_at": isPast ? report.lastTroubleAt.map(time) : nil,
                // They are answers of all hosts.
                "dropped": call.caller.hosts == .all ? .count(daemon.component.droppedAnswers) : nil,
            ]))
        return Outcome()
    }

    private func reconnect(_ call: Call) async throws -> Outcome {
        let server = daemon.settings.component.server
        let before = daemon.component.report.status.words(server)
        try await call.output.progress("connecting to \(server)")
        let report = await daemon.component.reconnect()
        let after = report.status.words(server)
        guard report.status == .connected else {
            throw CommandFailure(.disconnected, after, hint: "`component status` tells when it is tried again")
        }
        return Outcome(after, before: before, after: after)
    }
}

extension ComponentStatus {
    fileprivate var name: String {
        switch self {
        case .connecting: "connecting"
        case .connected: "connected"
        case .waiting: "waiting"
        case .stopped: "stopped"
        }
    }
}
