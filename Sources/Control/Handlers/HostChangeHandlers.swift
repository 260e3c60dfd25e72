internal import Access
internal import Configuration
package import Daemon
internal import Reconfiguration
internal import Shell
internal import Supervision
internal import XMPP

/// The commands that change a host at run time.
package struct HostChangeHandlers: Sendable {
    private let daemon: Daemon

    package init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["host set"] = set
        handlers["host reset"] = reset
        handlers["host suspend"] = { try await suspend($0) }
        handlers["host resume"] = resume
        handlers["host restart"] = restart
        handlers["host reopen"] = reopen
    }

    private func set(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let key = try Self.key(named: try call.invocation.required("key"))
        let values = call.invocation.texts("value")
        if key == .serviceAddress { try Self.checkServiceAddress(values, call.caller) }
        let change = try await change(key, to: values, of: host, call)
        let isSuspension = key == .suspended && change.after.value == "true"
        let outcome = Outcome(
            "", hint: isSuspension ? nil : Self.saveHint(host), hosts: [host], before: change.before.line,
            after: change.after.line)
        call.record(outcome)
        try await call.output.row(change.after.row)
        return outcome
    }

    private func suspend(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let change = try await change(.suspended, to: ["true"], of: host, call)
        let wasSuspended = change.before.value == change.after.value
        let problem = await daemon.configuration.overridesWritten()
        return Outcome(
            wasSuspended ? "\(host) was suspended already" : "\(host) makes no invites until `host resume \(host)`",
            hint: problem.map { "a restart would end it: \($0)" }, hosts: [host],
            before: change.before.line, after: change.after.line)
    }

    private func resume(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let before = try await status(of: .suspended, for: host)
        // What was set here need not be set to the opposite: mostly the file has nothing against serving the host.
        _ = try await drop([.suspended], of: host, call)
        var after = try await status(of: .suspended, for: host)
        if after.value == "true" { after = try await change(.suspended, to: ["false"], of: host, call).after }
        let wasServed = before.value == after.value
        return Outcome(
            wasServed ? "\(host) was not suspended" : "\(host) makes invites again",
            hint: after.origin == .runtime ? Self.saveHint(host) : nil, hosts: [host], before: before.line,
            after: after.line)
    }

    private func reset(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let names = call.invocation.texts("key")
        let keys = try names.map(Self.key)
        let dropped = try await drop(names.isEmpty ? nil : keys, of: host, call)
        guard !dropped.isEmpty else {
            throw CommandFailure(
                .nothingToDo, "nothing of this was changed at run time on \(host)",
                hint: "`config status \(host)` shows what was")
        }
        let outcome = Outcome(
            hosts: [host], before: dropped.map(\.before.line).joined(separator: "; "),
            after: dropped.map(\.after.line).joined(separator: "; "))
        call.record(outcome)
        for change in dropped { try await call.output.row(change.after.row) }
        return outcome
    }

    private func restart(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        switch await daemon.registry.restart(host) {
        case .works: break
        case .fails(let trouble):
            throw CommandFailure(
                .unavailableHost, "\(host) was restarted, but \(trouble)", hint: "`host why \(host)` tells more")
        case .unknownHost: throw CommandFailure(ConfigurationRefusal.unknownHost(host))
        case .timedOut:
            throw CommandFailure(
                .unavailableHost, "\(host) does not answer in time", hint: "`host why \(host)` tells the cause")
        }
        return Outcome("\(host) runs with its database opened again", hosts: [host])
    }

    private func reopen(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        guard daemon.registry[host] != nil else { throw CommandFailure(ConfigurationRefusal.unknownHost(host)) }
        try await call.confirm(
            "Make all invites of \(host) good again that were revoked when it came back? Whoever has their links gets in."
        )
        let count: Int
        do throws(InviteFailure) {
            count = try await daemon.registry.reopen(host)
        } catch {
            throw CommandFailure(error, host: host)
        }
        let text = "\(Plural.text(count, "invite")) reopened"
        return Outcome(text, hosts: [host], after: text)
    }

    // MARK: Parts

    private static func saveHint(_ host: String) -> String { "`config save \(host)` keeps it over a restart" }

    /// Callers who see only some hosts may set only addresses below these: not those of other hosts, which would also
    /// reveal that such hosts exist.
    private static func checkServiceAddress(_ values: [String], _ caller: Caller) throws(CommandFailure) {
        guard caller.hosts != .all, let value = values.first else { return }
        var parent = Substring((try? JID(value))?.domain ?? value)
        while let dot = parent.firstIndex(of: ".") {
            parent = parent[parent.index(after: dot)...]
            if caller.hosts.contains(String(parent)) { return }
        }
        throw CommandFailure(
            .invalidSetting, "`service_address` wants a domain below a host of yours",
            hint: "for others ask somebody who sees all hosts")
    }

    private static func key(named word: String) throws(CommandFailure) -> HostKey {
        do throws(SettingMistake) {
            return try HostKey(named: word)
        } catch {
            throw CommandFailure(.invalidSetting, error.description)
        }
    }

    private func change(
        _ key: HostKey, to words: [String], of host: String, _ call: Call
    ) async throws(CommandFailure) -> ActiveConfiguration.SettingChange {
        do throws(ConfigurationRefusal) {
            return try await daemon.configuration.set(key, to: words, of: host, naming: call.caller.hosts.contains)
        } catch {
            throw await failure(error, host)
        }
    }

    private func drop(
        _ keys: [HostKey]?, of host: String, _ call: Call
    ) async throws(CommandFailure) -> [ActiveConfiguration.SettingChange] {
        do throws(ConfigurationRefusal) {
            return try await daemon.configuration.dropOverrides(
                of: host, keys: keys, naming: call.caller.hosts.contains)
        } catch {
            throw await failure(error, host)
        }
    }

    private func status(of key: HostKey, for host: String) async throws(CommandFailure) -> SettingStatus {
        guard let status = await daemon.configuration.settings(of: host)?.first(where: { $0.key == key }) else {
            throw await failure(.unknownHost(host), host)
        }
        return status
    }

    /// The caller sees the host, so that one that does not run has a file with mistakes.
    private func failure(_ refusal: ConfigurationRefusal, _ host: String) async -> CommandFailure {
        if case .unknownHost = refusal, daemon.registry.table.isRefused(host) {
            return CommandFailure(
                .refusedHost, "\(host) does not run, since its file has mistakes", hint: "`config check` shows them")
        }
        return CommandFailure(refusal)
    }
}

extension SettingStatus {
    /// As ``HostCommands/setting`` has it.
    fileprivate var row: JSON {
        ["key": .text(key.rawValue), "value": .text(value), "origin": .text(origin.description)]
    }

    /// For the journal.
    fileprivate var line: String { "\(key): \(value) (\(origin))" }
}
