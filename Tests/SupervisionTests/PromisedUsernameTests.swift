import Foundation
import Invites
import Runtime
import Storage
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// A username is promised to one invite at a time (XEP-0401 §5.2).
@Suite(.timeLimit(.minutes(5))) struct PromisedUsernameTests {
    private let world = World()
    private let directory: TemporaryDirectory
    private let databases: InviteDatabases
    private let admin = Account(localpart: "admin", domain: "a.example")

    init() throws {
        directory = try TemporaryDirectory()
        databases = try InviteDatabases(directory: directory.path + "/state", maximumOpen: 4, writers: 1)
    }

    private var policy: InvitePolicy { InvitePolicy(host: "a.example", admins: [admin]) }

    private func service(_ host: String = "a.example") -> HostService {
        HostService(host, store: databases.store(for: host), surroundings: world.surroundings)
    }

    private func account(_ username: String?) -> InviteRequest {
        .account(by: admin, username: username, rosterSubscription: false)
    }

    private func username(_ result: Result<Invite, InviteRefusal>) -> String? { (try? result.get())?.username }

    @Test func theFirstOfABatchGetsIt() async throws {
        let results = await service().invite(
            [account("juliet"), account("juliet"), account("romeo"), account(nil)], under: policy)
        #expect(results.map(username) == ["juliet", nil, "romeo", nil])
        #expect(results[1] == .failure(.usernameTaken))
        #expect(try await databases.store(for: "a.example").count() == 3)
        await databases.shutdown()
    }

    @Test func anInviteThatIsBeingStoredCounts() async throws {
        let service = service()
        let gate = try await StoreGate(databases.store(for: "a.example"))
        let results = await withTaskGroup(of: Result<Invite, InviteRefusal>.self) { group in
            for _ in 0..<5 { group.addTask { await service.invite([account("juliet")], under: policy)[0] } }
            var results: [Result<Invite, InviteRefusal>] = []
            // Four are refused while one waits for the store.
            while results.count < 4, let result = await group.next() { results.append(result) }
            gate.open()
            for await result in group { results.append(result) }
            return results
        }
        #expect(results.prefix(4).allSatisfy { $0 == .failure(.usernameTaken) })
        #expect(results.last.flatMap(username) == "juliet")
        await databases.shutdown()
    }

    @Test func anInviteThatIsStoredTooLateCounts() async throws {
        let deadlines = Deadlines()
        let service = HostService(
            "a.example", store: databases.store(for: "a.example"),
            surroundings: world.surroundings, deadlines: deadlines)
        let (started, gate) = (Inbox<Void>(), Inbox<Void>())
        try await service.reserve("juliet")
        let storing = Task {
            try await service.keep(["juliet"]) { _ in
                started.put(())
                try? await gate.next()
            }
        }
        try await started.next()
        deadlines.expire(startedBefore: .max)
        await #expect(throws: InviteRefusal.overloaded) { try await storing.value }
        // It is not waited for any more, and may yet be stored.
        #expect(await service.invite([account("juliet")], under: policy) == [.failure(.usernameTaken)])
        gate.put(())
        await databases.shutdown()
    }

    @Test func itIsFreeAgainWhenTheInviteHasExpired() async throws {
        let service = service()
        #expect(await service.invite([account("juliet")], under: policy).map(username) == ["juliet"])
        world.advance(byMilliseconds: 7 * 86_400_000 - 1)
        #expect(await service.invite([account("juliet")], under: policy) == [.failure(.usernameTaken)])
        world.advance(byMilliseconds: 1)
        #expect(await service.invite([account("juliet")], under: policy).map(username) == ["juliet"])
        await databases.shutdown()
    }

    @Test func everyHostHasItsOwn() async throws {
        #expect(await service().invite([account("juliet")], under: policy).map(username) == ["juliet"])
        #expect(await service("b.example").invite([account("juliet")], under: policy).map(username) == ["juliet"])
        await databases.shutdown()
    }

    @Test func whatCouldNotBeStoredPromisesNothing() async throws {
        let path = "\(directory.path)/state/hosts/a.example.sqlite3"
        try Data(repeating: 0x2A, count: 8192).write(to: URL(filePath: path))
        let service = service()
        #expect(
            await service.invite([account("juliet"), account("romeo")], under: policy).allSatisfy {
                $0 == .failure(.unavailable)
            })
        #expect(await service.invite([account("juliet")], under: policy) == [.failure(.unavailable)])
        try FileManager.default.removeItem(atPath: path)
        try await world.sleepers.next().wake()
        _ = try await world.log.next { $0.contains("host recovered") }
        #expect(
            await service.invite([account("juliet"), account("romeo")], under: policy).map(username) == [
                "juliet", "romeo",
            ])
        await databases.shutdown()
    }
}
