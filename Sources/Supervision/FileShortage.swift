internal import Glibc
internal import Invites
internal import Logging
internal import Runtime
internal import Synchronization
internal import XMPP

/// Whether the daemon has run out of files that it may open. That is its own trouble and no host's.
package final class FileShortage: Sendable {
    private struct State: Sendable {
        var last: Timestamp?
        var throttle = LogThrottle(perSpan: 1, span: 3_600_000)
    }

    private let state = Mutex(State())

    /// Notes that a file could not be opened. The log says so once an hour at most.
    ///
    /// - Parameter uptime: In milliseconds.
    func note(at time: Timestamp, uptime: Int64, _ logger: Logger) {
        let (isAdmitted, heldBack) = state.withLock { state in
            state.last = time
            return state.throttle.admit(now: uptime)
        }
        guard isAdmitted else { return }
        logger.error(
            "too many files are open",
            metadata: ["limit": "\(Self.limit)", "cure": "\(FileLimit.remedy)", "held_back": "\(heldBack)"])
    }

    /// What there was since the start, and what to do; `nil` when there were always enough.
    package var description: String? {
        guard let last = state.withLock({ $0.last }) else { return nil }
        let time = DateTime.format(millisecondsSinceEpoch: last.millisecondsSinceEpoch)
        return "too many files were open at \(time), with a limit of \(Self.limit): \(FileLimit.remedy)"
    }

    private static var limit: UInt64 {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? UInt64(limit.rlim_cur) : 0
    }
}
