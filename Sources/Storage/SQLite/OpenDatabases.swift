internal import Synchronization

/// Bounds the number of open databases: opening one more closes the least recently used one.
final class OpenDatabases: Sendable {
    private struct State {
        var open: [ObjectIdentifier: (store: InviteStore, lastUse: UInt64)] = [:]
        var uses: UInt64 = 0
        var evictions = 0
        var commits = 0

        mutating func use(_ store: InviteStore) {
            uses += 1
            open[ObjectIdentifier(store)] = (store, uses)
        }

        mutating func evict() -> InviteStore? {
            // Mostly the oldest is idle.
            guard let oldest = open.values.min(by: { $0.lastUse < $1.lastUse }) else { return nil }
            let victim: InviteStore
            if oldest.store.claim() {
                victim = oldest.store
            } else {
                let byAge = open.values.sorted { $0.lastUse < $1.lastUse }.dropFirst()
                guard let idle = byAge.first(where: { $0.store.claim() }) else { return nil }
                victim = idle.store
            }
            open[ObjectIdentifier(victim)] = nil
            evictions += 1
            return victim
        }
    }

    let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: At least the number of threads that open databases; then one of those that are open is always
    ///   idle when another thread opens one more.
    init(limit: Int) {
        self.limit = limit
    }

    /// Makes room for `store` to open its database.
    ///
    /// - Returns: The store that has to close. It is held by the caller, who must close it before opening another.
    func makeRoom(for store: InviteStore) -> InviteStore? {
        state.withLock { state in
            let victim = state.open.count >= limit ? state.evict() : nil
            state.use(store)
            return victim
        }
    }

    /// Makes room for files in another way than by the limit: any idle database gives its own.
    ///
    /// - Returns: As ``makeRoom(for:)``; `nil` when none is idle.
    func evict() -> InviteStore? {
        state.withLock { $0.evict() }
    }

    /// Notes that `store`, which has its place, was used.
    func noteUse(of store: InviteStore) {
        state.withLock { $0.use(store) }
    }

    /// Notes that a transaction that callers share is on the disk.
    func noteCommit() {
        state.withLock { $0.commits += 1 }
    }

    /// Frees the place of `store`, whose database is closed.
    func giveUp(_ store: InviteStore) {
        state.withLock { $0.open[ObjectIdentifier(store)] = nil }
    }

    var count: Int { state.withLock { $0.open.count } }

    /// How often one was closed to make room for another.
    var evictions: Int { state.withLock { $0.evictions } }

    /// The transactions that callers shared.
    var commits: Int { state.withLock { $0.commits } }
}
