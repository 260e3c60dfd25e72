package import Invites

extension Timestamp {
    /// The moment that much later, cut to milliseconds; the last one that can be told where it is beyond.
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
