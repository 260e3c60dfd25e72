package import Invites
internal import Logging
internal import NIOCore
internal import Runtime
package import Storage
internal import Synchronization

/// Why a host could not make an invite, or do something else with its invites.
package enum InviteRefusal: Error, Hashable, Sendable {
    /// The rules forbid it.
    case denied(InviteDenial)
    /// The server has an account of that name.
    case accountExists
    /// It conflicts with other invites of the host.
    case conflict(InviteConflict)
    /// The host has too much to do right now.
    case overloaded
    /// The daemon may not open more files right now.
    case tooManyOpenFiles
    /// The host's storage does not work; the reason is in the log.
    case unavailable
}

/// How a call uses a host's storage: on a full disk, all but ``storing`` continues.
package enum StorageUse: Hashable, Sendable {
    case reading
    /// Adds or changes invites.
    case storing
    case removing
}

/// The invitation service of one host: the only owner of its state. It knows neither XML nor terminals.
package actor HostService {
    package nonisolated let host: String
    /// What the host has done since its service began.
    package nonisolated let activity = HostActivity()
    private var lifecycle: HostLifecycle {
        didSet { published.withLock { $0 = lifecycle } }
    }
    /// A copy of ``lifecycle`` that can be read without waiting for the actor.
    private nonisolated let published: Mutex<HostLifecycle>
    private let repository: any InviteRepository
    let dependencies: Dependencies
    let peers: HostPeers
    /// What follows from redemptions.
    var work = WorkState()
    /// What is revoked before anything else is done; `nil` where nothing is.
    var olderInvites: OlderInvites?
    let deadlines: Deadlines
    private let quarantines: Quarantines
    private var entropy: Entropy
    private var retry: Task<Void, Never>?
    /// Counts the restarts, so that a try that one has overtaken changes nothing.
    private var restarts = 0
    /// How many rows were stored when they were last counted.
    private var storedCount = 0
    private var hasWarnedOfLimit = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        dependencies.eventLoop.executor.asUnownedSerialExecutor()
    }

    init(
        _ host: String, repository: any InviteRepository, dependencies: Dependencies,
        deadlines: Deadlines = Deadlines(), quarantines: Quarantines = Quarantines(),
        peers: HostPeers = .nobody, revoking olderInvites: OlderInvites? = nil
    ) {
        self.host = host
        self.quarantines = quarantines
        self.repository = repository
        self.deadlines = deadlines
        self.dependencies = dependencies
        self.peers = peers
        self.olderInvites = olderInvites
        entropy = dependencies.entropy
        let lifecycle = HostLifecycle(now: dependencies.now())
        self.lifecycle = lifecycle
        published = Mutex(lifecycle)
    }

    /// The state of the service.
    nonisolated var lifecycleNow: HostLifecycle { published.withLock { $0 } }

    /// Makes the invites that are asked for.
    ///
    /// - Parameter policy: The host's rules.
    /// - Returns: For each request, in order, the invite, which is on disk when this returns, or why there is none.
    package func invite(
        _ requests: [InviteRequest], under policy: InvitePolicy
    ) async -> [Result<Invite, InviteRefusal>] {
        let now = dependencies.now()
        var results: [Result<Invite, InviteRefusal>] = []
        results.reserveCapacity(requests.count)
        var made: [NewInvite] = []
        made.reserveCapacity(requests.count)
        for request in requests {
            do throws(InviteRefusal) {
                let new = try makeInvite(request, under: policy, at: now)
                made.append(new)
                results.append(.success(new.invite))
            } catch {
                results.append(.failure(error))
            }
        }
        guard !made.isEmpty else { return results }
        do throws(InviteRefusal) {
            var stored = try await add(made, limit: policy.maxInvites).results[...]
            return results.map { result in
                guard case .success(let invite) = result, let outcome = stored.popFirst() else { return result }
                return outcome.map { _ in invite }.mapError { .conflict($0) }
            }
        } catch {
            return results.map { $0.refused(error) }
        }
    }

    /// Makes what an operator asks for. It is on disk when this returns.
    func invite(_ request: OperatorRequest, under policy: InvitePolicy) async throws(InviteRefusal) -> OperatorInvite {
        let new = try makeInvite(.operated(request), under: policy, at: dependencies.now())
        let addition = try await add([new], limit: policy.maxInvites)
        switch addition.results.first {
        case .success(let number)?:
            // What operators make is not limited, so the transaction may not have counted the rows.
            if addition.storedCount == nil, case .atMost = policy.maxInvites {
                let count = try? await use(.reading) { repository throws(StoreError) in
                    try await repository.storedCount()
                }
                if let count { storedCount = count }
            }
            return OperatorInvite(
                StoredInvite(number: number, invite: new.invite), limit: reachedLimit(policy.maxInvites))
        case .failure(let conflict)?: throw .conflict(conflict)
        case nil: throw .unavailable
        }
    }

    private func makeInvite(
        _ request: InviteRequest, under policy: InvitePolicy, at now: Timestamp
    ) throws(InviteRefusal) -> NewInvite {
        do {
            let invite = try policy.invite(for: request, token: .random(at: now, using: &entropy), at: now)
            return NewInvite(invite, limits: policy.limits(for: request))
        } catch {
            throw .denied(error)
        }
    }

    private func add(_ invites: [NewInvite], limit: Limit) async throws(InviteRefusal) -> InviteAddition {
        let addition = try await use(.storing) { repository throws(StoreError) in try await repository.add(invites) }
        let count = addition.results.reduce(0) { count, result in
            if case .success = result { count + 1 } else { count }
        }
        if count > 0 { lifecycle.succeeded() }
        activity.made(count)
        if let count = addition.storedCount { storedCount = count }
        warn(of: limit)
        return addition
    }

    /// How many rows are stored, and how many may be, where that is little more.
    private func reachedLimit(_ limit: Limit) -> OperatorInvite.Limit? {
        guard limit.isNearlyReached(by: storedCount), case .atMost(let limit) = limit else { return nil }
        return OperatorInvite.Limit(stored: storedCount, limit: limit)
    }

    private func warn(of limit: Limit) {
        guard let reached = reachedLimit(limit) else {
            hasWarnedOfLimit = false
            return
        }
        if hasWarnedOfLimit { return }
        hasWarnedOfLimit = true
        dependencies.logger.warning(
            "host has nearly as many invites as it may have",
            metadata: ["host": "\(host)", "stored": "\(reached.stored)", "limit": "\(reached.limit)"])
    }

    /// Calls the repository, and turns errors into a refusal and, where the storage has failed,
    /// into quarantine.
    package func use<Value: Sendable>(
        _ use: StorageUse,
        _ operation: @escaping @Sendable (any InviteRepository) async throws(StoreError) -> Value
    ) async throws(InviteRefusal) -> Value {
        if olderInvites != nil { try await revokeOlderInvites() }
        return try await perform(use, operation)
    }

    /// The same, whatever has to be done first.
    func perform<Value: Sendable>(
        _ use: StorageUse,
        _ operation: @escaping @Sendable (any InviteRepository) async throws(StoreError) -> Value
    ) async throws(InviteRefusal) -> Value {
        guard lifecycle.allows(use) else { throw .unavailable }
        let repository = repository
        let result = await deadlines.result(startedAt: dependencies.uptime()) { () async -> Result<Value, StoreError> in
            do throws(StoreError) {
                return .success(try await operation(repository))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value):
            if use == .removing, lifecycle.state == .quarantined { tryAgainNow() }
            return value
        case .failure(.overloaded): throw .overloaded
        case .failure(.tooManyOpenFiles):
            dependencies.recordFileShortage()
            throw .tooManyOpenFiles
        // It closes when the daemon ends, which is no failure of the host.
        case .failure(.closed): throw .unavailable
        case .failure(let error): quarantine("\(error)", isFull: error == .full)
        case nil where repository.activity == .call: quarantine("its disk does not answer")
        // It never had its turn: others' disks hang, or there is too much to do for all. Or its storage is being
        // converted, which takes a while.
        case nil: throw .overloaded
        }
        throw .unavailable
    }

    /// The invite with a token, if it is known without waiting; `nil` says nothing.
    nonisolated func recentInvite(withToken token: Token) -> StoredInvite? {
        lifecycleNow.allows(.reading) ? repository.recentInvite(withToken: token) : nil
    }

    /// Removes invites and redemptions that are of no use since the given time or longer; returns how many invites.
    func removeEnded(by deadline: Timestamp) async -> Int {
        let total = await remove { repository, start throws(StoreError) in
            try await repository.remove(InviteFilter(endedBy: deadline), after: start, through: .max)
        }
        _ = await remove { repository, start throws(StoreError) in
            try await repository.removeReleased(endedBy: deadline, after: start)
        }
        return total
    }

    private func remove(
        _ stretch: @escaping @Sendable (any InviteRepository, Int64) async throws(StoreError) -> InviteTally
    ) async -> Int {
        var total = 0
        var start: Int64? = 0
        while let after = start {
            let tally = try? await use(.removing) { repository throws(StoreError) in
                try await stretch(repository, after)
            }
            guard let tally else { break }
            total += tally.count
            start = tally.next
        }
        return total
    }

    /// Restarts: opens the database again and tries it, also in quarantine.
    ///
    /// - Returns: What is wrong with the storage; `nil` when it works.
    func restart() async -> String? {
        retry?.cancel()
        restarts += 1
        lifecycle.restart(now: dependencies.now())
        quarantines.remove(self)
        do throws(InviteRefusal) {
            try await use(.storing) { repository throws(StoreError) in
                await repository.close()
                try await repository.check()
            }
            dependencies.logger.notice("host restarted", metadata: ["host": "\(host)"])
            startWork()
            return nil
        } catch {
            switch error {
            case .overloaded: return "it has too much to do"
            case .tooManyOpenFiles: return "\(StoreError.tooManyOpenFiles)"
            case .denied, .accountExists, .conflict, .unavailable: return lifecycle.lastTrouble ?? "it is just going"
            }
        }
    }

    /// Ends the service; what it has accepted is still finished by the store.
    func stop() async {
        lifecycle.stop(now: dependencies.now())
        quarantines.remove(self)
        retry?.cancel()
        work.cancel()
        await repository.close()
    }

    private func quarantine(_ reason: String, isFull: Bool = false) {
        guard let wait = lifecycle.failed(reason, isFull: isFull, now: dependencies.now(), using: &entropy) else {
            return
        }
        quarantines.insert(self)
        dependencies.logger.error("host quarantined", metadata: ["host": "\(host)", "reason": "\(reason)"])
        scheduleRetry(after: wait)
    }

    private func scheduleRetry(after wait: Duration) {
        let sleep = dependencies.sleep
        retry = Task { [weak self] in
            guard (try? await sleep(wait)) != nil else { return }
            await self?.tryAgain()
        }
    }

    /// Room was made: it is not waited for the next try.
    private func tryAgainNow() {
        retry?.cancel()
        retry = Task { [weak self] in await self?.tryAgain() }
    }

    private func tryAgain() async {
        guard case .quarantined = lifecycle.state else { return }
        let restarts = restarts
        do throws(StoreError) {
            // A damaged or replaced file is noticed only when it is opened again.
            await repository.close()
            try await repository.check()
            guard restarts == self.restarts else { return }
            if lifecycle.recovered(now: dependencies.now()) {
                quarantines.remove(self)
                dependencies.logger.notice("host recovered", metadata: ["host": "\(host)"])
                startWork()
            } else {
                // The host was removed while the try was under way, which opened its database again.
                await repository.close()
            }
        } catch {
            if case .tooManyOpenFiles = error { dependencies.recordFileShortage() }
            guard restarts == self.restarts else { return }
            // That the daemon lacks files says nothing of the host's storage.
            let reason =
                if case .tooManyOpenFiles = error { lifecycle.lastTrouble ?? "\(error)" } else { "\(error)" }
            let isFull = if case .tooManyOpenFiles = error { lifecycle.hasFullDisk } else { error == .full }
            guard let wait = lifecycle.retryFailed(reason, isFull: isFull, now: dependencies.now(), using: &entropy)
            else { return }
            dependencies.logger.warning(
                "host still quarantined", metadata: ["host": "\(host)", "reason": "\(reason)"])
            scheduleRetry(after: wait)
        }
    }
}

extension Result<Invite, InviteRefusal> {
    /// A success turned into the refusal.
    fileprivate func refused(_ refusal: InviteRefusal) -> Self {
        if case .success = self { .failure(refusal) } else { self }
    }
}
