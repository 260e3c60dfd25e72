internal import Access
internal import Accounts
internal import Component
internal import Configuration
package import Daemon
internal import Invites
internal import Reconfiguration
internal import Shell
internal import Supervision
internal import XMPP
internal import YAML

/// `host list`, `host show` and `host why`.
package struct HostViewHandlers: Sendable {
    private let daemon: Daemon

    package init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["host list"] = { call in try await list(call) }
        handlers["host show"] = { call in try await show(call) }
        handlers["host why"] = { call in try await why(call) }
    }

    private func list(_ call: Call) async throws -> Outcome {
        let state = call.invocation.text("state")
        let part = call.invocation.text("match")
        for await host in daemon.hostStatuses(of: call) {
            if let state, host.state.rawValue != state { continue }
            if let part, !host.host.contains(part) { continue }
            try await call.output.row(
                .row([
                    "host": .text(host.host),
                    "state": .text(host.state.rawValue),
                    "since": .time(host.since),
                    "requests": .count(host.counters.requests),
                    "invites": .count(host.counters.invites),
                    "waiting": .count(host.counters.waiting),
                    "overrides": .count(host.overrides),
                    "trouble": host.trouble.map(JSON.text),
                ]))
        }
        return Outcome()
    }

    private func show(_ call: Call) async throws -> Outcome {
        let name = try call.invocation.required("host")
        guard let host = await daemon.hostStatus(name, naming: call.caller.hosts.contains) else {
            throw Self.gone(name)
        }
        let settings = await daemon.configuration.settings(of: name) ?? []
        try await call.output.row(
            .row([
                "host": .text(host.host),
                "state": .text(host.state.rawValue),
                "since": .time(host.since),
                "trouble": host.trouble.map(JSON.text),
                "last_trouble": host.lastTrouble == host.trouble ? nil : host.lastTrouble.map(JSON.text),
                "retry_at": host.retryAt.map(JSON.time),
                "file": (host.file ?? Self.file(of: settings)).map(JSON.text),
                "settings": .list(settings.map(Self.row)),
                "accounts": .text(host.accounts.provider.rawValue),
                "module": host.module.map { .text($0.words) },
                "delegated": .texts(host.grants.delegated),
                "privileges": .texts(host.grants.privileges),
                "requests": .count(host.counters.requests),
                "refused": .count(host.counters.refused),
                "invites": .count(host.counters.invites),
                "redemptions": .count(host.counters.redemptions),
                "waiting": .count(host.counters.waiting),
            ]))
        return Outcome()
    }

    private func why(_ call: Call) async throws -> Outcome {
        let name = try call.invocation.required("host")
        let explanations: [Explanation]?
        if let asker = try call.invocation.text("jid").map(JID.init) {
            explanations = await daemon.explain(asker, at: name, naming: call.caller.hosts.contains)
        } else {
            explanations = await daemon.explain(name, naming: call.caller.hosts.contains)
        }
        guard let explanations else { throw Self.gone(name) }
        for explanation in explanations {
            try await call.output.row(
                .row([
                    "subject": .text(explanation.subject),
                    "verdict": .text(explanation.verdict),
                    "because": .text(explanation.because),
                    "origin": explanation.origin.map(JSON.text),
                ]))
        }
        return Outcome()
    }

    private static func row(_ setting: SettingStatus) -> JSON {
        .row([
            "key": .text(setting.key.rawValue), "value": .text(setting.value),
            "origin": .text(setting.origin.description),
        ])
    }

    /// The file whose name sets the host.
    private static func file(of settings: [SettingStatus]) -> String? {
        for setting in settings where setting.key == .host {
            if case .file(let location) = setting.origin { return location.file }
        }
        return nil
    }

    /// It was removed after the check.
    private static func gone(_ host: String) -> CommandFailure {
        CommandFailure(.unknownHost, "there is no host \(host)", hint: "`host list` shows them")
    }
}
