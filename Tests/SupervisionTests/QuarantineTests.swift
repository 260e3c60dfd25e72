import Configuration
import Foundation
import Invites
import Languages
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// A host whose storage fails is refused, tried again, and recovers; other hosts are not affected.
@Suite(.timeLimit(.minutes(5))) struct QuarantineTests {
    private let hosts = [HostConfiguration(host: "a.example"), HostConfiguration(host: "b.example")]

    private func invite(_ fixture: ComponentFixture, by asker: JID = "alice@a.example/r") async throws -> IQ {
        let request = set(command(Namespaces.inviteCommand), from: asker, to: component)
        return try #require(try await fixture.answers(to: [request]).first)
    }

    private func lifecycle(_ fixture: ComponentFixture, _ host: String = "a.example") async -> HostLifecycle? {
        fixture.endpoint(host)?.service.lifecycleNow
    }

    private func state(_ fixture: ComponentFixture, _ host: String = "a.example") async -> HostLifecycle.State? {
        await lifecycle(fixture, host)?.state
    }

    private func logLine(_ fixture: ComponentFixture, _ text: String) async throws -> String {
        try await fixture.controlled.log.next { $0.contains(text) }
    }

    private func breakDatabase(_ fixture: ComponentFixture) throws {
        try Data(repeating: 0x2A, count: 8192).write(to: URL(filePath: fixture.databasePath("a.example")))
    }

    @Test func aBrokenDatabaseIsRefusedUntilItIsMended() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            try breakDatabase(fixture)
            let first = try await invite(fixture)
            #expect(first.stanzaError?.condition == .internalServerError)
            #expect(first.stanzaError?.kind == .wait)
            #expect(first.stanzaError?.text == Texts.english[.refusalUnavailable])
            let reason = "the database file is damaged or not a database"
            let lifecycle = await lifecycle(fixture)
            #expect(lifecycle?.state == .quarantined)
            #expect(lifecycle?.lastTrouble == reason && lifecycle?.since == fixture.controlled.now)
            #expect(
                try await logLine(fixture, "host quarantined")
                    == "error host quarantined host=a.example reason=\(reason)"
            )

            // Repaired, but not tried yet.
            try FileManager.default.removeItem(atPath: fixture.databasePath("a.example"))
            #expect(try await invite(fixture).stanzaError?.condition == .internalServerError)
            #expect(try fixture.databases.hostsWithInvites().isEmpty)
            #expect(try await invite(fixture, by: "bob@b.example/r").uri != nil)
            #expect(await state(fixture, "b.example") == .running)

            let retry = try await fixture.controlled.sleepers.next()
            #expect(retry.duration >= .milliseconds(500) && retry.duration <= .seconds(1))
            fixture.controlled.advance(byMilliseconds: 1000)
            retry.wake()
            #expect(try await logLine(fixture, "host recovered") == "notice host recovered host=a.example")
            #expect(await state(fixture) == .running)
            #expect(fixture.endpoint("a.example")?.service.lifecycleNow.since == fixture.controlled.now)
            #expect(try await invite(fixture).uri != nil)
            // One retry at a time, and none when all is well.
            #expect(fixture.controlled.sleepers.items.isEmpty)
        }
    }

    @Test func aRetryThatFailsWaitsLonger() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            try breakDatabase(fixture)
            let since = fixture.controlled.now
            #expect(try await invite(fixture).stanzaError != nil)
            var waits: [Duration] = []
            for _ in 0..<12 {
                let retry = try await fixture.controlled.sleepers.next()
                waits.append(retry.duration)
                fixture.controlled.advance(byMilliseconds: 1000)
                retry.wake()
                _ = try await logLine(fixture, "host still quarantined")
            }
            let last = try await fixture.controlled.sleepers.next()
            #expect(waits[1] > .milliseconds(999) && waits[2] > .milliseconds(1999))
            #expect(last.duration >= .seconds(150) && last.duration <= .seconds(300))
            let lifecycle = await lifecycle(fixture)
            #expect(lifecycle?.state == .quarantined && lifecycle?.since == since)
            #expect(fixture.controlled.log.items.filter { $0.contains("host quarantined") }.count == 1)
        }
    }

    @Test func aLockedDatabaseIsTroubleThatPasses() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            #expect(try await invite(fixture).uri != nil)
            let other = try SecondConnection(fixture.databasePath("a.example"))
            try other.lock()
            #expect(try await invite(fixture).stanzaError?.condition == .internalServerError)
            #expect(try await invite(fixture, by: "bob@b.example/r").uri != nil)
            try other.unlock()
            try await fixture.controlled.sleepers.next().wake()
            _ = try await logLine(fixture, "host recovered")
            #expect(try await invite(fixture).uri != nil)
            #expect(try other.kinds().count == 2)
        }
    }

    @Test func discoveryGoesOnInQuarantine() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            try breakDatabase(fixture)
            _ = try await invite(fixture)
            let list = get(
                query(Namespaces.discoItems, node: Namespaces.commands), from: "alice@a.example/r", to: "a.example")
            let answer = try #require(
                try await fixture.answers(to: [envelope(list, by: "a.example")]).first?.unwrapped())
            #expect(answer.payload?.firstChild?["node"] == Namespaces.inviteCommand)
        }
    }

    @Test func aSweepThatFailsPutsIntoQuarantineToo() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            try breakDatabase(fixture)
            let service = try #require(fixture.endpoint("a.example")?.service)
            #expect(await service.removeEnded(by: fixture.controlled.now) == 0)
            guard case .quarantined? = await state(fixture) else {
                Issue.record("not in quarantine")
                return
            }
            // Nothing is tried in quarantine.
            #expect(await service.removeEnded(by: fixture.controlled.now) == 0)
            _ = try await fixture.controlled.sleepers.next()
            #expect(fixture.controlled.sleepers.items.isEmpty)
        }
    }

    @Test func aHostThatIsGoneIsNotTriedAgain() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            try breakDatabase(fixture)
            _ = try await invite(fixture)
            let retry = try await fixture.controlled.sleepers.next()
            await fixture.endpoint("a.example")?.service.stop()
            #expect(await state(fixture) == .stopped)
            try FileManager.default.removeItem(atPath: fixture.databasePath("a.example"))
            retry.wake()
            #expect(try await invite(fixture, by: "bob@b.example/r").uri != nil)
            #expect(await state(fixture) == .stopped)
            #expect(try fixture.databases.hostsWithInvites() == ["b.example"])
            #expect(!fixture.controlled.log.items.contains { $0.contains("recovered") })
        }
    }
}
