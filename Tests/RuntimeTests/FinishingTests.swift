import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Runtime
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct FinishingTests {
    @Test func whatEndsInTimeIsWaitedFor() async throws {
        let controlled = ControlledDependencies()
        let goOn = Inbox<Void>()
        let ended = Inbox<String>()
        let results = Inbox<Bool>()
        Task {
            let result = await finishes(within: .seconds(7), sleep: controlled.dependencies.sleep) {
                _ = try? await goOn.next()
                ended.put("ended")
            }
            results.put(result)
        }
        let alarm = try await controlled.sleepers.next()
        #expect(alarm.duration == .seconds(7))
        #expect(ended.items.isEmpty)
        goOn.put(())
        #expect(try await results.next())
        #expect(ended.items == ["ended"])
        // Too late to matter.
        alarm.wake()
    }

    @Test func whatDoesNotEndGoesOnByItself() async throws {
        let controlled = ControlledDependencies()
        let goOn = Inbox<Void>()
        let ended = Inbox<String>()
        let results = Inbox<Bool>()
        Task {
            let result = await finishes(within: .seconds(7), sleep: controlled.dependencies.sleep) {
                _ = try? await goOn.next()
                ended.put("ended")
            }
            results.put(result)
        }
        try await controlled.sleepers.next().wake()
        #expect(try await !results.next())
        goOn.put(())
        #expect(try await ended.next() == "ended")
    }
}
