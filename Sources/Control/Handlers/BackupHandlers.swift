internal import Invites
package import Runtime
internal import Shell
internal import Storage
package import Supervision

/// `host backup` and `host restore`: the only commands that transfer a file.
package struct BackupHandlers: Sendable {
    private let registry: HostRegistry
    /// Each takes a thread, files, and as much of the disk as the host's invites do.
    private let limiter = CommandLimiter(.init(all: 4, reservedForAdmins: 1, perUser: 2))
    /// How long one may take, even with a slow client: others wait for its slot.
    private static let longest = Duration.seconds(3600)
    private let sleep: @Sendable (Duration) async throws -> Void

    package init(_ registry: HostRegistry, dependencies: Dependencies) {
        self.registry = registry
        sleep = dependencies.sleep
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["host backup"] = { call in try await bounded(call, backUp) }
        handlers["host restore"] = { call in try await bounded(call, restore) }
    }

    private func bounded(
        _ call: Call, _ body: @escaping @Sendable (Call) async throws -> Outcome
    ) async throws -> Outcome {
        try await limiter.run(call) {
            let transfer = Task { try await body(call) }
            let timer = Task {
                try await sleep(Self.longest)
                transfer.cancel()
            }
            defer { timer.cancel() }
            do {
                return try await withTaskCancellationHandler {
                    try await transfer.value
                } onCancel: {
                    transfer.cancel()
                }
            } catch is CancellationError where !Task.isCancelled && call.recorded == nil {
                throw CommandFailure(
                    .failedBackup, "it was not done within an hour, and was given up; nothing was changed")
            }
        }
    }

    // MARK: Out

    private func backUp(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        guard call.output.carriesFiles else { throw CommandFailure(.data(most: 0)) }
        let backup = try await translated(host, "made") { try await registry.backUp(host) }
        var sent = 0
        while sent < backup.size {
            let (start, most) = (sent, ServerMessage.Question.mostData)
            let read = await onBlockingThread { Result { try backup.file.read(most, at: start) } }
            guard case .success(let bytes) = read, !bytes.isEmpty else {
                throw CommandFailure(.failedBackup, "the copy of \(host) cannot be read")
            }
            try await call.output.data(bytes)
            sent += bytes.count
        }
        let outcome = Outcome(hosts: [host], after: Plural.text(backup.count, "invite"))
        call.record(outcome)
        try await call.output.row(
            .row([
                "host": .text(host), "invites": .count(backup.count), "bytes": .count(backup.size),
                "made": .time(backup.madeAt),
            ]))
        return outcome
    }

    // MARK: In

    private func restore(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        guard call.output.carriesFiles else { throw CommandFailure(.data(most: 0)) }
        let backup = try await translated(host, "taken") { try await registry.receiveBackup(for: host) }
        try await receive(backup, call, host)
        let summary = try await translated(host, "taken") {
            try await registry.check(backup, for: host, isAnyHost: call.invocation.has("any-host"))
        }
        try await call.confirm(await question(summary, host, keepsOpen: call.invocation.has("keep-open")))
        let (restoration, trouble) = try await translated(host, "put in place") {
            try await registry.restore(backup, of: host, keepsOpen: call.invocation.has("keep-open"))
        }
        let outcome = Outcome(
            hint: trouble.map { "\(host) does not work all the same: \($0)" } ?? restoration.hint, hosts: [host],
            before: restoration.before, after: restoration.after)
        call.record(outcome)
        try await call.output.row(restoration.row(host))
        return outcome
    }

    private func receive(_ backup: IncomingBackup, _ call: Call, _ host: String) async throws {
        while true {
            guard let bytes = try await call.output.nextData() else {
                throw CommandFailure(.badBackup, "the file did not come to its end, and nothing was changed")
            }
            if bytes.isEmpty { return }
            guard bytes.count <= ServerMessage.Question.mostData else {
                throw CommandFailure(.badRequest, "these are more bytes than were asked for")
            }
            try await translated(host, "taken") {
                try await onBlockingThread { Result { try backup.append(bytes) } }.get()
            }
        }
    }

    private func question(_ summary: BackupSummary, _ host: String, keepsOpen: Bool) async -> String {
        let present = try? await registry.withInvites(of: host) { repository throws(StoreError) in
            try await repository.storedCount()
        }
        let old = present.map { "the \(Plural.text($0, "invite"))" } ?? "what there is, which cannot be read,"
        let made = summary.madeAt.map { " of \($0.text)" } ?? ""
        let open =
            keepsOpen
            ? "All links in it that were neither used up nor taken back work again."
            : "Links in it that do not work now stay so."
        return "Replace \(old) of \(host) by the \(Plural.text(summary.count, "invite")) of this backup\(made)? \(open)"
    }

    /// What the daemon refuses, in the words of the shell.
    private func translated<Value>(
        _ host: String, _ verb: String, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as InviteFailure {
            throw CommandFailure(error, host: host)
        } catch let error as BackupRefusal {
            throw CommandFailure(.badBackup, "\(error); nothing was changed", hint: error.hint)
        } catch let error as StoreError {
            let code: ResultCode =
                switch error {
                case .busy, .overloaded: .overloadedHost
                case .closed: .shuttingDown
                default: .failedBackup
                }
            throw CommandFailure(code, "the backup of \(host) cannot be \(verb): \(error)")
        }
    }
}

extension BackupRefusal {
    fileprivate var hint: String? {
        switch self {
        case .otherHost, .unnamedHost: "`--any-host` takes it all the same"
        case .newerSchema: "restore it with that version"
        default: nil
        }
    }
}

extension Restoration {
    fileprivate func row(_ host: String) -> JSON {
        .row([
            "host": .text(host), "invites": .count(count), "revoked": .count(revoked),
            "replaced": replaced.map(JSON.count), "kept": kept.map(JSON.text),
        ])
    }

    fileprivate var hint: String? {
        kept.map { "remove \($0) when nothing of it is needed any more: it holds links, too" }
    }

    /// For the journal.
    fileprivate var before: String {
        guard let kept else { return "no database" }
        return "\(replaced.map { Plural.text($0, "invite") } ?? "a database that cannot be read"), now in \(kept)"
    }

    fileprivate var after: String { "\(Plural.text(count, "invite")), \(revoked) of them revoked" }
}
