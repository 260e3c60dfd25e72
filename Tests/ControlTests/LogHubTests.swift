import Invites
import Logging
import Runtime
import Supervision
import TestSupport
import Testing

@testable import Control

@Suite(.timeLimit(.minutes(5))) struct LogHubTests {
    private let controlled = ControlledDependencies()

    private func makeHub(_ level: Logger.Level = .info) -> LogHub {
        let dependencies = controlled.dependencies
        return LogHub(level: level, now: dependencies.now, sleep: dependencies.sleep)
    }

    @Test func whatAFollowerWantsIsPutIntoWords() async {
        let hub = makeHub()
        #expect(hub.wantedLevel == .info)
        let (feed, number) = hub.subscribe(.debug)
        let (_, other) = hub.subscribe(.trace)
        #expect(hub.wantedLevel == .trace && hub.loggedLevel == .info)
        hub.unsubscribe(other)
        #expect(hub.wantedLevel == .debug)
        hub.publish(.trace, "no", [:])
        hub.publish(.debug, "yes", ["host": "a.example"])
        let batch = await feed.next()
        #expect(batch?.elements.map(\.message) == ["yes"])
        #expect(batch?.elements.first?.time == controlled.now)
        #expect(batch?.elements.first?.metadata == ["host": "a.example"])
        hub.unsubscribe(number)
        #expect(hub.wantedLevel == .info && hub.subscribers == 0)
    }

    @Test func nobodyFollowsAndNothingIsMade() {
        let hub = makeHub()
        func message() -> String {
            Issue.record("made")
            return ""
        }
        hub.publish(.error, message(), [:])
        let (_, number) = hub.subscribe(.critical)
        hub.publish(.error, message(), [:])
        hub.unsubscribe(number)
    }

    @Test func aFollowerOfOneHostSeesItsOwn() async {
        let hub = makeHub()
        let (feed, _) = hub.subscribe(.info, host: "a.example")
        hub.publish(.info, "other", ["host": "b.example"])
        hub.publish(.info, "none", [:])
        hub.publish(.info, "own", ["host": "a.example"])
        #expect(await feed.next()?.elements.map(\.message) == ["own"])
    }

    @Test func aSlowFollowerLosesAndIsTold() async {
        let hub = makeHub()
        let (feed, _) = hub.subscribe(.info)
        for number in 0..<5000 { hub.publish(.info, "\(number)", [:]) }
        let first = await feed.next()
        let second = await feed.next()
        #expect((first?.elements.count ?? 0) + (second?.dropped ?? 0) == 5000)
        #expect((second?.dropped ?? 0) > 0)
    }

    @Test func aLevelForATimeGoesBack() async throws {
        let hub = makeHub()
        hub.set(.debug, for: try .init("10m"))
        #expect(hub.loggedLevel == .debug)
        #expect(hub.setting.until?.millisecondsSinceEpoch == controlled.now.millisecondsSinceEpoch + 600_000)
        // Another one while it lasts: both go back to what lasts.
        hub.set(.trace, for: try .init("5m"))
        let second = try await controlled.sleeper(for: .seconds(300))
        second.wake()
        while hub.setting.until != nil { await Task.yield() }
        #expect(hub.setting == LogHub.Setting(level: .info, until: nil))
        #expect(hub.loggedLevel == .info && hub.wantedLevel == .info)
    }

    @Test func aLevelThatLastsStays() async throws {
        let hub = makeHub()
        hub.set(.debug, for: try .init("10m"))
        let timer = try await controlled.sleeper(for: .seconds(600))
        hub.set(.warning)
        #expect(hub.setting == LogHub.Setting(level: .warning, until: nil))
        timer.wake()
        for _ in 0..<100 { await Task.yield() }
        #expect(hub.setting == LogHub.Setting(level: .warning, until: nil))
    }
}
