import Synchronization

/// Events in order, for a test to wait for without polling.
package final class Inbox<Item: Sendable>: Sendable {
    private struct Waiter {
        let id: Int
        let isWanted: @Sendable (Item) -> Bool
        let continuation: CheckedContinuation<Item?, Never>
    }

    private struct State {
        var items: [Item] = []
        var waiters: [Waiter] = []
        var lastWaiter = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// The items that have not been taken.
    package var items: [Item] { state.withLock { $0.items } }

    package func put(_ item: Item) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.isWanted(item) }) else {
                state.items.append(item)
                return nil
            }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: item)
    }

    /// Takes the first such item, and waits for it up to the time limit of tests.
    package func next(where isWanted: @escaping @Sendable (Item) -> Bool = { _ in true }) async throws -> Item {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let item = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let item = state.withLock { state -> Item?? in
                    if let index = state.items.firstIndex(where: isWanted) { return state.items.remove(at: index) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters.append(Waiter(id: id, isWanted: isWanted, continuation: continuation))
                    return nil
                }
                if let item { continuation.resume(returning: item) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: nil)
        }
        guard let item else { throw CancellationError() }
        return item
    }
}
