package import Invites
package import Logging
internal import Synchronization

/// One message of the daemon's log.
package struct LogEntry: Hashable, Sendable {
    package let time: Timestamp
    package let level: Logger.Level
    package let message: String
    package let metadata: [String: String]
}

/// Publishes what is logged to subscribers. All copies of the daemon's log handler share one.
package final class LogHub: Sendable {
    private struct Subscription: Sendable {
        let level: Logger.Level
        let host: String?
        let feed: Feed<LogEntry>
    }

    private struct State: Sendable {
        var level: Logger.Level
        /// The level to return to, while another is in force for a time.
        var lasting: Logger.Level
        var until: Timestamp?
        var timer: Task<Void, Never>?
        var changes: UInt64 = 0
        var subscribers: [UInt64: Subscription] = [:]
        var counter: UInt64 = 0
    }

    /// The level in force, and until when, where it is temporary.
    package struct Setting: Hashable, Sendable {
        package let level: Logger.Level
        package let until: Timestamp?
    }

    private let state: Mutex<State>
    /// The ranks of the level of the log itself, and of the least important message that has a subscriber.
    private let logged: Atomic<UInt8>
    private let wanted: Atomic<UInt8>
    private let now: @Sendable () -> Timestamp
    private let sleep: @Sendable (Duration) async throws -> Void

    /// Messages that may wait for one subscriber.
    private static let capacity = 2048

    /// - Parameters:
    ///   - level: The least important messages that are logged.
    ///   - sleep: Returns once the time has passed, or throws when the task is cancelled.
    package init(
        level: Logger.Level, now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        state = Mutex(State(level: level, lasting: level))
        logged = Atomic(level.rank)
        wanted = Atomic(level.rank)
        self.now = now
        self.sleep = sleep
    }

    deinit { state.withLock { $0.timer }?.cancel() }

    // MARK: For the log handler

    /// The least important messages that the log itself takes.
    package var loggedLevel: Logger.Level { Logger.Level(rank: logged.load(ordering: .relaxed)) }

    /// The least important messages that the log or a subscriber takes: less need not even be put into words.
    package var wantedLevel: Logger.Level { Logger.Level(rank: wanted.load(ordering: .relaxed)) }

    /// How many subscribe to it.
    package var subscribers: Int { state.withLock { $0.subscribers.count } }

    /// Publishes a message to those who subscribe. It does not wait.
    package func publish(_ level: Logger.Level, _ message: @autoclosure () -> String, _ metadata: Logger.Metadata) {
        let subscribers = state.withLock { state in
            state.subscribers.isEmpty ? [] : state.subscribers.values.filter { $0.level <= level }
        }
        guard !subscribers.isEmpty else { return }
        let entry = LogEntry(
            time: now(), level: level, message: message(), metadata: metadata.mapValues { "\($0)" })
        for subscriber in subscribers where subscriber.host == nil || subscriber.host == entry.metadata["host"] {
            subscriber.feed.push(entry)
        }
    }

    // MARK: Subscribing

    /// Subscribes to the log until ``unsubscribe(_:)``.
    ///
    /// - Parameters:
    ///   - level: The least important messages to see, also where the log itself does not take them.
    ///   - host: Only messages about this host.
    /// - Returns: The messages, and what names the subscription.
    package func subscribe(_ level: Logger.Level, host: String? = nil) -> (feed: Feed<LogEntry>, number: UInt64) {
        let feed = Feed<LogEntry>(capacity: Self.capacity)
        let number = change { state in
            state.counter &+= 1
            state.subscribers[state.counter] = Subscription(level: level, host: host, feed: feed)
            return state.counter
        }
        return (feed, number)
    }

    package func unsubscribe(_ number: UInt64) {
        change { $0.subscribers[number] = nil }
    }

    // MARK: The level

    package var setting: Setting {
        state.withLock { Setting(level: $0.level, until: $0.until) }
    }

    /// Changes what is logged.
    ///
    /// - Parameter time: After it, what lasts is in force again; `nil` to let this last.
    package func set(_ level: Logger.Level, for time: Lifetime? = nil) {
        let changes = change { state in
            state.timer?.cancel()
            state.timer = nil
            state.level = level
            state.until = time.map { now().advanced(by: $0) }
            if time == nil { state.lasting = level }
            state.changes &+= 1
            return state.changes
        }
        guard let time else { return }
        let sleep = sleep
        let timer = Task { [weak self] in
            guard (try? await sleep(.seconds(time.seconds))) != nil else { return }
            self?.goBack(from: changes)
        }
        let isOutdated = state.withLock { state in
            guard state.changes == changes else { return true }
            state.timer = timer
            return false
        }
        if isOutdated { timer.cancel() }
    }

    private func goBack(from number: UInt64) {
        change { state in
            guard state.changes == number else { return }
            state.level = state.lasting
            state.until = nil
            state.timer = nil
        }
    }

    private func change<Result>(_ change: (inout State) -> sending Result) -> sending Result {
        state.withLock { state in
            let result = change(&state)
            logged.store(state.level.rank, ordering: .relaxed)
            wanted.store(
                state.subscribers.values.map(\.level).reduce(state.level, min).rank, ordering: .relaxed)
            return result
        }
    }
}

extension Logger.Level {
    /// From 0 for the least important.
    fileprivate var rank: UInt8 {
        UInt8(clamping: Self.allCases.firstIndex(of: self) ?? 0)
    }

    fileprivate init(rank: UInt8) {
        let all = Self.allCases
        self = all[min(Int(rank), all.count - 1)]
    }
}
