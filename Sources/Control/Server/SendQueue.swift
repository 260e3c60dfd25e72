internal import NIOCore
internal import Synchronization

/// The output of a session that its peer has not read yet.
///
/// Commands wait until there is room; the ends of requests do not, since there are no more of them than requests, of
/// which no more are read while it is full.
final class SendQueue: Sendable {
    fileprivate struct State: Sendable {
        var pending = ByteBuffer()
        /// Bytes that the channel has and the kernel has not.
        var beingWritten = 0
        var isClosed = false
        /// Whether the event loop is going to check the queue anyway.
        var isSignalled = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
        var wake: @Sendable () -> Void

        var isFull: Bool { pending.readableBytes + beingWritten >= SendQueue.room }
    }

    /// Bytes in the queue from which on ``put(_:)`` waits.
    static let room = 128 * 1024

    private let state: Mutex<State>

    /// - Parameter wake: Makes the event loop check what there is to write. It is called on any thread.
    init(wake: @escaping @Sendable () -> Void) {
        state = Mutex(State(wake: wake))
    }

    var isFull: Bool { state.withLock { $0.isFull } }
    var isEmpty: Bool { state.withLock { $0.pending.readableBytes == 0 && $0.beingWritten == 0 } }

    var isBeingWritten: Bool { state.withLock { $0.beingWritten > 0 } }

    /// Appends bytes once there is room.
    ///
    /// - Throws: `CancellationError` when the task is cancelled or the connection is closed.
    func put(_ bytes: [UInt8]) async throws {
        while true {
            try Task.checkCancellation()
            let (isDone, isClosed, wake) = state.withLock { state in
                if state.isClosed || state.isFull { return (false, state.isClosed, nil as (@Sendable () -> Void)?) }
                return (true, false, state.append(bytes))
            }
            if isClosed { throw CancellationError() }
            if isDone {
                wake?()
                return
            }
            await waitForRoom()
        }
    }

    /// Puts it in, room or not.
    func putNow(_ bytes: [UInt8]) {
        state.withLock { state in state.isClosed ? nil : state.append(bytes) }?()
    }

    /// Has the event loop check for work, though there may be nothing to write.
    func signal() {
        state.withLock { state in state.isClosed ? nil : state.signal() }?()
    }

    private func waitForRoom() async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.isFull, !state.isClosed, !Task.isCancelled else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    // MARK: The event loop's side

    /// The event loop begins to check for work: anything added from now on has to wake it again. To be called before it
    /// checks, so that nothing is missed.
    func beginTurn() {
        state.withLock { $0.isSignalled = false }
    }

    /// - Returns: What to write next; `nil` while the last is being written, or when there is nothing.
    func take() -> ByteBuffer? {
        state.withLock { state in
            guard state.beingWritten == 0, state.pending.readableBytes > 0 else { return nil }
            state.beingWritten = state.pending.readableBytes
            defer { state.pending = ByteBuffer() }
            return state.pending
        }
    }

    /// What was taken has been written.
    func written() {
        let waiters = state.withLock { state in
            state.beingWritten = 0
            return state.isFull ? [] : state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Discards what is queued, and accepts no more.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            state.pending = ByteBuffer()
            state.beingWritten = 0
            // It may hold on to the channel.
            state.wake = {}
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }
}

extension SendQueue.State {
    fileprivate mutating func append(_ bytes: [UInt8]) -> (@Sendable () -> Void)? {
        pending.writeBytes(bytes)
        // The handler of a finished write checks for more.
        return beingWritten > 0 ? nil : signal()
    }

    fileprivate mutating func signal() -> (@Sendable () -> Void)? {
        if isSignalled { return nil }
        isSignalled = true
        return wake
    }

    fileprivate mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
        defer { waiters = [:] }
        return Array(waiters.values)
    }
}
