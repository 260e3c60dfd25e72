package import Invites
import Logging
package import Runtime
import Synchronization

/// The dependencies of services, under a test's control: time stands still, and sleepers sleep until they are woken.
package final class ControlledDependencies: Sendable {
    /// A sleeping task.
    package struct Sleeper: Sendable {
        package let duration: Duration
        let alarm: Inbox<Void>

        package func wake() { alarm.put(()) }
    }

    /// Those who sleep and have not been taken by the test.
    package let sleepers = Inbox<Sleeper>()
    /// How often a busy host let requests gather; it does so for no time here.
    package let gatherings = Inbox<Void>()
    /// What was logged, each as `level message`.
    package let log = Inbox<String>()
    private let time = Mutex<Int64>(1_800_000_000_000)
    /// By how much the time of day was set.
    private let skew = Mutex<Int64>(0)
    private let random = Mutex(SeededGenerator(seed: 0))

    package init() {}

    package var now: Timestamp {
        Timestamp(millisecondsSinceEpoch: time.withLock { $0 } + skew.withLock { $0 })
    }

    /// The next one who sleeps for that long; others go on sleeping.
    package func sleeper(for duration: Duration) async throws -> Sleeper {
        try await sleepers.next { $0.duration == duration }
    }

    package func advance(byMilliseconds milliseconds: Int64) {
        time.withLock { $0 += milliseconds }
    }

    /// Sets the time of day, as an operator does.
    package func setClock(forwardByMilliseconds milliseconds: Int64) {
        skew.withLock { $0 += milliseconds }
    }

    package var entropy: Entropy {
        Entropy {
            // Every draw differs from all others, and each run has the same ones.
            return [self.random.withLock { $0.next() }]
        }
    }

    package var dependencies: Dependencies {
        Dependencies(
            now: { self.now }, uptime: { self.time.withLock { $0 } },
            sleep: { duration in
                let sleeper = Sleeper(duration: duration, alarm: Inbox())
                self.sleepers.put(sleeper)
                try await sleeper.alarm.next()
            },
            gather: { _ in self.gatherings.put(()) },
            entropy: entropy, logger: Logger(label: "test") { _ in Handler(log: self.log) })
    }

    private struct Handler: LogHandler {
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        let log: Inbox<String>

        init(log: Inbox<String>) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            log.put("\(event.level) \(event.message)\(details)")
        }
    }
}
