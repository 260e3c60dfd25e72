import Dispatch
import Invites
import Synchronization
import TestSupport

@testable import Storage

/// Holds one host's store, as a disk that does not answer would, until it is opened.
final class StoreGate: Sendable {
    private let isOpen = Mutex(false)
    private let held = Inbox<Void>()
    private let semaphore = DispatchSemaphore(value: 0)

    /// Returns once the store is held.
    init(_ store: InviteStore) async throws {
        let (held, semaphore) = (held, semaphore)
        Task {
            _ = try await store.perform(.checking) { _ in
                held.put(())
                semaphore.wait()
            }
        }
        try await held.next()
    }

    /// Lets the store go on. May be called again.
    func open() {
        let isFirst = isOpen.withLock { isOpen in
            defer { isOpen = true }
            return !isOpen
        }
        if isFirst { semaphore.signal() }
    }

    deinit { open() }
}

extension InviteRepositories {
    /// The store behind a host's repository.
    func store(for host: String) -> InviteStore {
        guard let store = repository(of: host) as? InviteStore else { fatalError("tests run on SQLite") }
        return store
    }
}
