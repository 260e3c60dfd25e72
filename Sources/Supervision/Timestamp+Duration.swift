package import Invites

extension Timestamp {
    /// The time that much later, truncated to milliseconds and clamped to the representable range.
    package func advanced(by duration: Duration) -> Timestamp {
        let parts = duration.components
        let (seconds, overflow) = parts.seconds.multipliedReportingOverflow(by: 1000)
        let (milliseconds, overflow2) = seconds.addingReportingOverflow(parts.attoseconds / 1_000_000_000_000_000)
        let (sum, overflow3) = millisecondsSinceEpoch.addingReportingOverflow(milliseconds)
        guard !overflow, !overflow2, !overflow3 else {
            return Timestamp(millisecondsSinceEpoch: duration < .zero ? .min : .max)
        }
        return Timestamp(millisecondsSinceEpoch: sum)
    }
}
