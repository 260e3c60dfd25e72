package import Configuration
package import Invites
internal import Logging
internal import Runtime
internal import Supervision
internal import XMPP

/// Changes of the configuration as a whole: one at a time, each all or nothing.
extension ActiveConfiguration {
    /// The outcome of a change.
    package struct AppliedConfiguration: Hashable, Sendable {
        package let added: Int
        package let removed: Int
        package let changed: Int
        package let unchanged: Int
        /// The hosts that were added, removed or changed, ordered by name.
        package let hosts: [String]
        /// What hosts have lost, or what was opened on them.
        package let losses: ConfigurationLosses
        /// The numbers of the snapshots that ran before and that run now.
        package let before: Int
        package let after: Int
        /// When it undoes itself unless it is confirmed.
        package let deadline: Timestamp?
        /// What a restart would not do as it should, and why; `nil` when all is on the disk.
        package let trouble: String?

        init(
            _ diff: ConfigurationDiff, losses: ConfigurationLosses, before: Int, after: Int, deadline: Timestamp? = nil,
            trouble: String? = nil
        ) {
            added = diff.added.count
            removed = diff.removed.count
            changed = diff.changed.count
            unchanged = diff.unchanged
            hosts = (diff.added.map(\.host) + diff.removed + diff.changed.map(\.host)).sorted()
            self.losses = losses
            self.before = before
            self.after = after
            self.deadline = deadline
            self.trouble = trouble
        }

        /// A sentence about the change, with what was lost before it.
        fileprivate func summary(_ text: String) -> String {
            losses.isEmpty ? text : "lost: \(losses.summary(naming: 20)); \(text)"
        }
    }

    // MARK: Applying

    /// Applies the files. With a mistake in any file nothing changes; otherwise every host that differs gets its new
    /// configuration, new hosts start and removed ones stop. What does not differ is not touched.
    ///
    /// - Parameters:
    ///   - hash: The expected hash of the plan; `nil` for whatever the files say.
    ///   - timeout: The time after which it undoes itself unless ``confirm(by:)`` is called before.
    ///   - keepsOpen: Whether the invites of hosts that were served before, and are again, stay good.
    ///   - by: Who applies it, for the history.
    /// - Throws: ``ConfigurationRefusal``; then nothing has changed.
    package func apply(
        expecting hash: String?, confirmWithin timeout: Lifetime? = nil, keepsOpen: Bool = false, by: String,
        cause: ConfigurationEvent.Cause = .command
    ) async throws(ConfigurationRefusal) -> AppliedConfiguration {
        try transaction.checkIdle()
        return try await inTurn { configuration in
            await Result { () async throws(ConfigurationRefusal) in
                try await configuration.applyNow(
                    expecting: hash, confirmWithin: timeout, keepsOpen: keepsOpen, by: by, cause: cause)
            }
        }.get()
    }

    /// Does what was prepared, as ``apply(expecting:confirmWithin:by:cause:)`` does.
    ///
    /// - Throws: ``ConfigurationRefusal/stale`` when something else runs by now, or has been set.
    package func apply(
        _ prepared: PreparedApply, confirmWithin timeout: Lifetime? = nil, by: String
    ) async throws(ConfigurationRefusal) -> AppliedConfiguration {
        try await inTurn { configuration in
            await Result { () async throws(ConfigurationRefusal) in
                try await configuration.applyNow(prepared, confirmWithin: timeout, by: by)
            }
        }.get()
    }

    private func applyNow(
        expecting hash: String?, confirmWithin timeout: Lifetime?, keepsOpen: Bool, by: String,
        cause: ConfigurationEvent.Cause
    ) async throws(ConfigurationRefusal) -> AppliedConfiguration {
        try transaction.checkIdle()
        let (new, newDaemon) = try await loadGood()
        let revision = revision
        if let hash {
            guard await plan(for: new, newDaemon, keepsOpen: true).hash == hash, self.revision == revision else {
                throw .stale
            }
        }
        return try await applyNow(
            new, newDaemon, isPlanned: hash != nil, confirmWithin: timeout, keepsOpen: keepsOpen, by: by, cause: cause)
    }

    private func applyNow(
        _ prepared: PreparedApply, confirmWithin timeout: Lifetime?, by: String
    ) async throws(ConfigurationRefusal) -> AppliedConfiguration {
        try transaction.checkIdle()
        guard revision == prepared.revision, transaction.generation == prepared.generation else { throw .stale }
        return try await applyNow(
            prepared.base, prepared.daemon, isPlanned: true, confirmWithin: timeout, keepsOpen: prepared.keepsOpen,
            by: by,
            cause: .command)
    }

    /// - Parameter isPlanned: Whether only what runs now is to be changed.
    private func applyNow(
        _ new: BaseLayer, _ newDaemon: DaemonConfiguration, isPlanned: Bool, confirmWithin timeout: Lifetime?,
        keepsOpen: Bool, by: String, cause: ConfigurationEvent.Cause
    ) async throws(ConfigurationRefusal) -> AppliedConfiguration {
        // Before the hosts run, which then have their databases to themselves.
        let returning = keepsOpen ? [:] : await returning(to: new)
        let revision = revision
        try checkOverrides(over: new)
        let deadline = timeout.map { dependencies.now().advanced(by: $0) }
        let isSame = new.files == base.files
        let move = try transaction.applying(isSame: isSame, confirmedBy: deadline)
        if move.isDurableFirst {
            try await write(move.record, keeping: transaction.record.running)
            do throws(ConfigurationRefusal) {
                // Overrides may have been set meanwhile.
                if isPlanned, self.revision != revision { throw .stale }
                try checkOverrides(over: new)
            } catch {
                try? await snapshots.write(nil, transaction.record)
                throw error
            }
        }
        let old = runningSnapshot
        let before = old.header.number
        if move.record.pending != nil { pending = PendingChange(back: base.asSnapshot(before)) }
        let diff = run(new, keepsOpen: keepsOpen, isPending: move.record.pending != nil)
        let losses = ConfigurationLosses(diff, returning: returning)
        transaction.commit(move)
        registry.replaceRefused([])
        if !isSame {
            keep(new, move.record, before: old, by: by)
        }
        if let timeout, move.record.pending != nil { undo(after: timeout, unlessConfirmed: move.record) }
        await absent.finish()
        logApplied(diff, losses, newDaemon)
        let applied = AppliedConfiguration(
            diff, losses: losses, before: before, after: move.record.running, deadline: transaction.deadline)
        tell(cause, applied.summary("applied the files as snapshot \(applied.after)"), applied.hosts)
        return applied
    }

    /// Says what hosts have lost, before anything else about the change.
    static func log(_ losses: ConfigurationLosses, _ logger: Logger) {
        if losses.isEmpty { return }
        logger.warning(
            "the configuration takes something away", metadata: ["lost": "\(losses.summary(naming: 20))"])
    }

    private func logApplied(
        _ diff: ConfigurationDiff, _ losses: ConfigurationLosses, _ newDaemon: DaemonConfiguration
    ) {
        Self.log(losses, dependencies.logger)
        let fixed = newDaemon.restartDifferences(from: daemon)
        if !fixed.isEmpty {
            dependencies.logger.warning(
                "settings that take effect after a restart", metadata: ["keys": "\(fixed.joined(separator: ", "))"])
        }
        dependencies.logger.notice(
            "configuration reloaded",
            metadata: [
                "added": "\(diff.added.count)", "removed": "\(diff.removed.count)", "changed": "\(diff.changed.count)",
                "unchanged": "\(diff.unchanged)",
            ])
    }

    // MARK: Confirming

    /// Confirms the change that waits for it.
    ///
    /// - Returns: The number of its snapshot.
    /// - Throws: ``ConfigurationRefusal/nothing(_:)`` when none waits, or ``ConfigurationRefusal/io(_:)`` when it cannot
    ///   be made to survive a restart; then it continues to wait.
    package func confirm() async throws(ConfigurationRefusal) -> Int {
        try await inTurn { configuration in
            await Result { () async throws(ConfigurationRefusal) in try await configuration.confirmNow() }
        }.get()
    }

    private func confirmNow() async throws(ConfigurationRefusal) -> Int {
        let move = try transaction.confirming()
        try await write(move.record, keeping: move.record.running)
        transaction.commit(move)
        if let back = pending?.back {
            absent.left(back.hosts.keys.filter { base.hosts[$0] == nil }, at: dependencies.now())
            await absent.finish()
        }
        forgetPending()
        dependencies.logger.notice("configuration confirmed", metadata: ["snapshot": "\(move.record.running)"])
        return move.record.running
    }

    // MARK: Undoing

    /// Restores a snapshot; the files stay as they are, and a restart ignores them until they change. Removed hosts
    /// return with the invites that they had.
    ///
    /// - Parameters:
    ///   - number: Which; `nil` for what ran before the change that waits to be confirmed, or before the last one.
    ///   - hash: The expected hash of the plan; `nil` for any.
    /// - Throws: ``ConfigurationRefusal``; then nothing has changed.
    package func undo(
        to number: Int?, expecting hash: String?
    ) async throws(ConfigurationRefusal) -> AppliedConfiguration {
        try await inTurn { configuration in
            await Result { () async throws(ConfigurationRefusal) in
                try await configuration.undoNow(to: number, expecting: hash, cause: .command)
            }
        }.get()
    }

    private func undoNow(
        to number: Int?, expecting hash: String?, cause: ConfigurationEvent.Cause
    ) async throws(ConfigurationRefusal) -> AppliedConfiguration {
        let move = try undoing(to: number)
        let old = try await layer(ofSnapshot: move.record.running)
        let revision = revision
        if let hash {
            guard await plan(for: old, keepsOpen: true).hash == hash, self.revision == revision else { throw .stale }
        }
        if cause == .command { try checkOverrides(over: old) } else { dropConflicts(over: old) }
        let before = transaction.record.running
        let diff = run(old)
        transaction.commit(move)
        registry.replaceRefused([])
        forgetPending()
        header = snapshots.headers.first { $0.number == move.record.running } ?? header
        var trouble: String?
        do throws(ConfigurationRefusal) {
            try await snapshots.write(nil, move.record)
        } catch {
            trouble = "a restart may not bring snapshot \(move.record.running) back: \(error)"
        }
        await absent.finish()
        Self.log(diff.losses, dependencies.logger)
        dependencies.logger.notice(
            "configuration undone", metadata: ["snapshot": "\(move.record.running)", "cause": "\(cause.rawValue)"])
        let applied = AppliedConfiguration(
            diff, losses: diff.losses, before: before, after: move.record.running, trouble: trouble)
        tell(cause, applied.summary("went back to snapshot \(applied.after)"), applied.hosts)
        return applied
    }

    /// What restoring a snapshot would do, and its number.
    ///
    /// - Throws: ``ConfigurationRefusal``.
    package func planUndo(
        to number: Int?
    ) async throws(ConfigurationRefusal) -> (plan: ConfigurationPlan, snapshot: Int) {
        let target = try undoing(to: number).record.running
        return (await plan(for: try await layer(ofSnapshot: target), keepsOpen: true), target)
    }

    private func undoing(to number: Int?) throws(ConfigurationRefusal) -> ConfigurationTransaction.Move {
        try transaction.undoing(
            to: number, before: header.before, among: snapshots.headers.map(\.number),
            files: base.isFiles ? base.files.description : nil)
    }

    private func layer(ofSnapshot number: Int) async throws(ConfigurationRefusal) -> BaseLayer {
        if let pending, transaction.record.pending?.back == number { return pending.back }
        return BaseLayer(try await snapshots.read(number))
    }

    private func undo(after timeout: Lifetime, unlessConfirmed record: ConfigurationTransaction.Record) {
        let sleep = dependencies.sleep
        pending?.deadline = Task { [weak self] in
            guard (try? await sleep(.seconds(timeout.seconds))) != nil else { return }
            await self?.deadlinePassed(of: record)
        }
    }

    private func deadlinePassed(of record: ConfigurationTransaction.Record) async {
        let result: Result<AppliedConfiguration, ConfigurationRefusal>? = await inTurn { configuration in
            guard await configuration.transaction.record == record else { return nil }
            return await Result { () async throws(ConfigurationRefusal) in
                try await configuration.undoNow(to: nil, expecting: nil, cause: .deadline)
            }
        }
        if case .failure(let refusal) = result {
            dependencies.logger.error(
                "cannot undo what was not confirmed", metadata: ["reason": "\(refusal)"])
            tell(.deadline, "what was not confirmed could not be undone", [], isDone: false)
        }
    }

    private func forgetPending() {
        pending?.deadline?.cancel()
        pending = nil
        dropOverridesOfGoneHosts()
    }

    // MARK: Parts

    /// Runs a body after all that was requested before, to its end even if the caller is cancelled.
    func inTurn<Value: Sendable>(_ body: @escaping @Sendable (ActiveConfiguration) async -> Value) async -> Value {
        let previous = turn
        let task = Task {
            await previous?.value
            return await body(self)
        }
        turn = Task { _ = await task.value }
        return await task.value
    }

    /// Writes a record onto the disk, after the snapshot that it needs.
    private func write(
        _ record: ConfigurationTransaction.Record, keeping number: Int
    ) async throws(ConfigurationRefusal) {
        let isKept = await snapshots.has(number)
        try await snapshots.write(isKept ? nil : runningSnapshot, record)
    }

    /// What runs, as it came into force.
    var runningSnapshot: ConfigurationSnapshot {
        ConfigurationSnapshot(
            number: transaction.record.running, before: header.before, time: header.time, by: header.by,
            files: base.files, hosts: base.hosts, shell: base.shell, http: base.http)
    }

    /// Has what runs now written down as a snapshot, some time later, and what ran before, if the disk did not take it
    /// then.
    func keep(
        _ base: BaseLayer, _ record: ConfigurationTransaction.Record, before old: ConfigurationSnapshot, by: String
    ) {
        let before = old.header.number
        let snapshot = ConfigurationSnapshot(
            number: record.running, before: before, time: dependencies.now(), by: by, files: base.files,
            hosts: base.hosts, shell: base.shell, http: base.http)
        header = snapshot.header
        // What ran before may be older than all stored snapshots, and is what an undo restores.
        let needed = transaction.needed.union([before])
        if !snapshots.headers.contains(where: { $0.number == before }) {
            snapshots.writeLater(old, record, needed: needed)
        }
        snapshots.writeLater(snapshot, record, needed: needed)
    }

    private func checkOverrides(over new: BaseLayer) throws(ConfigurationRefusal) {
        let conflicts = new.conflicts(with: overrides, component: daemon.component.jid.domain)
        guard conflicts.isEmpty else {
            throw .conflicting(
                conflicts.sorted { $0.key < $1.key }.map { host, mistake in
                    "`service_address` of \(host) was set at run time, but \(mistake)"
                })
        }
    }

    /// Drops the overrides that conflict where the change cannot be refused. A host that returns to the address of its
    /// file may then conflict with another, so it may take several rounds.
    private func dropConflicts(over new: BaseLayer) {
        while true {
            let conflicts = new.conflicts(with: overrides, component: daemon.component.jid.domain)
            if conflicts.isEmpty { return }
            for (host, mistake) in conflicts.sorted(by: { $0.key < $1.key }) {
                overrides[host]?.drop([.serviceAddress])
                if overrides[host]?.isEmpty == true { overrides[host] = nil }
                dependencies.logger.warning(
                    "dropped a service address that was set", metadata: ["host": "\(host)", "reason": "\(mistake)"])
            }
        }
    }

    /// Notifies those who subscribed to changes of the configuration.
    func tell(_ cause: ConfigurationEvent.Cause, _ summary: String, _ hosts: [String], isDone: Bool = true) {
        let event = event(cause, summary, hosts, isDone: isDone)
        for follower in configurationFollowers { follower(event) }
    }

    func event(
        _ cause: ConfigurationEvent.Cause, _ summary: String, _ hosts: [String], isDone: Bool = true
    ) -> ConfigurationEvent {
        ConfigurationEvent(
            cause: cause, isOfFiles: cause == .command || cause == .signal, isDone: isDone, summary: summary,
            hosts: hosts, running: self.hosts.count,
            refused: refused.count)
    }
}

extension Result {
    /// What an async body returns or throws.
    nonisolated(nonsending) init(_ body: () async throws(Failure) -> Success) async {
        do throws(Failure) {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
