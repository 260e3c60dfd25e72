/// Admits a bounded number of lines in each span of time, and counts those held back, so that a flood of bad input
/// cannot become a flood of log.
package struct LogThrottle: Hashable, Sendable {
    package let perSpan: Int
    /// In milliseconds.
    package let span: Int64
    private var start = Int64.min
    private var used = 0
    private var held = 0

    package init(perSpan: Int = 20, span: Int64 = 10_000) {
        self.perSpan = perSpan
        self.span = span
    }

    /// Whether a line may be written at this time, and how many were held back before it.
    ///
    /// - Parameter now: Milliseconds of a monotonic clock.
    package mutating func admit(now: Int64) -> (isAdmitted: Bool, heldBack: Int) {
        if start == .min || now - start >= span {
            start = now
            used = 0
        }
        guard used < perSpan else {
            held += 1
            return (false, 0)
        }
        used += 1
        defer { held = 0 }
        return (true, held)
    }
}
