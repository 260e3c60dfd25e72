package import Invites
internal import Logging
internal import NIOCore
internal import Runtime
internal import Storage
internal import Synchronization

/// Why a host could not make an invite, or do something else with its invites.
package enum InviteRefusal: Error, Hashable, Sendable {
    /// The rules forbid it.
    case denied(InviteDenial)
    /// The name is promised to someone else by an invite that is still good.
    case usernameTaken
    /// The host has too much to do right now.
    case overloaded
    /// The daemon may not open more files right now.
    case tooManyOpenFiles
    /// The host's storage does not work; the reason is in the log.
    case unavailable
}

/// The invitation service of one host: the only owner of its state. It knows neither XML nor terminals.
package actor HostService {
    package nonisolated let host: String
    /// What the host has done since its service began.
    package nonisolated let activity = HostActivity()
    private var lifecycle: HostLifecycle {
        didSet { published.withLock { $0 = lifecycle } }
    }
    /// The same, for those who must not wait.
    private nonisolated let published: Mutex<HostLifecycle>
    private let store: InviteStore
    let surroundings: Dependencies
    private let deadlines: Deadlines
    private let quarantines: Quarantines
    private var entropy: Entropy
    private var retry: Task<Void, Never>?
    /// Counts the restarts, so that a try that one has overtaken changes nothing.
    private var restarts = 0
    /// Usernames of invites that are being stored.
    private var promising: Set<String> = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        surroundings.eventLoop.executor.asUnownedSerialExecutor()
    }

    init(
        _ host: String, store: InviteStore, surroundings: Dependencies, deadlines: Deadlines = Deadlines(),
        quarantines: Quarantines = Quarantines()
    ) {
        self.host = host
        self.quarantines = quarantines
        self.store = store
        self.deadlines = deadlines
        self.surroundings = surroundings
        entropy = surroundings.entropy
        let lifecycle = HostLifecycle(now: surroundings.now())
        self.lifecycle = lifecycle
        published = Mutex(lifecycle)
    }

    /// How the service is.
    nonisolated var lifecycleNow: HostLifecycle { published.withLock { $0 } }

    /// Makes the invites that are asked for.
    ///
    /// - Parameter policy: The host's rules.
    /// - Returns: For each request, in order, the invite, which is on disk when this returns, or why there is none.
    package func invite(
        _ requests: [InviteRequest], under policy: InvitePolicy
    ) async -> [Result<Invite, InviteRefusal>] {
        let now = surroundings.now()
        var results: [Result<Invite, InviteRefusal>] = []
        results.reserveCapacity(requests.count)
        var made: [Invite] = []
        made.reserveCapacity(requests.count)
        var promised: [String] = []
        for request in requests {
            do throws(InviteRefusal) {
                let invite = try makeInvite(request, under: policy, at: now)
                if let username = invite.promisedUsername {
                    try await promise(username, at: now)
                    promised.append(username)
                }
                made.append(invite)
                results.append(.success(invite))
            } catch {
                results.append(.failure(error))
            }
        }
        guard !made.isEmpty else { return results }
        do throws(InviteRefusal) {
            try await keep(promised) { [made] store throws(StoreError) in try await store.add(made) }
            noteSuccess(of: made.count)
            return results
        } catch {
            return results.map { $0.refused(error) }
        }
    }

    func makeInvite(
        _ request: InviteRequest, under policy: InvitePolicy, at now: Timestamp
    ) throws(InviteRefusal) -> Invite {
        do {
            return try policy.invite(for: request, token: .random(at: now, using: &entropy), at: now)
        } catch {
            throw .denied(error)
        }
    }

    /// Reserves a username (XEP-0401 §5.2): one that another invite fixes, which is still good or about to be stored,
    /// is refused.
    func promise(_ username: String, at now: Timestamp) async throws(InviteRefusal) {
        try reserve(username)
        do throws(InviteRefusal) {
            guard case .running = lifecycle.state else { throw .unavailable }
            if try await ask({ store throws(StoreError) in try await store.isPromised(username, at: now) }) {
                throw .usernameTaken
            }
        } catch {
            release(username)
            throw error
        }
    }

    /// Keeps a username from being promised until ``release(_:)``.
    func reserve(_ username: String) throws(InviteRefusal) {
        guard promising.insert(username).inserted else { throw .usernameTaken }
    }

    func release(_ username: String) {
        promising.remove(username)
    }

    /// Has the store keep invites, and lets go of their usernames once it has come to an end with that: it may yet store
    /// what is not waited for any more.
    func keep<Value: Sendable>(
        _ usernames: [String], _ operation: @escaping @Sendable (InviteStore) async throws(StoreError) -> Value
    ) async throws(InviteRefusal) -> Value {
        guard case .running = lifecycle.state else {
            promising.subtract(usernames)
            throw .unavailable
        }
        if usernames.isEmpty { return try await ask(operation) }
        return try await ask { store throws(StoreError) in
            do throws(StoreError) {
                let value = try await operation(store)
                await self.release(usernames)
                return value
            } catch {
                await self.release(usernames)
                throw error
            }
        }
    }

    private func release(_ usernames: [String]) {
        promising.subtract(usernames)
    }

    /// So many invites were stored.
    func noteSuccess(of count: Int) {
        lifecycle.succeeded()
        activity.made(count)
    }

    /// Has the store do something, and turns what goes wrong into a refusal and, where it is the store's fault, into
    /// quarantine.
    func ask<Value: Sendable>(
        _ operation: @escaping @Sendable (InviteStore) async throws(StoreError) -> Value
    ) async throws(InviteRefusal) -> Value {
        guard case .running = lifecycle.state else { throw .unavailable }
        let store = store
        let result = await deadlines.result(startedAt: surroundings.uptime()) { () async -> Result<Value, StoreError> in
            do throws(StoreError) {
                return .success(try await operation(store))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(.overloaded): throw .overloaded
        case .failure(.tooManyOpenFiles):
            surroundings.recordFileShortage()
            throw .tooManyOpenFiles
        // It closes when the daemon ends, which is no trouble of the host's.
        case .failure(.closed): throw .unavailable
        case .failure(let error): quarantine("\(error)")
        case nil where store.isAtWork: quarantine("its disk does not answer")
        // It never came to the front of the line: others' disks hang, or there is too much to do for all.
        case nil: throw .overloaded
        }
        throw .unavailable
    }

    /// Removes invites that have been of no use since the given time; returns how many.
    func removeExpired(before deadline: Timestamp) async -> Int {
        var total = 0
        while true {
            let removed = try? await ask { store throws(StoreError) in
                try await store.removeExpired(before: deadline, limit: Self.sweepSize)
            }
            guard let removed else { return total }
            total += removed
            if removed < Self.sweepSize { return total }
        }
    }

    /// Starts anew: opens the database again and tries it, also in quarantine.
    ///
    /// - Returns: What is wrong with the storage; `nil` when it works.
    func restart() async -> String? {
        retry?.cancel()
        restarts += 1
        lifecycle.restart(now: surroundings.now())
        quarantines.remove(self)
        do throws(InviteRefusal) {
            try await ask { store throws(StoreError) in
                await store.close()
                try await store.check()
            }
            surroundings.logger.notice("host restarted", metadata: ["host": "\(host)"])
            return nil
        } catch {
            switch error {
            case .overloaded: return "it has too much to do"
            case .tooManyOpenFiles: return "\(StoreError.tooManyOpenFiles)"
            case .denied, .usernameTaken, .unavailable: return lifecycle.lastTrouble ?? "it is just going"
            }
        }
    }

    /// Ends the service; what it has accepted is still finished by the store.
    func stop() async {
        lifecycle.stop(now: surroundings.now())
        quarantines.remove(self)
        retry?.cancel()
        await store.close()
    }

    /// Rows removed in one transaction: few enough that requests in between do not wait.
    private static let sweepSize = 500

    private func quarantine(_ reason: String) {
        guard let wait = lifecycle.failed(reason, now: surroundings.now(), using: &entropy) else { return }
        quarantines.insert(self)
        surroundings.logger.error("host quarantined", metadata: ["host": "\(host)", "reason": "\(reason)"])
        scheduleRetry(after: wait)
    }

    private func scheduleRetry(after wait: Duration) {
        let sleep = surroundings.sleep
        retry = Task { [weak self] in
            guard (try? await sleep(wait)) != nil else { return }
            await self?.tryAgain()
        }
    }

    private func tryAgain() async {
        guard case .quarantined = lifecycle.state else { return }
        let restarts = restarts
        do throws(StoreError) {
            // A damaged or replaced file is seen only by opening it anew.
            await store.close()
            try await store.check()
            guard restarts == self.restarts else { return }
            if lifecycle.recovered(now: surroundings.now()) {
                quarantines.remove(self)
                surroundings.logger.notice("host recovered", metadata: ["host": "\(host)"])
            } else {
                // The host went while the try was under way, which opened its database again.
                await store.close()
            }
        } catch {
            if case .tooManyOpenFiles = error { surroundings.recordFileShortage() }
            guard restarts == self.restarts else { return }
            // That the daemon lacks files says nothing of the host's storage.
            let reason =
                if case .tooManyOpenFiles = error { lifecycle.lastTrouble ?? "\(error)" } else { "\(error)" }
            guard let wait = lifecycle.retryFailed(reason, now: surroundings.now(), using: &entropy) else { return }
            surroundings.logger.warning(
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
