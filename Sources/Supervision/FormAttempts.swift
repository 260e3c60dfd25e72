internal import Synchronization

/// The forms that are being processed. A form that is submitted twice belongs to one attempt: the second submission
/// waits for the first, and then finds its result.
///
/// The repository enforces what must hold; this only saves the server requests that it would refuse.
final class FormAttempts: Sendable {
    private struct State: Sendable {
        /// By attempt, the submissions that wait for it to end.
        var running: [String: [CheckedContinuation<Void, Never>]] = [:]
        /// Attempts whose last try the server has refused for good, so that it cannot have made an account.
        var refused = Recent<Void>()
        /// Attempts that have set a password: when the form is submitted again, it must not be set once more.
        var passwords = Recent<PasswordSet>()
        /// Attempts that have spent a reset, and whose password this process has failed to set.
        var unsettled = Recent<Void>()
    }

    /// What is known of the attempts that were recorded last.
    private struct Recent<Value: Sendable>: Sendable {
        private var values: [String: Value] = [:]
        private var order: [String] = []

        subscript(attempt: String) -> Value? { values[attempt] }

        mutating func insert(_ value: Value, for attempt: String) {
            guard values.updateValue(value, forKey: attempt) == nil else { return }
            order.append(attempt)
            if order.count > FormAttempts.mostKept { values[order.removeFirst()] = nil }
        }

        mutating func remove(_ attempt: String) {
            if values.removeValue(forKey: attempt) != nil { order.removeAll { $0 == attempt } }
        }
    }

    /// A password that an attempt has set.
    struct PasswordSet: Sendable {
        /// Its hash, which differs in each process: it shows only whether the same password is sent again.
        var password: Int
        var endedSessions: Bool
    }

    private let state = Mutex(State())

    private static let mostKept = 4_096

    /// Runs a body while no other runs for the attempt.
    func alone<Value: Sendable>(_ attempt: String, _ body: () async -> Value) async -> Value {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isFirst = state.withLock { state in
                if state.running[attempt] == nil {
                    state.running[attempt] = []
                    return true
                }
                state.running[attempt]?.append(continuation)
                return false
            }
            if isFirst { continuation.resume() }
        }
        let value = await body()
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard var waiting = state.running[attempt], !waiting.isEmpty else {
                state.running[attempt] = nil
                return nil
            }
            let next = waiting.removeFirst()
            state.running[attempt] = waiting
            return next
        }
        next?.resume()
        return value
    }

    /// Whether the server has refused what the attempt tried last.
    func wasRefused(_ attempt: String) -> Bool { state.withLock { $0.refused[attempt] != nil } }

    /// Records whether the server has refused what an attempt tried.
    func record(_ attempt: String, isRefused: Bool) {
        state.withLock { state in
            if isRefused { state.refused.insert((), for: attempt) } else { state.refused.remove(attempt) }
        }
    }

    /// The password that an attempt has set in this process, not too long ago.
    func passwordSet(by attempt: String) -> PasswordSet? { state.withLock { $0.passwords[attempt] } }

    /// Whether a password is still to be set, as far as this process has seen it.
    func isUnsettled(_ attempt: String) -> Bool { state.withLock { $0.unsettled[attempt] != nil } }

    /// Records that an attempt has spent a reset, and that its password is not known to be set.
    func recordUnsettled(_ attempt: String) { state.withLock { $0.unsettled.insert((), for: attempt) } }

    func record(_ set: PasswordSet, by attempt: String) {
        state.withLock { state in
            state.unsettled.remove(attempt)
            state.passwords.insert(set, for: attempt)
        }
    }
}
