internal import Access
internal import Configuration
internal import Dispatch
package import Reconfiguration
internal import Shell
internal import Supervision
internal import YAML

/// `config save` and `config edit`.
package struct ConfigFileHandlers: Sendable {
    private let configuration: ActiveConfiguration

    /// A larger file is not sent to an editor through a socket.
    static let largestEdit = 131_072

    package init(_ configuration: ActiveConfiguration) {
        self.configuration = configuration
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["config save"] = { call in try await save(call) }
        handlers["config edit"] = { call in try await edit(call) }
    }

    // MARK: Saving

    private func save(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        var keys: [HostKey] = []
        for word in call.invocation.texts("key") {
            do {
                keys.append(try HostKey(named: word))
            } catch {
                throw CommandFailure(.invalidSetting, error.description)
            }
        }
        let saved: SavedHostFile
        do {
            saved = try await configuration.save(
                keys.isEmpty ? nil : keys, of: host, by: call.caller.name)
        } catch let error as HostFileSaveError {
            throw Self.failure(error, call.caller)
        } catch let refusal as ConfigurationRefusal {
            throw Self.failure(refusal, host)
        }
        let outcome = Outcome(
            "", hint: Self.warning(of: saved.lost), hosts: [host],
            before: Self.list(saved.settings.map { ($0.key, $0.before ?? "") }),
            after: Self.list(saved.settings.map { ($0.key, $0.after) }))
        call.record(outcome)
        for setting in saved.settings {
            try await call.output.row(
                .row([
                    "key": .text(setting.key.rawValue),
                    "before": setting.before.map(JSON.text),
                    "after": .text(setting.after),
                    "location": .text(setting.location.description),
                ]))
        }
        return outcome
    }

    private static func list(_ settings: [(key: HostKey, value: String)]) -> String {
        settings.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }

    /// What has to be repaired by hand after a file was replaced.
    private static func warning(of lost: [String]) -> String? {
        if lost.isEmpty { return nil }
        return "the file has lost its \(lost.joined(separator: " and ")), which the daemon could not keep"
    }

    // MARK: What went wrong

    private static func failure(_ error: HostFileSaveError, _ caller: Caller) -> CommandFailure {
        switch error {
        case .stale(let message):
            CommandFailure(.staleConfiguration, message, hint: "`config apply` brings file and daemon together")
        case .mistake(let mistake):
            CommandFailure(
                .invalidConfiguration, mistake.redacted(seeing: caller.hosts.contains).message,
                hint: "save first what was set where it was taken from")
        case .edit(let error):
            CommandFailure(.unwritableConfiguration, "\(error)", hint: "change the file by hand, and `config apply`")
        case .io(let message, let hint): CommandFailure(.unwritableConfiguration, message, hint: hint)
        }
    }

    private static func failure(_ refusal: ConfigurationRefusal, _ host: String) -> CommandFailure {
        switch refusal {
        case .unknownHost:
            CommandFailure(
                .refusedHost, "\(host) does not run, so nothing was set there", hint: "`host why \(host)` tells more")
        case .nothing(let message): CommandFailure(.nothingToDo, message, hint: "`host set` sets something")
        case .invalid(let mistakes):
            CommandFailure(
                .invalidConfiguration, mistakes.first?.description ?? "files have mistakes",
                hint: "`config check` shows all mistakes")
        default: CommandFailure(refusal)
        }
    }

    // MARK: Editing

    private func edit(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        guard let path = await configuration.file(of: host) else {
            throw CommandFailure(
                .staleConfiguration, "it is not known which file is that of \(host)",
                hint: "`host why \(host)` tells more")
        }
        let old = try await Self.read(path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let new = try await Self.ask(call, name: name, path: path, text: old) else {
            return Outcome("nothing was changed", hosts: [host])
        }
        let lost = try await Self.onBlockingThread { () throws(ConfigurationFile.Problem) in
            try ConfigurationFile.replace(path, expecting: Array(old.utf8), with: Array(new.utf8))
        }
        call.record(Outcome(hosts: [host], after: "\(path) is written, and not applied"))
        if let warning = Self.warning(of: lost) { try await call.output.text(warning) }
        return try await offerToApply(call, host: host, path: path)
    }

    /// Shows what an apply would do, and applies it if the person agrees. The file is written by now.
    private func offerToApply(_ call: Call, host: String, path: String) async throws -> Outcome {
        let later = Outcome(
            "\(path) is written, and not applied yet", hint: "`config apply` puts it in force", hosts: [host])
        do {
            let plan = try await configuration.plan()
            guard !plan.changesNothing else {
                // For the origins, and what a restart compares.
                _ = try await configuration.apply(expecting: plan.hash, by: call.caller.name)
                return Outcome("\(path) is written; nothing that runs changes", hosts: [host])
            }
            for step in plan.steps {
                let keys = step.keys.isEmpty ? "" : ": \(step.keys.joined(separator: ", "))"
                try await call.output.text("\(step.action.rawValue) \(step.host ?? "the daemon")\(keys)")
            }
            do {
                try await call.confirm("apply this?")
            } catch let failure as CommandFailure where failure.code == .refused || failure.code == .unconfirmed {
                return later
            }
            // What else the files say by now is in force, too, on whichever host.
            let applied = try await configuration.apply(expecting: plan.hash, by: call.caller.name)
            return Outcome(
                "\(path) is written and applied", hosts: [host] + applied.hosts.filter { $0 != host },
                before: "snapshot \(applied.before)", after: "snapshot \(applied.after)")
        } catch let refusal as ConfigurationRefusal {
            let failure = Self.failure(refusal, host)
            throw CommandFailure(
                failure.code, "\(path) is written, and not applied: \(failure.message)", hint: failure.hint)
        }
    }

    private static func read(_ path: String) async throws(CommandFailure) -> String {
        let bytes = try await onBlockingThread { () throws(ConfigurationFile.Problem) in
            try ConfigurationFile.requireReplaceable(path)
            return try ConfigurationFile.read(path, isShown: true)
        }
        guard bytes.count <= largestEdit else {
            throw CommandFailure(.badArgument, "\(path) is too large to edit here: more than \(largestEdit) bytes")
        }
        // Bytes that are not UTF-8 would not survive the round trip.
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.badArgument, "\(path) is not UTF-8, so it cannot be edited here")
        }
        return text
    }

    /// Has the person change the text until it is good.
    ///
    /// - Returns: `nil` when they leave it as it is.
    private static func ask(
        _ call: Call, name: String, path: String, text old: String
    ) async throws -> String? {
        var text = old
        var mistakes: [String] = []
        while true {
            guard let answer = try await call.output.ask(.edit(name: name, text: text, mistakes: mistakes)) else {
                return nil
            }
            // Swift's own equality takes different texts for one when Unicode does.
            if answer.utf8.elementsEqual(old.utf8) { return nil }
            guard mistakes.isEmpty || !answer.utf8.elementsEqual(text.utf8) else {
                throw CommandFailure(
                    .invalidConfiguration, "the text still has mistakes, so nothing was changed: \(mistakes[0])")
            }
            text = answer
            if answer.utf8.count > largestEdit {
                mistakes = ["the text is larger than \(largestEdit) bytes"]
            } else {
                mistakes = HostFileEditor.mistakes(in: Array(answer.utf8), file: path).map(\.description)
            }
            if mistakes.isEmpty { return answer }
        }
    }

    /// Runs what may block on a disk outside the cooperative thread pool.
    private static func onBlockingThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws(ConfigurationFile.Problem) -> Value
    ) async throws(CommandFailure) -> Value {
        let result: Result<Value, ConfigurationFile.Problem> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Result(catching: body)) }
        }
        switch result {
        case .success(let value): return value
        case .failure(.changed):
            throw CommandFailure(
                .staleConfiguration, "the file has been changed by somebody else meanwhile", hint: "edit it again")
        case .failure(.io(let message, let hint)):
            throw CommandFailure(.unwritableConfiguration, message, hint: hint)
        }
    }
}
