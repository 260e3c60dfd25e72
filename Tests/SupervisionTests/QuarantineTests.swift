import Configuration
import Foundation
import Invites
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// A host whose storage fails is refused, tried again, and comes back; the others do not notice.
@Suite(.timeLimit(.minutes(5))) struct QuarantineTests {
    private let hosts = [HostConfiguration(host: "a.example"), HostConfiguration(host: "b.example")]

    private func invite(_ house: House, by asker: JID = "alice@a.example/r") async throws -> IQ {
        let request = set(command(Namespaces.inviteCommand), from: asker, to: component)
        return try #require(try await house.answers(to: [request]).first)
    }

    private func lifecycle(_ house: House, _ host: String = "a.example") async -> HostLifecycle? {
        house.endpoint(host)?.service.lifecycleNow
    }

    private func state(_ house: House, _ host: String = "a.example") async -> HostLifecycle.State? {
        await lifecycle(house, host)?.state
    }

    private func logLine(_ house: House, _ text: String) async throws -> String {
        try await house.world.log.next { $0.contains(text) }
    }

    private func breakDatabase(_ house: House) throws {
        try Data(repeating: 0x2A, count: 8192).write(to: URL(filePath: house.databasePath("a.example")))
    }

    @Test func aBrokenDatabaseIsRefusedUntilItIsMended() async throws {
        try await House.with(hosts) { house in
            try breakDatabase(house)
            let first = try await invite(house)
            #expect(first.stanzaError?.condition == .internalServerError)
            #expect(first.stanzaError?.kind == .wait)
            #expect(first.stanzaError?.text == Wording.english.unavailable)
            let reason = "the database file is damaged or not a database"
            let lifecycle = await lifecycle(house)
            #expect(lifecycle?.state == .quarantined)
            #expect(lifecycle?.lastTrouble == reason && lifecycle?.since == house.world.now)
            #expect(
                try await logLine(house, "host quarantined") == "error host quarantined host=a.example reason=\(reason)"
            )

            // Mended, but not tried yet.
            try FileManager.default.removeItem(atPath: house.databasePath("a.example"))
            #expect(try await invite(house).stanzaError?.condition == .internalServerError)
            #expect(try house.databases.hostsWithDatabase().isEmpty)
            #expect(try await invite(house, by: "bob@b.example/r").uri != nil)
            #expect(await state(house, "b.example") == .running)

            let retry = try await house.world.sleepers.next()
            #expect(retry.duration >= .milliseconds(500) && retry.duration <= .seconds(1))
            house.world.advance(byMilliseconds: 1000)
            retry.wake()
            #expect(try await logLine(house, "host recovered") == "notice host recovered host=a.example")
            #expect(await state(house) == .running)
            #expect(house.endpoint("a.example")?.service.lifecycleNow.since == house.world.now)
            #expect(try await invite(house).uri != nil)
            // One retry at a time, and none when all is well.
            #expect(house.world.sleepers.items.isEmpty)
        }
    }

    @Test func aRetryThatFailsWaitsLonger() async throws {
        try await House.with(hosts) { house in
            try breakDatabase(house)
            let since = house.world.now
            #expect(try await invite(house).stanzaError != nil)
            var waits: [Duration] = []
            for _ in 0..<12 {
                let retry = try await house.world.sleepers.next()
                waits.append(retry.duration)
                house.world.advance(byMilliseconds: 1000)
                retry.wake()
                _ = try await logLine(house, "host still quarantined")
            }
            let last = try await house.world.sleepers.next()
            #expect(waits[1] > .milliseconds(999) && waits[2] > .milliseconds(1999))
            #expect(last.duration >= .seconds(150) && last.duration <= .seconds(300))
            let lifecycle = await lifecycle(house)
            #expect(lifecycle?.state == .quarantined && lifecycle?.since == since)
            #expect(house.world.log.items.filter { $0.contains("host quarantined") }.count == 1)
        }
    }

    @Test func aLockedDatabaseIsTroubleThatPasses() async throws {
        try await House.with(hosts) { house in
            #expect(try await invite(house).uri != nil)
            let other = try SecondConnection(house.databasePath("a.example"))
            try other.lock()
            #expect(try await invite(house).stanzaError?.condition == .internalServerError)
            #expect(try await invite(house, by: "bob@b.example/r").uri != nil)
            try other.unlock()
            try await house.world.sleepers.next().wake()
            _ = try await logLine(house, "host recovered")
            #expect(try await invite(house).uri != nil)
            #expect(try other.kinds().count == 2)
        }
    }

    @Test func discoveryGoesOnInQuarantine() async throws {
        try await House.with(hosts) { house in
            try breakDatabase(house)
            _ = try await invite(house)
            let list = get(
                query(Namespaces.discoItems, node: Namespaces.commands), from: "alice@a.example/r", to: "a.example")
            let answer = try #require(try await house.answers(to: [envelope(list, by: "a.example")]).first?.unwrapped())
            #expect(answer.payload?.firstChild?["node"] == Namespaces.inviteCommand)
        }
    }

    @Test func aSweepThatFailsPutsIntoQuarantineToo() async throws {
        try await House.with(hosts) { house in
            try breakDatabase(house)
            let service = try #require(house.endpoint("a.example")?.service)
            #expect(await service.removeExpired(before: house.world.now) == 0)
            guard case .quarantined? = await state(house) else {
                Issue.record("not in quarantine")
                return
            }
            // Nothing is tried in quarantine.
            #expect(await service.removeExpired(before: house.world.now) == 0)
            _ = try await house.world.sleepers.next()
            #expect(house.world.sleepers.items.isEmpty)
        }
    }

    @Test func aHostThatIsGoneIsNotTriedAgain() async throws {
        try await House.with(hosts) { house in
            try breakDatabase(house)
            _ = try await invite(house)
            let retry = try await house.world.sleepers.next()
            await house.endpoint("a.example")?.service.stop()
            #expect(await state(house) == .stopped)
            try FileManager.default.removeItem(atPath: house.databasePath("a.example"))
            retry.wake()
            #expect(try await invite(house, by: "bob@b.example/r").uri != nil)
            #expect(await state(house) == .stopped)
            #expect(try house.databases.hostsWithDatabase() == ["b.example"])
            #expect(!house.world.log.items.contains { $0.contains("recovered") })
        }
    }
}
