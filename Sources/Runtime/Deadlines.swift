internal import Synchronization

/// Bounds the wait for operations that cannot be cancelled: a disk that hangs must not leave requests without an
/// answer.
///
/// Times are milliseconds of a monotonic clock. Checking all of them now and then is cheaper than a timer for each.
package final class Deadlines: Sendable {
    private struct Waiting: Sendable {
        let since: Int64
        let giveUp: @Sendable () -> Void
    }

    private struct State: Sendable {
        var waiting: [UInt64: Waiting] = [:]
        var counter: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs the operation.
    ///
    /// - Returns: Its result, or `nil` when ``expire(startedBefore:)`` was quicker. The operation then continues by
    ///   itself.
    package func result<Value: Sendable>(
        startedAt now: Int64, isolation: isolated (any Actor)? = #isolation,
        _ operation: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let race = Race<Value?>()
        let number = state.withLock { state in
            state.counter &+= 1
            state.waiting[state.counter] = Waiting(since: now) { race.end(nil) }
            return state.counter
        }
        let value = await withCheckedContinuation { continuation in
            race.begin(continuation)
            Task {
                // Named, the caller's isolation is the task's as well: it begins without crossing to another thread.
                _ = isolation
                race.end(await operation())
            }
        }
        state.withLock { $0.waiting[number] = nil }
        return value
    }

    /// Gives up on what began before the given time.
    package func expire(startedBefore time: Int64) {
        let overdue = state.withLock { state in state.waiting.values.filter { $0.since < time } }
        for waiting in overdue { waiting.giveUp() }
    }
}
