import Testing

@testable import XMPP

@Suite struct LogThrottleTests {
    @Test func letsSoManyThroughInASpan() {
        var throttle = LogThrottle(perSpan: 2, span: 100)
        #expect(throttle.admit(now: 5) == (true, 0))
        #expect(throttle.admit(now: 6) == (true, 0))
        for now in Int64(7)..<105 { #expect(throttle.admit(now: now) == (false, 0)) }
        #expect(throttle.admit(now: 105) == (true, 98))
        #expect(throttle.admit(now: 105) == (true, 0))
        #expect(throttle.admit(now: 204) == (false, 0))
        #expect(throttle.admit(now: 100_000) == (true, 1))
    }

    @Test func nothingAtAll() {
        var throttle = LogThrottle(perSpan: 0, span: 0)
        #expect(throttle.admit(now: 0) == (false, 0))
    }
}
