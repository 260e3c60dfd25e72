import Invites
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct ClockWatchTests {
    private static let hour: Int64 = 3_600_000

    @Test func aJumpIsDistrustedForADay() {
        var watch = ClockWatch(now: Timestamp(millisecondsSinceEpoch: 0), uptime: 500)
        func look(_ now: Int64, _ uptime: Int64) -> Int64? {
            watch.jump(now: Timestamp(millisecondsSinceEpoch: now), uptime: uptime)
        }
        #expect(look(1_000, 1_500) == nil)
        #expect(look(1_000 + Self.hour - 1, 1_500) == nil, "corrected by less")
        #expect(watch.isTrusted(uptime: 1_500))
        #expect(look(0, 2_500) != nil, "back")
        #expect(!watch.isTrusted(uptime: 2_500))
        #expect(look(1_000, 3_500) == nil)
        #expect(!watch.isTrusted(uptime: 2_499 + 24 * Self.hour))
        #expect(watch.isTrusted(uptime: 2_500 + 24 * Self.hour))
        #expect(look(Self.hour * 1_000, 4_500) != nil, "forward")
        #expect(look(.max, 5_500) != nil)
        #expect(look(.min, 6_500) != nil)
    }

    @Test func nothingIsSweptForADayAfterAJump() async throws {
        try await DaemonFixture.with(["a.example": "invite_expiry: 1h\ninvite_retention: 1h\n"]) { fixture in
            #expect(try await fixture.invite(by: "alice@a.example/r").uri != nil)
            let serving = Task { await fixture.daemon.run() }
            let sweep = try await fixture.controlled.sleeper(for: .seconds(60))
            let tick = try await fixture.controlled.sleeper(for: .seconds(1))
            fixture.controlled.setClock(forwardByMilliseconds: 100 * Self.hour)
            tick.wake()
            let next = try await fixture.controlled.sleeper(for: .seconds(1))
            #expect(fixture.controlled.log.items.contains { $0.hasPrefix("warning the time of day has jumped") })
            sweep.wake()
            let later = try await fixture.controlled.sleeper(for: .seconds(3600))
            func count() throws -> Int {
                try SecondConnection("\(fixture.directory.path)/state/hosts/a.example.sqlite3").kinds().count
            }
            #expect(try count() == 1)
            fixture.controlled.advance(byMilliseconds: 24 * Self.hour)
            later.wake()
            _ = try await fixture.controlled.sleeper(for: .seconds(3600))
            #expect(try count() == 0)
            fixture.daemon.component.connection.shutDown()
            next.wake()
            await serving.value
        }
    }
}
