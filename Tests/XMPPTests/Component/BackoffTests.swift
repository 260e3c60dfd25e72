import TestSupport
import Testing

@testable import XMPP

@Suite struct BackoffTests {
    @Test func eachWaitIsInTheUpperHalfOfADoublingSpan() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var backoff = Backoff(first: .milliseconds(500), longest: .seconds(60))
            for failure in 0..<100 {
                let span = min(Duration.milliseconds(500) * (1 << min(failure, 10)), .seconds(60))
                let wait = backoff.next(using: &random)
                #expect(wait >= span / 2 && wait <= span)
                #expect(backoff.failures == failure + 1)
            }
        }
    }

    @Test func waitsAreSpread() {
        var random = SeededGenerator(seed: 2)
        let waits = (0..<1000).map { _ in
            var backoff = Backoff()
            return backoff.next(using: &random)
        }
        #expect(waits.filter { $0 < .milliseconds(600) }.count > 100)
        #expect(waits.filter { $0 > .milliseconds(900) }.count > 100)
    }

    @Test func aSuccessForgets() {
        var random = SeededGenerator(seed: 3)
        var backoff = Backoff(first: .seconds(1), longest: .seconds(60))
        for _ in 0..<10 { _ = backoff.next(using: &random) }
        backoff.reset()
        #expect(backoff.failures == 0)
        #expect(backoff.next(using: &random) <= .seconds(1))
    }
}
