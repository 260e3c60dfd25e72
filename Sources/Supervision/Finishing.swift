internal import Synchronization

/// Runs an operation that cannot be cancelled, and waits for it no longer than the limit.
///
/// - Parameter sleep: Returns once the time has passed, or throws when the task is cancelled.
/// - Returns: Whether it finished in time. If not, it goes on by itself.
func finishes(
    within limit: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void,
    _ operation: @escaping @Sendable () async -> Void
) async -> Bool {
    let race = Race()
    return await withCheckedContinuation { continuation in
        race.begin(continuation)
        let timer = Task {
            guard (try? await sleep(limit)) != nil else { return }
            race.end(false)
        }
        Task {
            await operation()
            timer.cancel()
            race.end(true)
        }
    }
}

/// Resumes a continuation with whatever comes first.
private final class Race: Sendable {
    private let continuation = Mutex<CheckedContinuation<Bool, Never>?>(nil)

    func begin(_ new: CheckedContinuation<Bool, Never>) {
        continuation.withLock { $0 = new }
    }

    func end(_ result: Bool) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: result)
    }
}
