import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct HostRegistrySweepTests {
    private static let day: Int64 = 86_400_000

    @Test func endedInvitesGoAfterTheirRetention() async throws {
        try await DaemonFixture.with([
            "a.example": "invite_expiry: 1h\ninvite_retention: 1d\n", "b.example": "invite_expiry: 1h\n",
        ]) {
            fixture in
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "a").uri != nil)
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "b").uri != nil)
            func kinds(_ host: String) throws -> Int {
                try SecondConnection("\(fixture.directory.path)/state/hosts/\(host).sqlite3").kinds().count
            }
            let serving = Task { await fixture.daemon.run() }
            let first = try await fixture.controlled.sleeper(for: .seconds(60))
            fixture.controlled.advance(byMilliseconds: Self.day)
            first.wake()
            // Swept, and nothing was old enough.
            let second = try await fixture.controlled.sleeper(for: .seconds(3600))
            #expect(try kinds("a.example") == 1)
            fixture.controlled.advance(byMilliseconds: 3_600_001)
            second.wake()
            let third = try await fixture.controlled.sleeper(for: .seconds(3600))
            #expect(try kinds("a.example") == 0)
            #expect(try kinds("b.example") == 1)
            #expect(fixture.controlled.log.items.contains("info removed ended invites count=1"))

            fixture.daemon.component.connection.shutDown()
            await serving.value
            third.wake()
        }
    }

    @Test func aHostWithoutADatabaseGetsNone() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            await fixture.daemon.registry.sweep()
            let counts = fixture.daemon.hostCounts
            #expect(counts == (1, 0))
            #expect(throws: (any Error).self) {
                try SecondConnection("\(fixture.directory.path)/state/hosts/a.example.sqlite3").kinds()
            }
        }
    }
}
