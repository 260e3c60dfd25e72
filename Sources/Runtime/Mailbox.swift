internal import Synchronization

/// A bounded queue with one consumer, which is woken when an item is put into the empty queue.
package final class Mailbox<Item: Sendable>: Sendable {
    private struct State: Sendable {
        var items: [Item] = []
        /// How many of them are urgent.
        var urgentCount = 0
        /// Whether the consumer is at work or called already.
        var isConsuming = false
        var isClosed = false
    }

    package enum Offer {
        /// The item is in, and the consumer knows.
        case accepted
        /// The item is in, and the caller must call the consumer.
        case acceptedFirst
        case full
        case closed
    }

    private let state = Mutex(State())
    package let capacity: Int

    package init(capacity: Int) {
        self.capacity = capacity
    }

    /// How many items wait, without `urgent` ones, which no caller waits for.
    package var count: Int { state.withLock { $0.items.count - $0.urgentCount } }

    /// Puts an item in, unless the mailbox is full or closed. `urgent` items are always accepted: they are few and our
    /// own.
    package func offer(_ item: Item, urgent: Bool = false) -> Offer {
        state.withLock { state in
            if state.isClosed, !urgent { return .closed }
            if state.items.count >= capacity, !urgent { return .full }
            state.items.append(item)
            if urgent { state.urgentCount += 1 }
            if state.isConsuming { return .accepted }
            state.isConsuming = true
            return .acceptedFirst
        }
    }

    /// Takes everything, in order. `nil` when there is nothing: the consumer is then called again by the next offer.
    package func takeAll() -> [Item]? {
        state.withLock { state in
            if state.items.isEmpty {
                state.isConsuming = false
                return nil
            }
            defer { (state.items, state.urgentCount) = ([], 0) }
            return state.items
        }
    }

    /// Accepts no more from now on, except urgent items; what is in can still be taken.
    package func close() {
        state.withLock { $0.isClosed = true }
    }
}
