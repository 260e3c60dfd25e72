internal import Configuration
internal import Invites
internal import Shell
package import Supervision
internal import XMPP

/// `status`: how the daemon is, as far as the caller sees it.
package struct StatusHandlers: Sendable {
    private let supervisor: Supervisor
    private let version: String

    /// - Parameter version: What the daemon calls itself.
    package init(_ supervisor: Supervisor, version: String) {
        self.supervisor = supervisor
        self.version = version
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["status"] = { call in try await status(call) }
    }

    private func status(_ call: Call) async throws -> Outcome {
        let hosts = await supervisor.hostStatuses(seenBy: call.caller)
        func count(_ state: HostStatus.State) -> JSON { .count(hosts.count { $0.state == state }) }
        let component = supervisor.daemon.component
        // A change of the whole configuration is not the matter of who sees some hosts.
        let seesAll = call.caller.hosts == .all
        let deadline = seesAll ? await supervisor.unconfirmedUntil : nil
        try await call.output.row(
            .row([
                "version": .text(version),
                "since": .time(supervisor.startedAt),
                "connection": .text(supervisor.componentReport.status.words(component.server)),
                "hosts": .count(hosts.count),
                "running": count(.running),
                "suspended": count(.suspended),
                "quarantined": count(.quarantined),
                "refused": count(.refused),
                "overrides": .count(hosts.reduce(0) { $0 + $1.overrides }),
                "unconfirmed_until": deadline.map(JSON.time),
                "shortage": seesAll ? supervisor.surroundings.fileShortage.description.map(JSON.text) : nil,
            ]))
        return Outcome()
    }
}

extension Supervisor {
    /// How the hosts are that a caller sees, sorted. Refused files that tell no host are for who sees all.
    nonisolated func hostStatuses(
        seenBy caller: Caller, where isWanted: (String) -> Bool = { _ in true }
    ) async -> [HostStatus] {
        await hostStatuses(
            where: { host in
                if let host { caller.hosts.contains(host) && isWanted(host) } else { caller.hosts == .all }
            }, naming: caller.hosts.contains)
    }

    /// How the hosts are that an argument `host` names, or all that the caller sees where it names none.
    nonisolated func hostStatuses(of call: Call) async -> [HostStatus] {
        let named = Set(call.invocation.texts("host"))
        return await hostStatuses(
            where: { host in
                guard let host else { return named.isEmpty && call.caller.hosts == .all }
                return (named.isEmpty || named.contains(host)) && call.caller.hosts.contains(host)
            }, naming: call.caller.hosts.contains)
    }
}
