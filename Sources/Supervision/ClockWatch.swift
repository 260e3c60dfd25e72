internal import Invites

/// Detects jumps of the time of day, by comparing it with a monotonic clock: rows that were removed because of a wrong
/// time cannot be recovered.
struct ClockWatch: Sendable {
    /// Smaller ones are corrections by an operator or a time server.
    private static let jump: Int64 = 3_600_000
    /// For how long the time is not trusted after a jump.
    private static let distrust: Int64 = 86_400_000

    private var offset: Int64
    private var trustedAgainAt: Int64?

    init(now: Timestamp, uptime: Int64) {
        offset = Self.offset(now, uptime)
    }

    private static func offset(_ now: Timestamp, _ uptime: Int64) -> Int64 {
        let (offset, overflow) = now.millisecondsSinceEpoch.subtractingReportingOverflow(uptime)
        return overflow ? (uptime > 0 ? .min : .max) : offset
    }

    /// Compares the clocks.
    ///
    /// - Returns: By how many milliseconds the time of day has jumped since the last call; `nil` when it has not.
    mutating func jump(now: Timestamp, uptime: Int64) -> Int64? {
        let new = Self.offset(now, uptime)
        let (change, overflow) = new.subtractingReportingOverflow(offset)
        offset = new
        guard overflow || change >= Self.jump || change <= -Self.jump else { return nil }
        trustedAgainAt = uptime + Self.distrust
        return change
    }

    func isTrusted(uptime: Int64) -> Bool { trustedAgainAt.map { uptime >= $0 } ?? true }
}
