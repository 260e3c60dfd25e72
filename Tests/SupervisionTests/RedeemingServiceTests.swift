import Accounts
import Foundation
import Invites
import Synchronization
import TestSupport
import Testing

@testable import Storage
@testable import Supervision

/// Redeeming by a host's service, with a server in the test's hand.
@Suite(.timeLimit(.minutes(5))) struct RedeemingServiceTests {
    private static let host = "a.example"
    private static let alice = Account(localpart: "alice", domain: host)
    private let policy = InvitePolicy(host: host, admins: [alice])

    /// A daemon's part that concerns one host, on a directory.
    private struct Setup {
        let controlled: ControlledDependencies
        let databases: InviteDatabases
        let service: HostService
        let accounts: FakeAccounts

        var store: InviteStore { databases.store(for: RedeemingServiceTests.host) }
    }

    private func with(
        _ directory: TemporaryDirectory? = nil, accounts: FakeAccounts = FakeAccounts(),
        others: [String: FakeAccounts] = [:], after milliseconds: Int64 = 0, _ body: (Setup) async throws -> Void
    ) async throws {
        let directory = try directory ?? TemporaryDirectory()
        let controlled = ControlledDependencies()
        controlled.advance(byMilliseconds: milliseconds)
        let databases = try InviteDatabases(directory: directory.path + "/state", maximumOpen: 4, writers: 2)
        let service = HostService(
            Self.host, repository: databases.store(for: Self.host), dependencies: controlled.dependencies,
            peers: HostPeers(
                accounts: { host in host == Self.host ? accounts : others[host] }, notifiesInviter: { _ in true }))
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(
                    Setup(controlled: controlled, databases: databases, service: service, accounts: accounts)))
        } catch {
            result = .failure(error)
        }
        await service.stop()
        await databases.shutdown()
        withExtendedLifetime(directory) {}
        try result.get()
    }

    private func invite(_ setup: Setup, _ request: InviteRequest? = nil) async throws -> Invite {
        let request = request ?? .account(by: Self.alice, username: nil, rosterSubscription: true)
        return try await setup.service.invite([request], under: policy)[0].get()
    }

    private func reserve(_ invite: Invite, _ attempt: String, _ username: String = "juliet") -> RedemptionRequest {
        .reserve(
            Reservation(token: invite.token, attempt: attempt, username: username, way: .stream, checkedAt: nil))
    }

    private func confirm(_ invite: Invite, _ attempt: String, _ username: String = "juliet") -> RedemptionRequest {
        .confirm(Invites.Confirmation(token: invite.token, attempt: attempt, username: username, way: .stream))
    }

    private static let followUps = [
        "contacts alice juliet@a.example", "notify alice en juliet@a.example has accepted your invite.",
    ]

    private func followUps(_ setup: Setup) async throws -> [String] {
        [try await setup.accounts.asked.next(), try await setup.accounts.asked.next()].sorted()
    }

    @Test func aRegistrationIsFollowedByContactsAndANotice() async throws {
        try await with { setup in
            let invite = try await self.invite(setup)
            let check = try await setup.service.check(invite.token, under: policy).get()
            #expect(check == invite)
            let other = try #require(Token("otherOtherOther1"))
            #expect(
                await setup.service.check([other, invite.token], under: policy)
                    == [.failure(.refused(.unknown)), .success(invite)])
            _ = try await setup.service.redeem([reserve(invite, "a")], under: policy)[0].get()
            #expect(
                await setup.service.check(invite.token, under: policy) == .failure(.refused(.reservedByOthers)))
            _ = try await setup.service.redeem([confirm(invite, "a")], under: policy)[0].get()
            #expect(try await followUps(setup) == Self.followUps)
            #expect(await setup.service.check(invite.token, under: policy) == .failure(.refused(.used)))
            let counters = setup.service.activity.counters
            #expect(counters.redemptions == 1)
            #expect(await setup.service.check(other, under: policy) == .failure(.refused(.unknown)))
        }
    }

    @Test(
        arguments: [
            ("de", "de juliet@a.example hat deine Einladung angenommen."),
            ("de-AT", "de juliet@a.example hat deine Einladung angenommen."),
            ("tlh", "en juliet@a.example has accepted your invite."),
        ])
    func theNoticeIsInTheLanguageOfTheInvite(_ language: String, _ notice: String) async throws {
        try await with { setup in
            let invite = try await self.invite(
                setup, .account(by: Self.alice, username: nil, rosterSubscription: true, language: language))
            #expect(try await setup.store.storedInvite(withToken: invite.token)?.invite.language == language)
            _ = try await setup.service.redeem([reserve(invite, "a")], under: policy)[0].get()
            _ = try await setup.service.redeem([confirm(invite, "a")], under: policy)[0].get()
            #expect(try await followUps(setup).last == "notify alice \(notice)")
        }
    }

    @Test func aSuspendedHostBeginsNothingAndEndsWhatHasBegun() async throws {
        try await with { setup in
            let first = try await self.invite(setup)
            let second = try await self.invite(setup)
            _ = await setup.service.redeem([reserve(first, "a")], under: policy)
            var suspended = policy
            suspended.isSuspended = true
            #expect(await setup.service.check(second.token, under: suspended) == .failure(.refused(.suspended)))
            let request = ContactRequest(
                token: second.token, user: "alice", contact: Account(localpart: "bob", domain: "b.example"))
            let results = await setup.service.redeem(
                [reserve(second, "b", "romeo"), confirm(first, "a"), .subscribe(request)], under: suspended)
            #expect(results[0] == .failure(.refused(.suspended)))
            #expect(results[2] == .failure(.refused(.suspended)))
            guard case .success(.confirmed(_, isNew: true)) = results[1] else {
                Issue.record("it is confirmed, not \(results[1])")
                return
            }
            #expect(setup.service.activity.counters.refusedRedemptions == 2)
        }
    }

    @Test func twoHundredAttemptsOnOneTokenMakeOneAccount() async throws {
        try await with { setup in
            let invite = try await self.invite(setup)
            let outcomes = await withTaskGroup(of: Result<RedemptionOutcome, RedemptionFailure>.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let name = "a\(index)"
                        let reserved = await setup.service.redeem([reserve(invite, name, name)], under: policy)[0]
                        guard case .success = reserved else { return reserved }
                        return await setup.service.redeem([confirm(invite, name, name)], under: policy)[0]
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { (try? $0.get()) != nil } == 1)
            let refused = outcomes.filter {
                $0 == .failure(.refused(.reservedByOthers)) || $0 == .failure(.refused(.used))
            }
            #expect(refused.count == 199)
            let uses = try await setup.store.storedInvite(withToken: invite.token)?.invite.uses
            #expect(uses?.confirmed == 1)
            #expect(uses?.reserved == 0)
        }
    }

    @Test(arguments: [true, false])
    func afterTheDeadlineTheServerIsAsked(isThere: Bool) async throws {
        try await with(accounts: FakeAccounts(usernames: isThere ? ["juliet"] : [])) { setup in
            setup.accounts.state.withLock { $0.existence = .unknown("away") }
            let invite = try await self.invite(setup)
            _ = await setup.service.redeem([reserve(invite, "a")], under: policy)
            let deadline = try await setup.controlled.sleeper(for: .seconds(60))
            #expect(setup.accounts.asked.items.isEmpty)
            setup.controlled.advance(byMilliseconds: 60_000)
            deadline.wake()
            #expect(try await setup.accounts.asked.next() == "exists juliet")
            // Without an answer the reservation stays.
            let again = try await setup.controlled.sleeper(for: .seconds(5))
            #expect(
                await setup.service.check(invite.token, under: policy) == .failure(.refused(.reservedByOthers)))
            setup.accounts.state.withLock { $0.existence = nil }
            setup.controlled.advance(byMilliseconds: 5_000)
            again.wake()
            #expect(try await setup.accounts.asked.next() == "exists juliet")
            if isThere {
                #expect(try await followUps(setup) == Self.followUps)
                #expect(await setup.service.check(invite.token, under: policy) == .failure(.refused(.used)))
            } else {
                while setup.service.activity.counters.releasedRedemptions == 0 { await Task.yield() }
                _ = try await setup.service.check(invite.token, under: policy).get()
            }
        }
    }

    @Test func whatAServerDoesNotDoNowIsTriedAgain() async throws {
        try await with { setup in
            setup.accounts.state.withLock { $0.outcome = .unreachable("no module") }
            let invite = try await self.invite(setup)
            _ = await setup.service.redeem([confirm(invite, "a")], under: policy)
            #expect(try await followUps(setup) == Self.followUps)
            for wait in [5, 10, 20] {
                let sleeper = try await setup.controlled.sleeper(for: .seconds(wait))
                setup.controlled.advance(byMilliseconds: Int64(wait) * 1_000)
                sleeper.wake()
                #expect(try await followUps(setup) == Self.followUps)
            }
            _ = try await setup.controlled.sleeper(for: .seconds(40))
            // As after a hello.
            setup.accounts.state.withLock { $0.outcome = .done }
            await setup.service.resumeWork(hastened: true)
            #expect(try await followUps(setup) == Self.followUps)
        }
    }

    @Test(
        arguments: [
            (.absent, .module, "there is no alice@a.example"), (.refused("no"), .module, "the server refuses: no"),
            (.unsupported, .module, "the server of a.example has no way to do it"), (.unsupported, .none, nil),
            (.busy(nil), .module, nil), (.unknown("lost"), .module, nil),
        ] as [(AccountOutcome, AccountAbilities.Provider, String?)])
    func whatNeverWorksIsGivenUp(
        outcome: AccountOutcome, provider: AccountAbilities.Provider, reason: String?
    ) async throws {
        try await with { setup in
            setup.accounts.state.withLock {
                $0.outcome = outcome
                $0.abilities.provider = provider
            }
            let invite = try await self.invite(setup)
            let redemption = try await setup.service.redeem([confirm(invite, "a")], under: policy)[0].get()
            guard case .confirmed(let made, _) = redemption else { return }
            _ = try await followUps(setup)
            if reason == nil {
                _ = try await setup.controlled.sleeper(for: .seconds(5))
            }
            var tasks: [RecordedTask] = []
            repeat {
                tasks = try await setup.store.tasks(of: made.number)
            } while reason != nil && tasks.contains { $0.doneAt == nil }
            #expect(tasks.map(\.impossible) == [reason, reason])
        }
    }

    @Test func contactsOfOtherHostsAreAskedThereWhereTheyAreOurs() async throws {
        let other = FakeAccounts()
        let admin = Account(localpart: "admin", domain: "b.example")
        let policy = InvitePolicy(host: Self.host, admins: [admin])
        for isServed in [true, false] {
            try await with(others: isServed ? ["b.example": other] : [:]) { setup in
                let request = InviteRequest.account(by: admin, username: nil, rosterSubscription: true)
                let invite = try await setup.service.invite([request], under: policy)[0].get()
                let outcome = try await setup.service.redeem([confirm(invite, "a")], under: policy)[0].get()
                #expect(try await setup.accounts.asked.next() == "contacts juliet admin@b.example")
                if isServed {
                    let asked = [try await other.asked.next(), try await other.asked.next()].sorted()
                    #expect(asked.first == "contacts admin juliet@a.example")
                }
                guard case .confirmed(let made, _) = outcome else { return }
                var tasks: [RecordedTask] = []
                repeat {
                    tasks = try await setup.store.tasks(of: made.number)
                } while tasks.contains { $0.doneAt == nil }
                #expect(tasks.map(\.impossible) == [nil, nil, nil])
            }
        }
    }

    @Test func aServerIsAskedForAFewThingsAtATime() async throws {
        try await with { setup in
            var requests: [RedemptionRequest] = []
            for index in 0..<20 { requests.append(confirm(try await self.invite(setup), "a\(index)", "n\(index)")) }
            _ = await setup.service.redeem(requests, under: policy)
            for _ in 0..<40 { _ = try await setup.accounts.asked.next() }
            #expect(setup.accounts.state.withLock { $0.mostAtOnce } <= 4)
        }
    }

    // MARK: Killed

    /// The last step of a registration before the daemon is killed.
    enum Step: CaseIterable {
        case invited, reserved, created, confirmed, followedUp
    }

    /// Whatever the step, some time after all is up again an account that was made is confirmed once, its follow-ups are
    /// done, and a token without an account is open.
    @Test(arguments: Step.allCases) func aKillBetweenTwoStepsLosesNothing(step: Step) async throws {
        let server = FakeAccounts()
        let (before, after) = (try TemporaryDirectory(), try TemporaryDirectory())
        var token: Invite?
        try await with(before, accounts: server) { setup in
            // The daemon cannot reach the server until the last step.
            server.state.withLock { $0.outcome = .unreachable("not yet") }
            let invite = try await self.invite(setup)
            token = invite
            if step != .invited { _ = await setup.service.redeem([reserve(invite, "a")], under: policy) }
            if [.created, .confirmed, .followedUp].contains(step) {
                _ = await server.create(NewAccount(username: "juliet", password: "secret"))
            }
            if step == .confirmed || step == .followedUp {
                if step == .followedUp { server.state.withLock { $0.outcome = .done } }
                _ = await setup.service.redeem([confirm(invite, "a")], under: policy)
                #expect(try await followUps(setup) == Self.followUps)
            }
            // Killed: what is on the disk now is all that is left.
            try FileManager.default.createDirectory(
                atPath: "\(after.path)/state/hosts", withIntermediateDirectories: true)
            for suffix in ["", "-wal"] {
                let name = "state/hosts/\(Self.host).sqlite3\(suffix)"
                try FileManager.default.copyItem(atPath: "\(before.path)/\(name)", toPath: "\(after.path)/\(name)")
            }
        }
        let invite = try #require(token)
        server.state.withLock { $0.outcome = .done }
        while !server.asked.items.isEmpty { _ = try await server.asked.next() }
        try await with(after, accounts: server, after: 61_000) { setup in
            await setup.service.resumeWork(hastened: true)
            let hasAccount = server.state.withLock { $0.usernames.contains("juliet") }
            let redemptions = { () async throws -> [Redemption] in
                try await setup.store.redemptions(RedemptionFilter(), after: 0, limit: 9).redemptions
            }
            while try await redemptions().contains(where: { $0.nextQuestion != nil }) { await Task.yield() }
            let confirmed = try await redemptions().filter { if case .confirmed = $0.state { true } else { false } }
            #expect(confirmed.count == (hasAccount ? 1 : 0))
            if let made = confirmed.first {
                while try await setup.store.tasks(of: made.number).contains(where: { $0.doneAt == nil }) {
                    await Task.yield()
                }
                #expect(await setup.service.check(invite.token, under: policy) == .failure(.refused(.used)))
                // The module sends its confirmation again.
                let again = try await setup.service.redeem([confirm(invite, "a")], under: policy)[0].get()
                #expect(again == .confirmed(made, isNew: false))
            } else {
                _ = try await setup.service.check(invite.token, under: policy).get()
            }
        }
    }
}

extension HostService {
    fileprivate func check(_ token: Token, under policy: InvitePolicy) async -> Result<Invite, RedemptionFailure> {
        await check([token], under: policy)[0]
    }
}
