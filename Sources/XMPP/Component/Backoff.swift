/// Jittered exponential backoff: each wait is drawn from the upper half of a span that doubles up to a bound.
package struct Backoff: Hashable, Sendable {
    package let first: Duration
    package let longest: Duration
    /// Failures since the last success.
    package private(set) var failures = 0

    package init(first: Duration = .seconds(1), longest: Duration = .seconds(60)) {
        self.first = first
        self.longest = longest
    }

    /// Counts a failure and returns how long to wait.
    package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(failures, 30)
        failures = min(failures + 1, 1_000_000)
        let span = min(first * (1 << doublings), longest)
        return span * Double.random(in: 0.5...1, using: &random)
    }

    /// Forgets the failures.
    package mutating func reset() {
        failures = 0
    }
}
