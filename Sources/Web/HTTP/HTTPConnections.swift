internal import NIOCore
internal import Runtime
internal import Synchronization

/// The connections of one listener, counted in all and by address. At the limit, an idle one is closed to make room for
/// the next.
final class HTTPConnections: Sendable {
    struct Limits: Hashable, Sendable {
        var all = 1_024
        /// Of one address, unless it is a trusted proxy; IPv6 by /64.
        var ofAddress = 64
    }

    private struct Entry: Sendable {
        let channel: any Channel
        let address: IPAddress?
        /// Since when it has waited for a request, by a number that counts up; `nil` while one is answered.
        var waitingSince: UInt64?
    }

    private struct State: Sendable {
        var entries: [ObjectIdentifier: Entry] = [:]
        var counts: [IPAddress: Int] = [:]
        var clock: UInt64 = 0
        var refused = 0
        var isDraining = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let limits: Limits

    init(_ limits: Limits) {
        self.limits = limits
    }

    /// How many are open.
    var count: Int { state.withLock { $0.entries.count } }
    /// How many were refused.
    var refusedCount: Int { state.withLock { $0.refused } }
    /// Whether each answer is to be a connection's last.
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Admits a connection, unless there are too many.
    ///
    /// - Parameter address: The client's; `nil` for one without a limit.
    func admit(_ channel: any Channel, from address: IPAddress?) -> Bool {
        let key = address?.counted
        let (isAdmitted, evicted) = state.withLock { state -> (Bool, (any Channel)?) in
            if state.isDraining || key.map({ state.counts[$0, default: 0] >= limits.ofAddress }) == true {
                state.refused += 1
                return (false, nil)
            }
            var evicted: (any Channel)?
            if state.entries.count >= limits.all {
                let idle = state.entries.values.filter { $0.waitingSince != nil }
                guard let oldest = idle.min(by: { $0.waitingSince ?? 0 < $1.waitingSince ?? 0 }) else {
                    state.refused += 1
                    return (false, nil)
                }
                evicted = oldest.channel
                Self.remove(oldest.channel, &state)
            }
            state.clock += 1
            state.entries[ObjectIdentifier(channel)] = Entry(channel: channel, address: key, waitingSince: state.clock)
            if let key { state.counts[key, default: 0] += 1 }
            return (true, evicted)
        }
        evicted?.close(promise: nil)
        if isAdmitted { channel.closeFuture.whenComplete { _ in self.remove(channel) } }
        return isAdmitted
    }

    /// A connection begins to wait for a request, or to answer one.
    func note(_ channel: any Channel, isWaiting: Bool) {
        state.withLock { state in
            state.clock += 1
            state.entries[ObjectIdentifier(channel)]?.waitingSince = isWaiting ? state.clock : nil
        }
    }

    private func remove(_ channel: any Channel) {
        let waiters = state.withLock { state in
            Self.remove(channel, &state)
            guard state.entries.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private static func remove(_ channel: any Channel, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: ObjectIdentifier(channel)) else { return }
        guard let key = entry.address, let count = state.counts[key] else { return }
        state.counts[key] = count > 1 ? count - 1 : nil
    }

    /// Closes those that wait for a request, and returns when the others have their answers.
    func drain() async {
        let idle = state.withLock { state in
            state.isDraining = true
            return state.entries.values.filter { $0.waitingSince != nil }.map(\.channel)
        }
        for channel in idle { channel.close(promise: nil) }
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.entries.isEmpty { return true }
                state.waiters.append(continuation)
                return false
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Closes all that is left.
    func closeAll() {
        let channels = state.withLock { $0.entries.values.map(\.channel) }
        for channel in channels { channel.close(promise: nil) }
    }
}
