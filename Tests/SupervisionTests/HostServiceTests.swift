import Invites
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Storage
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct HostServiceTests {
    private let controlled = ControlledDependencies()
    private let directory: TemporaryDirectory
    private let databases: InviteDatabases
    private let policy = InvitePolicy(
        host: "a.example", admins: [Account(localpart: "admin", domain: "a.example")], userOpenInvites: .unlimited,
        userDailyInvites: .unlimited)
    private let alice = Account(localpart: "alice", domain: "a.example")
    private let admin = Account(localpart: "admin", domain: "a.example")
    private let bob = Account(localpart: "bob", domain: "b.example")

    init() throws {
        directory = try TemporaryDirectory()
        databases = try InviteDatabases(directory: directory.path + "/state", maximumOpen: 4, writers: 1)
    }

    private func service() -> HostService {
        HostService("a.example", repository: databases.store(for: "a.example"), dependencies: controlled.dependencies)
    }

    @Test func resultsAreInTheOrderOfTheRequests() async throws {
        let service = service()
        let results = await service.invite(
            [
                .contact(inviter: alice), .contact(inviter: bob),
                .account(by: alice, username: nil, rosterSubscription: false),
                .account(by: admin, username: "juliet", rosterSubscription: true), .contact(inviter: admin),
            ], under: policy)
        try #require(results.count == 5)
        let invites = results.map { try? $0.get() }
        #expect(invites[0]?.kind == .contact && invites[0]?.inviter == alice)
        #expect(results[1] == .failure(.denied(.notUserOfHost)))
        #expect(results[2] == .failure(.denied(.notAdmin)))
        #expect(invites[3]?.kind == .accountAndContact && invites[3]?.username == "juliet")
        #expect(invites[4]?.kind == .accountAndContact)
        #expect(invites[0]?.createdAt == controlled.now)
        #expect(invites[0]?.expiresAt == controlled.now.advanced(by: .week))
        #expect(try await databases.store(for: "a.example").invites() == invites.compactMap { $0 })
        await databases.shutdown()
    }

    @Test func whatIsDeniedTouchesNoDatabase() async throws {
        #expect(await service().invite([.contact(inviter: bob)], under: policy) == [.failure(.denied(.notUserOfHost))])
        #expect(await service().invite([], under: policy).isEmpty)
        #expect(try databases.hostsWithInvites().isEmpty)
        await databases.shutdown()
    }

    @Test func endedInvitesAreRemovedInPieces() async throws {
        let service = service()
        _ = await service.invite(Array(repeating: .contact(inviter: alice), count: 1200), under: policy)
        let first = controlled.now.advanced(by: .week)
        controlled.advance(byMilliseconds: 60_000)
        _ = await service.invite([.contact(inviter: alice)], under: policy)
        let before = Timestamp(millisecondsSinceEpoch: first.millisecondsSinceEpoch - 1)
        #expect(await service.removeEnded(by: before) == 0)
        let removed = await service.removeEnded(by: first)
        #expect(removed == 1200)
        #expect(try await databases.store(for: "a.example").count() == 1)
        await databases.shutdown()
    }

    /// Bringing a large database up to date takes longer than a disk may.
    @Test func aConversionIsNoTrouble() async throws {
        let deadlines = Deadlines()
        let store = databases.store(for: "a.example")
        let service = HostService(
            "a.example", repository: store, dependencies: controlled.dependencies, deadlines: deadlines)
        for (isConverting, refusal) in [(true, InviteRefusal.overloaded), (false, .unavailable)] {
            let gate = try await StoreGate(store)
            store.state.withLock { $0.isConverting = isConverting }
            async let late = service.invite([.contact(inviter: alice)], under: policy)
            while store.waitingRows < 1 { await Task.yield() }
            deadlines.expire(startedBefore: .max)
            #expect(await late == [.failure(refusal)])
            #expect(service.lifecycleNow.state == (isConverting ? .running : .quarantined))
            gate.open()
        }
        await databases.shutdown()
    }

    @Test func aFullQueueIsNoTrouble() async throws {
        let service = service()
        let gate = try await StoreGate(databases.store(for: "a.example"))
        // Either fits, both do not.
        let outcomes = await withTaskGroup(of: [Result<Invite, InviteRefusal>].self) { group in
            for _ in 0..<2 {
                group.addTask {
                    await service.invite(Array(repeating: .contact(inviter: alice), count: 9000), under: policy)
                }
            }
            let refused = await group.next() ?? []
            gate.open()
            return (refused, await group.next() ?? [])
        }
        #expect(outcomes.0.count == 9000 && outcomes.0.allSatisfy { $0 == .failure(.overloaded) })
        #expect(outcomes.1.count == 9000 && outcomes.1.allSatisfy { (try? $0.get()) != nil })
        #expect(service.lifecycleNow.state == .running)
        #expect(controlled.sleepers.items.isEmpty)
        await databases.shutdown()
    }
}
