internal import Glibc
package import Invites
package import Logging
package import NIOCore
internal import NIOPosix

/// What services need of the system, passed in so that tests can set it: clock, randomness, event loop, logger. One object for
/// all: each host has several that hold it.
package final class Dependencies: Sendable {
    /// The time of day.
    package let now: @Sendable () -> Timestamp
    /// Milliseconds of a monotonic clock, for deadlines.
    package let uptime: @Sendable () -> Int64
    /// Returns once the time has passed, or throws when the task is cancelled.
    package let sleep: @Sendable (Duration) async throws -> Void
    /// Returns after the moment in which a busy host's requests gather for one commit.
    package let gather: @Sendable (Duration) async -> Void
    /// Where the hosts' services run: the event loop of the connection. They only compute, and briefly; what waits for
    /// a disk does so on the store's threads. On a thread of their own every request would cross from one thread to
    /// another twice more.
    package let eventLoop: any EventLoop
    private let draw: @Sendable () -> [UInt64]
    package let logger: Logger
    /// Whether the process has run out of files that it may open, whichever service found out.
    package let fileShortage = FileShortage()

    package init(
        now: @escaping @Sendable () -> Timestamp = Dependencies.systemTime,
        uptime: @escaping @Sendable () -> Int64 = Dependencies.systemUptime,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        gather: (@Sendable (Duration) async -> Void)? = nil,
        entropy: Entropy = .system, eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next(),
        logger: Logger
    ) {
        self.now = now
        self.uptime = uptime
        self.sleep = sleep
        self.gather = gather ?? { try? await eventLoop.scheduleTask(in: TimeAmount($0)) {}.futureResult.get() }
        self.eventLoop = eventLoop
        draw = entropy.draw
        self.logger = logger
    }

    /// The source of tokens and session identifiers: a separate one for every caller, since copies of one would give
    /// the same words.
    package var entropy: Entropy { Entropy(draw: draw) }

    /// Records that a file could not be opened because there were too many.
    package func recordFileShortage() {
        fileShortage.record(at: now(), uptime: uptime(), logger)
    }

    /// The system's clock since it started.
    package static let systemUptime: @Sendable () -> Int64 = {
        Int64(clamping: NIODeadline.now().uptimeNanoseconds / 1_000_000)
    }

    /// The system's time of day.
    package static let systemTime: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
