internal import Synchronization

/// Passes elements from producers that must not block to a consumer that may be slow.
///
/// It holds a bounded number of elements. Those that arrive while it is full are counted and dropped.
package final class Feed<Element: Sendable>: Sendable {
    /// What was taken at once: the elements in their order, and how many were left out right before them.
    package typealias Batch = (elements: [Element], dropped: Int)

    private struct State: Sendable {
        var elements: [Element] = []
        /// Left out between the last batch and the first of the elements.
        var droppedBefore = 0
        /// Left out since the last of the elements.
        var droppedAfter = 0
        var isFinished = false
        var waiter: CheckedContinuation<Void, Never>?

        var hasNews: Bool { !elements.isEmpty || droppedBefore > 0 || droppedAfter > 0 || isFinished }
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: How many elements may wait, at least one.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// Puts an element in, or counts it as dropped. It returns at once, on any thread.
    package func push(_ element: consuming Element) {
        // Not captured: a consumed parameter cannot be.
        let element = element
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.isFinished { return nil }
            if state.elements.count < capacity, state.droppedAfter == 0 {
                state.elements.append(element)
            } else {
                state.droppedAfter += 1
            }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Takes no more. What is in it can still be taken out.
    package func finish() {
        let waiter = state.withLock { state in
            state.isFinished = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits until there is something, and takes all of it. One task at a time may wait; another one gets `nil`.
    ///
    /// - Returns: The elements and how many were left out before the first of them, where one of both may be nothing;
    ///   `nil` once it is finished and empty, or when the task is cancelled.
    package func next() async -> Batch? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    if state.hasNews || state.waiter != nil || Task.isCancelled { return false }
                    state.waiter = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
        if Task.isCancelled { return nil }
        return state.withLock { state in
            guard !state.elements.isEmpty || state.droppedBefore > 0 || state.droppedAfter > 0 else { return nil }
            // What was left out last came after these elements, and so before the next.
            let batch = (state.elements, state.droppedBefore)
            if state.elements.isEmpty {
                defer { (state.droppedBefore, state.droppedAfter) = (0, 0) }
                return ([], state.droppedBefore + state.droppedAfter)
            }
            state.elements = []
            state.droppedBefore = state.droppedAfter
            state.droppedAfter = 0
            return batch
        }
    }
}
