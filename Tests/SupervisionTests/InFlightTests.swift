import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct InFlightTests {
    @Test func itIsBounded() {
        let inFlight = InFlight(limit: 2)
        #expect(inFlight.enter())
        #expect(inFlight.enter())
        #expect(!inFlight.enter())
        #expect(inFlight.count == 2)
        inFlight.leave()
        #expect(inFlight.enter())
        inFlight.leave(2)
        #expect(inFlight.count == 0)
    }

    @Test func leavingWithNothingChangesNothing() {
        let inFlight = InFlight(limit: 2)
        #expect(inFlight.enter())
        inFlight.leave(0)
        inFlight.leave(-1)
        #expect(inFlight.count == 1)
    }

    @Test func nobodyWaitsForNothing() async {
        await InFlight(limit: 1).waitUntilNone()
    }

    @Test func allWhoWaitAreTold() async throws {
        let inFlight = InFlight(limit: 10)
        #expect(inFlight.enter())
        #expect(inFlight.enter())
        let events = Inbox<String>()
        let waiters = (0..<3).map { _ in
            Task {
                await inFlight.waitUntilNone()
                events.put("none")
            }
        }
        inFlight.leave()
        events.put("one left")
        inFlight.leave()
        for waiter in waiters { await waiter.value }
        #expect(events.items.first == "one left")
        #expect(events.items.count == 4)
    }
}
