internal import Dispatch
internal import GRDB
internal import Runtime
internal import Synchronization

/// Interrupts SQLite statements whose caller was cancelled.
final class Interruption: Sendable {
    private struct State: Sendable {
        var isCancelled = false
        var queue: DatabaseQueue?
    }

    private let state = Mutex(State())

    /// Runs `body`, whose statements are interrupted on cancellation.
    func watch<Value>(_ queue: DatabaseQueue, _ body: () throws -> Value) throws -> Value {
        let isCancelled = state.withLock { state in
            state.queue = queue
            return state.isCancelled
        }
        if isCancelled { throw CancellationError() }
        defer { state.withLock { $0.queue = nil } }
        return try body()
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func cancel() {
        let queue = state.withLock { state in
            state.isCancelled = true
            return state.queue
        }
        queue?.interrupt()
    }
}

/// Runs long work on another thread. A cancelled caller does not wait for its end, which a slow disk may delay.
///
/// - Throws: `CancellationError`, or what the body throws.
func apart<Value: Sendable>(_ body: @escaping @Sendable (Interruption) throws -> Value) async throws -> Value {
    let (interruption, race) = (Interruption(), Race<Result<Value, any Error>>())
    let result = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
            race.begin(continuation)
            DispatchQueue.global().async { race.end(Result { try body(interruption) }) }
        }
    } onCancel: {
        interruption.cancel()
        race.end(.failure(CancellationError()))
    }
    return try result.get()
}
