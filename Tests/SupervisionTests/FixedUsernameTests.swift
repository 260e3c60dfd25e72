import Foundation
import Invites
import Runtime
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Storage
@testable import Supervision

/// A username is fixed by one invite at a time (XEP-0401 §5.2).
@Suite(.timeLimit(.minutes(5))) struct FixedUsernameTests {
    private let controlled = ControlledDependencies()
    private let directory: TemporaryDirectory
    private let databases: InviteDatabases
    private let admin = Account(localpart: "admin", domain: "a.example")

    init() throws {
        directory = try TemporaryDirectory()
        databases = try InviteDatabases(directory: directory.path + "/state", maximumOpen: 4, writers: 1)
    }

    private var policy: InvitePolicy { InvitePolicy(host: "a.example", admins: [admin]) }

    private func service(_ host: String = "a.example") -> HostService {
        HostService(
            host, repository: databases.store(for: host),
            dependencies: controlled.dependencies)
    }

    private func account(_ username: String?) -> InviteRequest {
        .account(by: admin, username: username, rosterSubscription: false)
    }

    private func username(_ result: Result<Invite, InviteRefusal>) -> String? { (try? result.get())?.username }

    @Test func theFirstOfABatchGetsIt() async throws {
        let results = await service().invite(
            [account("juliet"), account("juliet"), account("romeo"), account(nil)], under: policy)
        #expect(results.map(username) == ["juliet", nil, "romeo", nil])
        #expect(results[1] == .failure(.conflict(.usernameTaken)))
        #expect(try await databases.store(for: "a.example").count() == 3)
        await databases.shutdown()
    }

    @Test func ofThoseThatAreStoredAtOnceTheFirstGetsIt() async throws {
        let service = service()
        let store = databases.store(for: "a.example")
        let gate = try await StoreGate(store)
        let results = await withTaskGroup(of: Result<Invite, InviteRefusal>.self) { group in
            for _ in 0..<5 {
                group.addTask { await service.invite([account("juliet"), account(nil)], under: policy)[0] }
            }
            while store.waitingRows < 10 { await Task.yield() }
            gate.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.filter { $0 == .failure(.conflict(.usernameTaken)) }.count == 4)
        #expect(results.compactMap(username) == ["juliet"])
        // In one transaction, in which one refusal leaves the others alone.
        #expect(databases.openDatabases.commits == 1)
        #expect(try await store.count() == 6)
        await databases.shutdown()
    }

    @Test func anInviteThatIsStoredTooLateCounts() async throws {
        let deadlines = Deadlines()
        let store = databases.store(for: "a.example")
        let service = HostService(
            "a.example", repository: store, dependencies: controlled.dependencies,
            deadlines: deadlines)
        let gate = try await StoreGate(store)
        async let late = service.invite([account("juliet")], under: policy)
        while store.waitingRows < 1 { await Task.yield() }
        deadlines.expire(startedBefore: .max)
        #expect(await late == [.failure(.unavailable)])
        // It is not waited for any more, and is stored all the same.
        gate.open()
        #expect(await service.restart() == nil)
        #expect(await service.invite([account("juliet")], under: policy) == [.failure(.conflict(.usernameTaken))])
        await databases.shutdown()
    }

    @Test func itIsFreeAgainWhenTheInviteHasExpired() async throws {
        let service = service()
        #expect(await service.invite([account("juliet")], under: policy).map(username) == ["juliet"])
        controlled.advance(byMilliseconds: 7 * 86_400_000 - 1)
        #expect(await service.invite([account("juliet")], under: policy) == [.failure(.conflict(.usernameTaken))])
        controlled.advance(byMilliseconds: 1)
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
        try await controlled.sleepers.next().wake()
        _ = try await controlled.log.next { $0.contains("host recovered") }
        #expect(
            await service.invite([account("juliet"), account("romeo")], under: policy).map(username) == [
                "juliet", "romeo",
            ])
        await databases.shutdown()
    }
}
