import NIOCore
import Synchronization

/// Answers counted on the event loop and read from outside it.
final class Tally: Sendable {
    private let results = Atomic<Int>(0)
    private let errors = Atomic<Int>(0)

    struct Reading {
        var time: NIODeadline
        var results: Int
        var errors: Int
    }

    func countResult() { results.wrappingAdd(1, ordering: .relaxed) }
    func countError() { errors.wrappingAdd(1, ordering: .relaxed) }

    func read() -> Reading {
        Reading(
            time: .now(), results: results.load(ordering: .relaxed), errors: errors.load(ordering: .relaxed))
    }

    /// Lets the load warm up, then counts for a while.
    func rate(warmUp: Duration, duration: Duration) async throws -> Rate {
        try await Task.sleep(for: warmUp)
        let start = read()
        try await Task.sleep(for: duration)
        let end = read()
        let seconds = Double((end.time - start.time).nanoseconds) / 1e9
        return Rate(
            perSecond: Double(end.results - start.results) / seconds, answered: end.results, errors: end.errors)
    }

    /// Returns once so many good answers have arrived.
    func reach(_ count: Int, within limit: Duration) async throws {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while read().results < count {
            guard clock.now < end, read().errors == 0 else {
                throw BenchError("\(read().results) of \(count) answers, and \(read().errors) errors, within \(limit)")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// The result of one run of a load.
struct Rate {
    /// Good answers a second, after the warm-up.
    var perSecond: Double
    /// Good answers in all, the warm-up's too.
    var answered: Int
    /// Answers that were errors. Anything but zero spoils the measurement.
    var errors: Int
}
