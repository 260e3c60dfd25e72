internal import Synchronization

/// Resumes a continuation with the first of several results.
package final class Race<Value: Sendable>: Sendable {
    private enum State: Sendable {
        case unbegun
        case waiting(CheckedContinuation<Value, Never>)
        case ended(Value)
        case over
    }

    private let state = Mutex(State.unbegun)

    package init() {}

    package func begin(_ continuation: CheckedContinuation<Value, Never>) {
        let early: Value? = state.withLock { state in
            if case .ended(let value) = state {
                state = .over
                return value
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(returning: early) }
    }

    /// - Returns: Whether this value was the first.
    @discardableResult package func end(_ value: Value) -> Bool {
        let (isFirst, waiting) = state.withLock { state -> (Bool, CheckedContinuation<Value, Never>?) in
            switch state {
            case .unbegun:
                state = .ended(value)
                return (true, nil)
            case .waiting(let continuation):
                state = .over
                return (true, continuation)
            case .ended, .over:
                return (false, nil)
            }
        }
        waiting?.resume(returning: value)
        return isFirst
    }
}
