/// Jittered exponential backoff: each wait is drawn from the upper half of a span that doubles up to a bound.
public struct Backoff: Hashable, Sendable {
    public let first: Duration
    public let longest: Duration
    /// Failures since the last success.
    public private(set) var failures = 0

    public init(first: Duration = .seconds(1), longest: Duration = .seconds(60)) {
        self.first = first
        self.longest = longest
    }

    /// Counts a failure and returns how long to wait.
    public mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(failures, 30)
        failures = min(failures + 1, 1_000_000)
        let span = min(first * (1 << doublings), longest)
        return span * Double.random(in: 0.5...1, using: &random)
    }

    /// Forgets the failures.
    public mutating func reset() {
        failures = 0
    }
}
