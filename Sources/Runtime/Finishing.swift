/// Runs an operation that cannot be cancelled, and waits for it no longer than the limit.
///
/// - Parameter sleep: Returns once the time has passed, or throws when the task is cancelled.
/// - Returns: Whether it finished in time. If not, it continues by itself.
package func finishes(
    within limit: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void,
    _ operation: @escaping @Sendable () async -> Void
) async -> Bool {
    let race = Race<Bool>()
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
