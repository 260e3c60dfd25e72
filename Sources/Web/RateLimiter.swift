internal import Synchronization

/// Counts events of keys, each of which may have so many in a span, such as a minute. Of two spans only the counts are known: the
/// last one counts as far as it reaches into the span before now.
final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    private struct State: Sendable {
        var window: Int64 = .min
        var current: [Key: Int] = [:]
        var previous: [Key: Int] = [:]
        /// Of keys for which there is no room, together by their hashes.
        var others: [Int: Int] = [:]
    }

    private let state = Mutex(State())
    private let most: Int
    private let capacity: Int

    /// Of a span, in milliseconds.
    private let length: Int64
    private static var otherBuckets: Int { 256 }

    /// - Parameters:
    ///   - most: How many in a span.
    ///   - milliseconds: How long that is.
    ///   - capacity: How many keys are counted separately.
    init(most: Int, milliseconds: Int64 = 60_000, capacity: Int = 20_000) {
        self.most = most
        length = milliseconds
        self.capacity = capacity
    }

    /// Counts an event unless there are too many.
    ///
    /// - Parameters:
    ///   - uptime: Milliseconds of a monotonic clock.
    ///   - most: How many in a span of this key, where that is not the same for all.
    /// - Returns: After how many seconds it is to be tried again; `nil` where it may be now.
    func take(_ key: Key, at uptime: Int64, atMost most: Int? = nil) -> Int? {
        state.withLock { state in
            if let wait = wait(key, at: uptime, atMost: most ?? self.most, &state) { return wait }
            if state.current[key] != nil || state.current.count < capacity {
                state.current[key, default: 0] += 1
            } else {
                state.others[bucket(key), default: 0] += 1
            }
            return nil
        }
    }

    /// The same without counting.
    func wait(_ key: Key, at uptime: Int64) -> Int? {
        state.withLock { wait(key, at: uptime, atMost: most, &$0) }
    }

    private func bucket(_ key: Key) -> Int { Int(UInt(bitPattern: key.hashValue) % UInt(Self.otherBuckets)) }

    private func wait(_ key: Key, at uptime: Int64, atMost most: Int, _ state: inout State) -> Int? {
        let window = uptime / length
        if window != state.window {
            state.previous = window == state.window &+ 1 ? state.current : [:]
            (state.current, state.others, state.window) = ([:], [:], window)
        }
        let isApart = state.current[key] != nil || state.current.count < capacity
        // As many in all as of separate keys: a few clients with many addresses must not use up what all others share.
        let most = isApart ? most : most * max(capacity / Self.otherBuckets, 1)
        let current = isApart ? state.current[key, default: 0] : state.others[bucket(key), default: 0]
        let previous = state.previous[key, default: 0]
        let elapsed = uptime % length
        let left = length - elapsed
        // In thousandths of events, rounded up.
        let count = current * 1_000 + Int((Int64(previous) * 1_000 * left + length - 1) / length)
        guard count + 1_000 > most * 1_000 else { return nil }
        if current >= most { return Int((left + 999) / 1_000) + 1 }
        // Until enough of the last span is out of sight.
        let needed = Int64(count + 1_000 - most * 1_000)
        let wait = needed * length / (Int64(previous) * 1_000)
        return Int(wait / 1_000) + 1
    }
}
