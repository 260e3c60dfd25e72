internal import Accounts
internal import Component
internal import Configuration
package import Daemon
internal import Shell
internal import Supervision
internal import XMPP

/// `grants`: what the servers of the hosts allow the daemon.
package struct GrantHandlers: Sendable {
    private let daemon: Daemon

    /// Hosts that are asked at the same time.
    private static let atOnce = 16

    package init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["grants"] = { call in try await grants(call) }
    }

    private func grants(_ call: Call) async throws -> Outcome {
        let isProbing = call.invocation.has("probe")
        if isProbing, daemon.component.report.status != .connected { throw disconnected }
        var some: [HostStatus] = []
        // Nothing is asked about hosts that are not served.
        for await host in daemon.hostStatuses(of: call) where host.state != .refused {
            guard isProbing else {
                try await call.output.row(row(host, nil))
                continue
            }
            some.append(host)
            guard some.count == Self.atOnce else { continue }
            try await showProbed(some, call)
            some = []
        }
        try await showProbed(some, call)
        return Outcome()
    }

    private func showProbed(_ hosts: [HostStatus], _ call: Call) async throws {
        let probes = try await withThrowingTaskGroup(of: (String, HostProbe).self) { group in
            for host in hosts.map(\.host) { group.addTask { (host, try await probe(host)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for host in hosts { try await call.output.row(row(host, probes[host.host])) }
    }

    private func probe(_ host: String) async throws -> HostProbe {
        do {
            return try await daemon.component.probe(host)
        } catch {
            throw disconnected
        }
    }

    private func row(_ host: HostStatus, _ probe: HostProbe?) -> JSON {
        let grants = daemon.component.grants(of: host.host)
        let isConnected = daemon.component.report.status == .connected
        let commands =
            probe?.commands.description
            ?? (grants.delegatesCommands || host.module?.has(.commands) == true ? "yes" : "unknown")
        let configuration = daemon.registry[host.host]?.configuration ?? HostConfiguration(host: host.host)
        let unused = HostProbe.Finding(addUserBesides: host.accounts, configuration.accounts)
        return .row([
            "host": .text(host.host),
            "accounts": .text(host.accounts.provider.rawValue),
            "lacking": .texts(daemon.lacking(of: configuration, host)),
            "module": host.module.map { .text($0.words) },
            "features": host.module.map { .texts($0.hello.features.map(\.rawValue).sorted()) },
            "limits": host.module.flatMap { $0.hello.limits.isEmpty ? nil : .texts($0.hello.limits) },
            "add_user": .text((probe?.addUser ?? unused)?.description ?? "unknown"),
            "knows_accounts": .text(
                probe?.knowsAccounts.description
                    ?? (host.accounts.provider != .commands && host.accounts.knowsAccounts ? "yes" : "unknown")),
            "roster": .text(isConnected ? grants.rosterAccess : "unknown"),
            "commands": .text(commands),
            "delegated": .texts(grants.delegated),
            "privileges": .texts(grants.privileges),
        ])
    }

    private var disconnected: CommandFailure {
        CommandFailure(
            .disconnected, daemon.component.report.status.words(daemon.settings.component.server),
            hint: "`component status` tells more")
    }
}

extension KnownModule {
    /// Its name, its server, and why it cannot be used, if so: `mod_invited 1.0 in Prosody 0.12.3`.
    var words: String {
        let name = "\(hello.module) in \(hello.server)"
        return isCompatible ? name : "\(name): \(mismatch)"
    }
}
