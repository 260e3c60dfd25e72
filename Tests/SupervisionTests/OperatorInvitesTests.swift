import Configuration
import Foundation
import Invites
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Storage
@testable import Supervision

/// What operators do with the invites of hosts, while users go on inviting.
@Suite(.timeLimit(.minutes(5))) struct OperatorInvitesTests {
    private static let files = ["a.example": "admins: [admin@a.example]\n", "b.example": "{}"]
    private let alice = Account(localpart: "alice", domain: "a.example")

    private func account(_ username: String?) -> OperatorRequest {
        OperatorRequest(.account(username: username, contact: nil))
    }

    private func rows(_ fixture: DaemonFixture, _ host: String = "a.example") async throws -> [StoredInvite] {
        try await fixture.daemon.registry.invites(of: host)
    }

    private func trouble<Value>(_ body: () async throws(InviteFailure) -> Value) async -> InviteFailure? {
        do throws(InviteFailure) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func anInviteIsStoredWithTheNumberThatIsAnswered() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let first = try await fixture.daemon.registry.invite(account("juliet"), on: "a.example").invite
            #expect(try await fixture.invite(by: "alice@a.example/r").uri != nil)
            let second = try await fixture.daemon.registry.invite(
                OperatorRequest(.contact(of: alice), lifetime: .day, note: "for the choir"), on: "a.example"
            ).invite
            #expect(second.invite.note == "for the choir" && second.invite.createdBy == .operator)
            #expect((first.number, second.number) == (1, 3))
            let stored = try await rows(fixture)
            #expect(stored.count == 3 && stored[0] == first && stored[2] == second)
            #expect(second.invite.expiresAt == fixture.controlled.now.advanced(by: .day))
            #expect(try await rows(fixture, "b.example").isEmpty)
        }
    }

    @Test func operatorsAndUsersAreNotPromisedOneName() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let service = try #require(fixture.endpoint("a.example")?.service)
            let policy = try #require(fixture.daemon.registry["a.example"]?.policy)
            let admin = Account(localpart: "admin", domain: "a.example")
            let byAdmin = InviteRequest.account(by: admin, username: "juliet", rosterSubscription: false)
            _ = try await fixture.daemon.registry.invite(account("juliet"), on: "a.example").invite
            #expect(await service.invite([byAdmin], under: policy) == [.failure(.conflict(.usernameTaken))])
            // A reset reserves no name, and needs none to be free.
            let juliet = Account(localpart: "juliet", domain: "a.example")
            _ = try await fixture.daemon.registry.invite(OperatorRequest(.reset(of: juliet)), on: "a.example")
            _ = try await fixture.daemon.registry.invite(OperatorRequest(.reset(of: juliet)), on: "a.example")
            #expect(
                await trouble { () throws(InviteFailure) in
                    try await fixture.daemon.registry.invite(account("juliet"), on: "a.example").invite
                } == .refusal(.conflict(.usernameTaken)))
            _ = try await fixture.daemon.registry.removeInvites(of: "a.example", numbered: [1])
            _ = try await fixture.daemon.registry.invite(account("juliet"), on: "a.example").invite
        }
    }

    @Test func ofManyWhoAskForOneNameOneGetsIt() async throws {
        try await DaemonFixture.with(Self.files) { fixture async throws in
            let count = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        (try? await fixture.daemon.registry.invite(account("juliet"), on: "a.example").invite) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(count == 1)
            #expect(try await rows(fixture).count == 1)
        }
    }

    @Test func theRulesOfTheHostHold() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let trouble = await trouble { () throws(InviteFailure) in
                try await fixture.daemon.registry.invite(OperatorRequest(.reset(of: alice)), on: "b.example")
            }
            #expect(trouble == .refusal(.denied(.notUserOfHost)))
        }
    }

    @Test func hostsThatDoNotRunAreTold() async throws {
        try await DaemonFixture.with(["a.example": "{}", "bad.example": "allow_user_invites: perhaps\n"]) { fixture in
            let daemon = fixture.daemon
            let refused = await trouble { () throws(InviteFailure) in
                try await daemon.registry.invite(account(nil), on: "bad.example")
            }
            let unknown = await trouble { () throws(InviteFailure) in
                try await daemon.registry.invites(of: "c.example")
            }
            #expect(refused == .refusedHost)
            #expect(unknown == .unknownHost)
            #expect(await daemon.registry.inviteNumbers(of: "c.example", prefix: "", limit: 5).isEmpty)
            try fixture.directory.write("", to: "state/hosts/bad.example.sqlite3")
            try fixture.directory.write("", to: "state/hosts/gone.example.sqlite3")
            _ = try await daemon.registry.invite(account(nil), on: "a.example")
            #expect(
                try await daemon.registry.hostsWithInvites().reduce(into: []) { $0.append($1) } == [
                    "a.example", "bad.example",
                ])
        }
    }

    @Test func aBrokenDatabaseIsUnavailableAndOthersAreNot() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let daemon = fixture.daemon
            try fixture.directory.write(String(repeating: "*", count: 8192), to: "state/hosts/a.example.sqlite3")
            for _ in 0..<2 {
                let trouble = await trouble { () throws(InviteFailure) in
                    try await daemon.registry.invites(of: "a.example")
                }
                #expect(trouble == .refusal(.unavailable))
            }
            #expect(try await daemon.registry.invite(account(nil), on: "b.example").invite.number == 1)
        }
    }

    @Test func extendingCountsFromNow() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let daemon = fixture.daemon
            let made = try await daemon.registry.invite(account("juliet"), on: "a.example").invite
            fixture.controlled.advance(byMilliseconds: 8 * 86_400_000)
            guard
                case .extended(let extended, let before) = try await daemon.registry.extendInvite(
                    1, of: "a.example", by: .day)
            else {
                Issue.record("not extended")
                return
            }
            #expect(before == made.invite.expiresAt)
            #expect(extended.invite.expiresAt == fixture.controlled.now.advanced(by: .day))
            #expect(extended.invite.token == made.invite.token)
            #expect(try await daemon.registry.extendInvite(2, of: "a.example", by: .day) == .unknown)

            // Once it has expired, another may have the name.
            fixture.controlled.advance(byMilliseconds: 2 * 86_400_000)
            _ = try await daemon.registry.invite(account("juliet"), on: "a.example").invite
            #expect(try await daemon.registry.extendInvite(1, of: "a.example", by: .day) == .usernameTaken)
        }
    }

    /// One name, an expired invite that is extended and new ones that are asked for, all at once: one of them has it.
    @Test func extendingAndInvitingAtOnceMakeOnePromise() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let daemon = fixture.daemon
            for _ in 0..<20 {
                let old = try await daemon.registry.invite(account("juliet"), on: "a.example").invite
                fixture.controlled.advance(byMilliseconds: 8 * 86_400_000)
                async let extended = try? daemon.registry.extendInvite(old.number, of: "a.example", by: .day)
                async let made = try? daemon.registry.invite(account("juliet"), on: "a.example").invite
                _ = await (extended, made)
                let open = try await daemon.registry.page(
                    of: "a.example", InviteFilter(state: .open(at: fixture.controlled.now))
                ).invites
                #expect(open.count == 1)
                fixture.controlled.advance(byMilliseconds: 8 * 86_400_000)
            }
        }
    }

    @Test func usersInviteWhileAllThereWasIsRemoved() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let daemon = fixture.daemon
            let store = daemon.registry.databases.store(for: "a.example")
            var random = SystemRandomNumberGenerator()
            let now = fixture.controlled.now
            try await store.add(
                (0..<5_000).map { _ in
                    Invite(
                        token: .random(at: now, using: &random), kind: .contact, inviter: alice, createdAt: now,
                        expiresAt: now.advanced(by: .week))
                })
            let end = try await daemon.registry.lastInviteNumber(of: "a.example")
            #expect(end == 5_000)
            var (removed, invited) = (0, 0)
            var next: Int64? = 0
            while let start = next {
                let id = "r\(invited)"
                let asker = try JID("user\(invited)@a.example/r")
                async let answer = fixture.invite(by: asker, id: id)
                let tally = try await daemon.registry.removeInvites(
                    of: "a.example", InviteFilter(), after: start, through: end)
                removed += tally.count
                next = tally.next
                #expect(try await answer.uri != nil)
                invited += 1
            }
            #expect(removed == 5_000)
            #expect(invited > 10)
            #expect(try await store.count() == invited)
        }
    }

    @Test func numbersAreCompletedWithoutSecrets() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let daemon = fixture.daemon
            let made = try await daemon.registry.invite(account("juliet"), on: "a.example").invite
            fixture.controlled.advance(byMilliseconds: 8 * 86_400_000)
            _ = try await daemon.registry.invite(OperatorRequest(.contact(of: alice)), on: "a.example")
            _ = try await daemon.registry.invite(OperatorRequest(.reset(of: alice)), on: "a.example")
            let all = await daemon.registry.inviteNumbers(of: "a.example", prefix: "", limit: 10)
            #expect(
                all == [
                    .init(number: 3, summary: "reset for alice"),
                    .init(number: 2, summary: "contact by alice@a.example"),
                    .init(number: 1, summary: "account for juliet, expired"),
                ])
            #expect(await daemon.registry.inviteNumbers(of: "a.example", prefix: "2", limit: 10).map(\.number) == [2])
            #expect(await daemon.registry.inviteNumbers(of: "a.example", prefix: "", limit: 1).map(\.number) == [3])
            #expect(!"\(all)\(made)".contains(made.invite.token.text))
        }
    }

    @Test func aHungDiskIsNotWaitedFor() async throws {
        try await DaemonFixture.with(Self.files) { fixture in
            let daemon = fixture.daemon
            let store = daemon.registry.databases.store(for: "a.example")
            let gate = try await StoreGate(store)
            let serving = Task { await daemon.run() }
            async let listed = trouble { () throws(InviteFailure) in
                try await daemon.registry.invites(of: "a.example")
            }
            // The deadline is checked every second, and does not begin before the call has arrived.
            var keeper = try await fixture.controlled.sleeper(for: .seconds(1))
            while store.waitingRows == 0 { await Task.yield() }
            fixture.controlled.advance(byMilliseconds: 10_001)
            keeper.wake()
            #expect(await listed == .refusal(.unavailable))
            keeper = try await fixture.controlled.sleeper(for: .seconds(1))
            gate.open()
            daemon.component.connection.shutDown()
            await serving.value
            keeper.wake()
        }
    }
}
