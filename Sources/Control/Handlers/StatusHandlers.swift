internal import Access
internal import Accounts
internal import Component
internal import Configuration
package import Daemon
internal import Invites
internal import Reconfiguration
internal import Runtime
internal import Shell
internal import Supervision
internal import XMPP

/// `status`: the daemon's status, as far as the caller may see it.
package struct StatusHandlers: Sendable {
    private let daemon: Daemon
    private let version: String

    /// - Parameter version: What the daemon calls itself.
    package init(_ daemon: Daemon, version: String) {
        self.daemon = daemon
        self.version = version
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["status"] = { call in try await status(call) }
    }

    private func status(_ call: Call) async throws -> Outcome {
        var (hosts, overrides, modules) = (0, 0, 0)
        var states: [HostStatus.State: Int] = [:]
        for await host in daemon.hostStatuses(seenBy: call.caller) {
            hosts += 1
            overrides += host.overrides
            if host.module?.isCompatible == true { modules += 1 }
            states[host.state, default: 0] += 1
        }
        func count(_ state: HostStatus.State) -> JSON { .count(states[state] ?? 0) }
        let component = daemon.settings.component
        // Callers who see only some hosts do not see changes of the whole configuration.
        let seesAll = call.caller.hosts == .all
        let deadline = seesAll ? await daemon.configuration.unconfirmedUntil : nil
        let listeners = seesAll ? daemon.configuration.listeners.report : nil
        try await call.output.row(
            .row([
                "version": .text(version),
                "since": .time(daemon.startedAt),
                "connection": .text(daemon.component.report.status.words(component.server)),
                "hosts": .count(hosts),
                "running": count(.running),
                "suspended": count(.suspended),
                "quarantined": count(.quarantined),
                "refused": count(.refused),
                "modules": .count(modules),
                "overrides": .count(overrides),
                "pages": listeners?.pages.words.map(JSON.text),
                "metrics": listeners?.metrics.words.map(JSON.text),
                "page_files": listeners?.files.map(JSON.text),
                "unconfirmed_until": deadline.map(JSON.time),
                "shortage": seesAll ? shortage.map(JSON.text) : nil,
            ]))
        return Outcome()
    }

    /// That the daemon could open no more files within the last hour, when that was last so, and what to do.
    private var shortage: String? {
        let dependencies = daemon.dependencies
        return dependencies.fileShortage.last(now: dependencies.now()).map { last in
            let time = DateTime.format(millisecondsSinceEpoch: last.millisecondsSinceEpoch)
            return
                "last at \(time) too many files were open, with a limit of \(FileShortage.limit): \(FileLimit.remedy)"
        }
    }
}

extension Daemon {
    /// The status of each host that a caller sees, sorted. Refused files without a host are shown to callers who see
    /// all.
    nonisolated func hostStatuses(seenBy caller: Caller) -> HostStatuses {
        hostStatuses(
            where: { host in host.map(caller.hosts.contains) ?? (caller.hosts == .all) }, naming: caller.hosts.contains)
    }

    /// The status of the hosts that an argument `host` names, or of all that the caller sees where it names none.
    nonisolated func hostStatuses(of call: Call) -> HostStatuses {
        let (named, scope) = (Set(call.invocation.texts("host")), call.caller.hosts)
        return hostStatuses(
            where: { host in
                guard let host else { return named.isEmpty && scope == .all }
                return (named.isEmpty || named.contains(host)) && scope.contains(host)
            }, naming: scope.contains)
    }
}
