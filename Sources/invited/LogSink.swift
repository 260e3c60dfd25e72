import Dispatch
import Glibc
import Runtime
import Synchronization

/// Writes lines to standard error on a thread of its own: a slow reader of the log must not slow the daemon.
final class LogSink: Sendable {
    private struct State: Sendable {
        var pending: [UInt8] = []
        var isWriting = false
        var dropped = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "log")
    private let descriptor: CInt
    /// Says in the log's own format how many lines were dropped.
    private let dropNotice: @Sendable (Int) -> String
    private static let capacity = 1 << 20

    init(descriptor: CInt, dropNotice: @escaping @Sendable (Int) -> String) {
        self.descriptor = descriptor
        self.dropNotice = dropNotice
    }

    /// Puts a line, without its end, in the queue, or drops it when too much waits.
    func write(_ line: String) {
        let mustStart = state.withLock { state in
            if state.pending.count + line.utf8.count > Self.capacity {
                state.dropped += 1
                return false
            }
            state.pending.append(contentsOf: line.utf8)
            state.pending.append(UInt8(ascii: "\n"))
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Waits until what was put in before is written, but not for long.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + .seconds(1))
    }

    private func drain() {
        while true {
            let bytes = state.withLock { state -> [UInt8] in
                if state.dropped > 0, state.pending.count < Self.capacity / 2 {
                    state.pending.append(contentsOf: (dropNotice(state.dropped) + "\n").utf8)
                    state.dropped = 0
                }
                if state.pending.isEmpty { state.isWriting = false }
                defer { state.pending = [] }
                return state.pending
            }
            if bytes.isEmpty { return }
            // There is no other place to report that it cannot be written.
            try? OpenFile.write(bytes, to: descriptor)
        }
    }
}
