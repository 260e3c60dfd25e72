internal import Glibc
package import Invites
internal import Logging
internal import Synchronization

/// Whether the daemon has run out of files that it may open. That concerns the daemon, not a host.
package final class FileShortage: Sendable {
    private struct State: Sendable {
        var last: Timestamp?
        /// When it was logged last, in milliseconds of a monotonic clock.
        var logged: Int64?
        /// How often it happened since then.
        var heldBack = 0
    }

    private let state = Mutex(State())

    /// How often it is logged at most, and how long it is reported after it was over, in milliseconds.
    private static let span: Int64 = 3_600_000

    /// Records that a file could not be opened. The log says so once an hour at most.
    ///
    /// - Parameter uptime: In milliseconds.
    func record(at time: Timestamp, uptime: Int64, _ logger: Logger) {
        let heldBack = state.withLock { state -> Int? in
            state.last = time
            if let logged = state.logged, uptime - logged < Self.span {
                state.heldBack += 1
                return nil
            }
            defer { (state.logged, state.heldBack) = (uptime, 0) }
            return state.heldBack
        }
        guard let heldBack else { return }
        logger.error(
            "too many files are open",
            metadata: ["limit": "\(Self.limit)", "cure": "\(FileLimit.remedy)", "held_back": "\(heldBack)"])
    }

    /// When a file could last not be opened; `nil` when that is more than an hour ago: it is over then.
    package func last(now: Timestamp) -> Timestamp? {
        guard let last = state.withLock({ $0.last }) else { return nil }
        return now.millisecondsSinceEpoch - last.millisecondsSinceEpoch <= Self.span ? last : nil
    }

    /// How many files the process may open.
    package static var limit: UInt64 {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? UInt64(limit.rlim_cur) : 0
    }
}
