/// A point in time, in whole milliseconds, as a value that its owner passes in: nothing here reads a clock.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, not counting leap seconds; negative before.
    package let millisecondsSinceEpoch: Int64

    /// The point `millisecondsSinceEpoch` milliseconds after 1970-01-01T00:00:00Z.
    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// The point `lifetime` later, or the last one that can be represented.
    package func advanced(by lifetime: Lifetime) -> Timestamp {
        // A lifetime is at most ten years, so its milliseconds fit; the sum need not.
        let (sum, overflow) = millisecondsSinceEpoch.addingReportingOverflow(lifetime.seconds * 1_000)
        return Timestamp(millisecondsSinceEpoch: overflow ? .max : sum)
    }

    /// Whether `left` is the earlier one.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }
}
