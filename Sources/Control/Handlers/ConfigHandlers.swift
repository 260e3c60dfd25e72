internal import Access
internal import Configuration
internal import Invites
package import Reconfiguration
internal import Shell
internal import Supervision
internal import YAML

/// The commands about the configuration as a whole: looking at it, and the way from the files to what runs and back.
package struct ConfigHandlers: Sendable {
    private let configuration: ActiveConfiguration
    /// Their results are made before the first row is read, however long that takes. Callers who see some hosts do not
    /// delay those who see all.
    private let looking = CommandLimiter(.init(all: 16, reservedForAdmins: 4, perUser: 4))
    private let planning = CommandLimiter(.init(all: 16, reservedForAdmins: 4, perUser: 4))

    package init(_ configuration: ActiveConfiguration) {
        self.configuration = configuration
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["config status"] = { call in try await looking.run(call) { try await status(call) } }
        handlers["config check"] = { call in try await planning.run(call) { try await check(call) } }
        handlers["config diff"] = { call in try await planning.run(call) { try await diff(call) } }
        handlers["config plan"] = { call in try await planning.run(call) { try await plan(call) } }
        handlers["config apply"] = { call in try await planning.run(call) { try await apply(call) } }
        handlers["config confirm"] = confirm
        handlers["config undo"] = { call in try await planning.run(call) { try await undo(call) } }
        handlers["config history"] = history
    }

    // MARK: Looking

    private func status(_ call: Call) async throws -> Outcome {
        let named = Set(call.invocation.texts("host"))
        let scope = call.caller.hosts
        let comparison = await configuration.comparison { host in
            guard let host else { return named.isEmpty && scope == .all }
            return scope.contains(host) && (named.isEmpty || named.contains(host))
        }
        for difference in comparison.differences {
            var row: [String: JSON] = ["host": .text(difference.host ?? ""), "key": .text(difference.key)]
            row["running"] = difference.running.map { .text($0.value) }
            row["origin"] = difference.running?.origin.map { .text($0.description) }
            row["file"] = difference.other.map { .text($0.value) }
            row["location"] = difference.other?.origin.map { .text($0.description) }
            try await call.output.row(.object(row))
        }
        for mistake in comparison.mistakes + comparison.refused.flatMap(\.diagnostics) {
            try await call.output.text(mistake.redacted(seeing: scope.contains).description)
        }
        // The summary of the whole configuration would reveal hosts that the caller does not see.
        guard scope == .all else { return Outcome(Self.part(comparison)) }
        return Outcome(Self.summary(comparison), hint: Self.hint(comparison))
    }

    /// How the compared hosts differ.
    private static func part(_ comparison: ActiveConfiguration.Comparison) -> String {
        let (count, mistakes) = (comparison.differences.count, mistakeCount(comparison))
        var parts: [String] = []
        if count == 1 { parts.append("1 setting differs, or was changed at run time") }
        if count > 1 { parts.append("\(count) settings differ, or were changed at run time") }
        if mistakes > 0 { parts.append("the files have \(Plural.text(mistakes, "mistake"))") }
        return parts.isEmpty ? "what runs is what the files say" : parts.joined(separator: "; ")
    }

    private static func mistakeCount(_ comparison: ActiveConfiguration.Comparison) -> Int {
        comparison.mistakes.count + comparison.refused.reduce(0) { $0 + $1.diagnostics.count }
    }

    private static func summary(_ comparison: ActiveConfiguration.Comparison) -> String {
        let mistakes = mistakeCount(comparison)
        var source: String
        switch (comparison.runsFiles, comparison.isCurrent) {
        case (true, true) where mistakes > 0: source = "snapshot \(comparison.snapshot) runs"
        case (true, true) where comparison.differences.isEmpty:
            source = "snapshot \(comparison.snapshot) runs, which is what the files say"
        // The hosts' files are those that were applied, so what differs was set since.
        case (true, true):
            source = "snapshot \(comparison.snapshot) runs"
            let overrides = comparison.differences.count { $0.host != nil }
            if overrides > 0 { source += ", with \(Plural.text(overrides, "setting")) changed at run time" }
            if comparison.differsInDaemon { source += "; the daemon's own file says otherwise" }
        case (true, false): source = "snapshot \(comparison.snapshot) runs; the files have changed since"
        case (false, true): source = "snapshot \(comparison.snapshot) runs; the files say the same"
        case (false, false): source = "snapshot \(comparison.snapshot) runs; the files were undone, or changed since"
        }
        if mistakes > 0 { source += "; the files have \(Plural.text(mistakes, "mistake"))" }
        return comparison.deadline.map { "\(source); it undoes itself at \($0.text) unless confirmed" } ?? source
    }

    private static func hint(_ comparison: ActiveConfiguration.Comparison) -> String? {
        if comparison.deadline != nil { return "`config confirm` keeps it, `config undo` goes back" }
        if comparison.runsFiles, comparison.isCurrent, !comparison.differsInDaemon { return nil }
        return "`config plan` shows what an apply would do"
    }

    private func check(_ call: Call) async throws -> Outcome {
        let mistakes = await configuration.check()
        for mistake in mistakes {
            try await call.output.row([
                "file": .text(mistake.file), "line": .integer(Int64(mistake.line)),
                "column": .integer(Int64(mistake.column)), "message": .text(mistake.message),
            ])
        }
        guard mistakes.isEmpty else {
            throw CommandFailure(.invalidConfiguration, Plural.text(mistakes.count, "mistake"))
        }
        return Outcome("all files are good")
    }

    private func diff(_ call: Call) async throws -> Outcome {
        let differences = try await reporting(call) { () async throws(ConfigurationRefusal) in
            try await configuration.differences()
        }
        for difference in differences {
            var row: [String: JSON] = ["host": .text(difference.host ?? ""), "key": .text(difference.key)]
            row["before"] = difference.running.map { .text($0.value) }
            row["after"] = difference.other.map { .text($0.value) }
            row["origin"] = difference.other?.origin.map { .text($0.description) }
            try await call.output.row(.object(row))
        }
        let needsRestart = differences.contains { $0.host == nil && !DaemonConfiguration.liveKeys.contains($0.key) }
        return Outcome(
            differences.isEmpty ? "an apply would change nothing" : "",
            hint: needsRestart ? Self.restartHint : nil)
    }

    private func plan(_ call: Call) async throws -> Outcome {
        let plan = try await reporting(call) { () async throws(ConfigurationRefusal) in try await configuration.plan() }
        try await show(plan, call)
        let keeping = plan.revokesInvites ? ", and \(Self.keeping)" : ""
        return Outcome(
            Self.summary(plan), hint: plan.changesNothing ? nil : "`config apply \(plan.hash)` does it\(keeping)")
    }

    private func history(_ call: Call) async throws -> Outcome {
        for entry in await configuration.history() {
            let state = entry.deadline != nil ? "unconfirmed" : entry.isRunning ? "running" : "kept"
            try await call.output.row([
                "snapshot": .integer(Int64(entry.header.number)), "time": .text(entry.header.time.text),
                "by": .text(entry.header.by), "hosts": .integer(Int64(entry.header.hostCount)), "state": .text(state),
            ])
        }
        return Outcome()
    }

    // MARK: Changing

    private func apply(_ call: Call) async throws -> Outcome {
        let timeout = call.invocation.duration("confirm-within")
        let keepsOpen = call.invocation.has("keep-open")
        if let hash = call.invocation.text("plan") {
            return try await apply(hash, timeout, call, DaemonConfiguration.liveKeys)
        }
        let prepared = try await reporting(call) { () async throws(ConfigurationRefusal) in
            try await configuration.checkIdle()
            return try await configuration.prepare(keepsOpen: keepsOpen)
        }
        let plan = prepared.plan
        guard plan.changesNothing || call.invocation.has("yes") else {
            try await show(plan, call)
            let keeping = plan.revokesInvites ? "; \(Self.keeping)" : ""
            try await call.confirm("Apply it? \(Self.summary(plan))\(keeping)")
            // The person may have taken a while, and files may have been edited meanwhile.
            return try await apply(plan.hash, timeout, call, plan.liveKeys)
        }
        // No confirmation was waited for, so the files are those just read.
        let result: Result<Outcome, ConfigurationRefusal>
        do throws(ConfigurationRefusal) {
            let applied = try await configuration.apply(prepared, confirmWithin: timeout, by: call.caller.name)
            result = .success(await outcome(applied, plan.liveKeys))
        } catch {
            result = .failure(error)
        }
        if case .success(let outcome) = result { call.record(outcome) }
        try await show(plan, call)
        if plan.changesNothing { try await call.output.text(Self.summary(plan)) }
        return try await reporting(call) { () async throws(ConfigurationRefusal) in try result.get() }
    }

    /// - Parameter liveKeys: The daemon's own settings that may change at once.
    private func apply(
        _ hash: String, _ timeout: Lifetime?, _ call: Call, _ liveKeys: [String]
    ) async throws -> Outcome {
        let applied = try await reporting(call) { () async throws(ConfigurationRefusal) in
            try await configuration.apply(
                expecting: hash, confirmWithin: timeout, keepsOpen: call.invocation.has("keep-open"),
                by: call.caller.name)
        }
        return await outcome(applied, liveKeys)
    }

    /// With what became of the listeners, where they change.
    private func outcome(
        _ applied: ActiveConfiguration.AppliedConfiguration, _ liveKeys: [String]
    ) async -> Outcome {
        var outcome = Self.outcome(applied)
        guard liveKeys.contains(where: { $0 != DaemonConfiguration.rolesKey }) else { return outcome }
        let troubles = await configuration.listenerTroubles()
        guard !troubles.isEmpty else { return outcome }
        outcome.message += "; \(troubles.joined(separator: "; "))"
        outcome.hint = outcome.hint ?? "`status` shows how it goes on: it is tried again every few seconds"
        return outcome
    }

    private func confirm(_ call: Call) async throws -> Outcome {
        let snapshot: Int
        do throws(ConfigurationRefusal) {
            snapshot = try await configuration.confirm()
        } catch {
            let failure = CommandFailure(error)
            guard case .io = error else { throw failure }
            throw CommandFailure(
                failure.code, failure.message, hint: "it still waits: confirm it again before it undoes itself")
        }
        return Outcome("snapshot \(snapshot) stays", after: "snapshot \(snapshot)")
    }

    private func undo(_ call: Call) async throws -> Outcome {
        let number = call.invocation.count("snapshot")
        let (plan, snapshot) = try await reporting(call) { () async throws(ConfigurationRefusal) in
            try await configuration.planUndo(to: number)
        }
        try await show(plan, call)
        try await call.confirm("Go back to snapshot \(snapshot)? \(Self.summary(plan))")
        let applied = try await reporting(call) { () async throws(ConfigurationRefusal) in
            try await configuration.undo(to: snapshot, expecting: plan.hash)
        }
        var outcome = Self.outcome(applied)
        outcome.hint = applied.trouble ?? "the files stay as they are: `config status` shows what they say"
        return outcome
    }

    // MARK: Parts

    /// About domains that come back.
    private static let keeping = "`--keep-open` keeps those invites good"
    private static let restartHint = "settings of the daemon itself take effect when it starts"

    /// Turns a refusal into a failure, with the mistakes in the files as lines of text before it.
    private func reporting<Value>(
        _ call: Call, _ body: () async throws(ConfigurationRefusal) -> Value
    ) async throws -> Value {
        let refusal: ConfigurationRefusal
        do throws(ConfigurationRefusal) {
            return try await body()
        } catch {
            refusal = error
        }
        if case .invalid(let mistakes) = refusal {
            for mistake in mistakes { try await call.output.text(mistake.description) }
        }
        throw CommandFailure(refusal)
    }

    private func show(_ plan: ConfigurationPlan, _ call: Call) async throws {
        for step in plan.steps {
            try await call.output.row([
                "host": .text(step.host ?? ""), "action": .text(step.action.rawValue),
                "lost": .list(step.losses.map(JSON.text)),
                "keys": .list(step.keys.map(JSON.text)), "hosts": .integer(step.host == nil ? 0 : 1),
                "plan": .text(plan.hash),
            ])
        }
        if plan.untouched > 0 {
            try await call.output.row([
                "host": "", "action": "untouched", "lost": [], "keys": [], "hosts": .integer(Int64(plan.untouched)),
                "plan": .text(plan.hash),
            ])
        }
    }

    private static func summary(_ plan: ConfigurationPlan) -> String {
        var parts = [ConfigurationPlan.Action.add, .remove, .update].compactMap { action in
            plan.count(action) > 0 ? "\(action.rawValue) \(plan.count(action))" : nil
        }
        if parts.isEmpty { parts = ["no host changes"] }
        if plan.changesRoles { parts.append("the roles change") }
        parts += plan.liveKeys.filter { $0 != DaemonConfiguration.rolesKey }.map { "`\($0)` changes" }
        if plan.wantsRestart { parts.append(restartHint) }
        let changes = parts.joined(separator: ", ")
        return plan.losses.isEmpty ? changes : "lost: \(plan.losses.summary()); \(changes)"
    }

    private static func outcome(_ applied: ActiveConfiguration.AppliedConfiguration) -> Outcome {
        let changes = "\(applied.added) added, \(applied.removed) removed, \(applied.changed) updated"
        let deadline = applied.deadline.map { "; it undoes itself at \($0.text) unless confirmed" } ?? ""
        return Outcome(
            "snapshot \(applied.after) runs: \(changes), \(applied.unchanged) untouched\(deadline)",
            hint: applied.deadline == nil ? applied.trouble : "`config confirm` keeps it", hosts: applied.hosts,
            before: "snapshot \(applied.before)",
            after: applied.losses.isEmpty
                ? "snapshot \(applied.after)"
                : "lost: \(applied.losses.summary(naming: 20)); snapshot \(applied.after)")
    }
}

extension ActiveConfiguration.Comparison {
    fileprivate var differsInDaemon: Bool { differences.contains { $0.host == nil } }
}

extension Caller {
    /// The caller's name, for the history.
    var name: String { uid.map { "\(user) (uid \($0))" } ?? user }
}
