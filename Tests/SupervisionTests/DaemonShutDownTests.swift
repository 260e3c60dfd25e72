import Configuration
import Invites
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct DaemonShutDownTests {
    /// Makes a database with an invite, and closes it.
    private func makeDatabase(in directory: TemporaryDirectory) async throws {
        let databases = try InviteDatabases(directory: directory.path + "/state", maximumOpen: 1, writers: 1)
        let now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
        let invite = Invite(
            token: try #require(Token("abcdefgh")), kind: .account, inviter: nil, createdAt: now,
            expiresAt: now.advanced(by: .week))
        try await databases.store(for: "a.example").add([invite])
        await databases.shutdown()
    }

    private let request = set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: component, id: "last")

    @Test func nothingInFlightEndsAtOnce() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            #expect(try await fixture.invite(by: "alice@a.example/r").uri != nil)
            let waiting = Task { await fixture.daemon.waitUntilShutDown() }
            let copy = try DescriptorCopy(of: fixture.directory.path + "/state/lock")
            defer { withExtendedLifetime(copy) {} }
            await fixture.daemon.shutDown(within: .seconds(5))
            await waiting.value
            await fixture.daemon.waitUntilShutDown()
            // Another daemon may have the directory.
            let next = try InviteDatabases(directory: fixture.directory.path + "/state", maximumOpen: 1, writers: 1)
            #expect(try await next.store(for: "a.example").count() == 1)
            await next.shutdown()
        }
    }

    @Test func itWaitsForWhatIsInFlight() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"], prepare: makeDatabase) { fixture in
            let hung = try HungDatabase("\(fixture.directory.path)/state/hosts/a.example.sqlite3")
            defer { hung.release() }
            fixture.router.receive([.iq(request)])
            let events = Inbox<String>()
            let ending = Task {
                await fixture.daemon.shutDown(within: .seconds(5))
                events.put("ended")
            }
            let limit = try await fixture.controlled.sleepers.next()
            #expect(limit.duration == .seconds(5))
            #expect(fixture.wire.all.isEmpty && events.items.isEmpty)
            events.put("released")
            hung.release()
            await ending.value
            #expect(events.items == ["released", "ended"])
            try await fixture.wire.flush()
            #expect(fixture.wire.all.map(\.id) == ["last"])
            #expect(!fixture.controlled.log.items.contains { $0.contains("left") })
            limit.wake()
        }
    }

    @Test func itDoesNotWaitForever() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"], prepare: makeDatabase) { fixture in
            let hung = try HungDatabase("\(fixture.directory.path)/state/hosts/a.example.sqlite3")
            defer { hung.release() }
            fixture.router.receive([.iq(request)])
            // The others are served meanwhile.
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "b").uri != nil)
            let ending = Task { await fixture.daemon.shutDown(within: .seconds(5)) }
            try await fixture.controlled.sleepers.next().wake()
            #expect(
                try await fixture.controlled.log.next { $0.contains("left requests") }
                    == "warning left requests unanswered count=1")
            try await fixture.controlled.sleepers.next().wake()
            #expect(
                try await fixture.controlled.log.next { $0.contains("left databases") } == "warning left databases open"
            )
            await ending.value
            await fixture.daemon.waitUntilShutDown()
        }
    }
}
