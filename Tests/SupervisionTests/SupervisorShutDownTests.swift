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

@Suite(.timeLimit(.minutes(5))) struct SupervisorShutDownTests {
    /// Makes a database with an invite, which nobody has open afterwards.
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
        try await Hosting.with(["a.example": ""]) { hosting in
            #expect(try await hosting.invite(by: "alice@a.example/r").uri != nil)
            let waiting = Task { await hosting.daemon.waitUntilShutDown() }
            let copy = try DescriptorCopy(of: hosting.directory.path + "/state/lock")
            defer { withExtendedLifetime(copy) {} }
            await hosting.daemon.shutDown(within: .seconds(5))
            await waiting.value
            await hosting.daemon.waitUntilShutDown()
            // Another daemon may have the directory.
            let next = try InviteDatabases(directory: hosting.directory.path + "/state", maximumOpen: 1, writers: 1)
            #expect(try await next.store(for: "a.example").count() == 1)
            await next.shutdown()
        }
    }

    @Test func itWaitsForWhatIsInFlight() async throws {
        try await Hosting.with(["a.example": "", "b.example": ""], prepare: makeDatabase) { hosting in
            let hung = try HungDatabase("\(hosting.directory.path)/state/hosts/a.example.sqlite3")
            defer { hung.release() }
            hosting.router.receive([.iq(request)])
            let events = Inbox<String>()
            let ending = Task {
                await hosting.daemon.shutDown(within: .seconds(5))
                events.put("ended")
            }
            let limit = try await hosting.world.sleepers.next()
            #expect(limit.duration == .seconds(5))
            #expect(hosting.wire.all.isEmpty && events.items.isEmpty)
            events.put("released")
            hung.release()
            await ending.value
            #expect(events.items == ["released", "ended"])
            try await hosting.wire.flush()
            #expect(hosting.wire.all.map(\.id) == ["last"])
            #expect(!hosting.world.log.items.contains { $0.contains("left") })
            limit.wake()
        }
    }

    @Test func itDoesNotWaitForever() async throws {
        try await Hosting.with(["a.example": "", "b.example": ""], prepare: makeDatabase) { hosting in
            let hung = try HungDatabase("\(hosting.directory.path)/state/hosts/a.example.sqlite3")
            defer { hung.release() }
            hosting.router.receive([.iq(request)])
            // The others are served meanwhile.
            #expect(try await hosting.invite(by: "bob@b.example/r", id: "b").uri != nil)
            let ending = Task { await hosting.daemon.shutDown(within: .seconds(5)) }
            try await hosting.world.sleepers.next().wake()
            #expect(
                try await hosting.world.log.next { $0.contains("left requests") }
                    == "warning left requests unanswered count=1")
            try await hosting.world.sleepers.next().wake()
            #expect(try await hosting.world.log.next { $0.contains("left databases") } == "warning left databases open")
            await ending.value
            await hosting.daemon.waitUntilShutDown()
        }
    }
}
