import Accounts
import Configuration
import Daemon
import Invites
import Reconfiguration
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Supervision

/// What is typed into forms, with a server in the test's hand.
@Suite(.timeLimit(.minutes(5))) struct FormTests {
    private static let host = "a.example"

    private struct Setup {
        let fixture: DaemonFixture
        let accounts: FakeAccounts
        var registry: HostRegistry { fixture.daemon.registry }
        var now: Timestamp { fixture.controlled.now }

        func create(_ grant: OperatorRequest.Grant, uses: Int = 1) async throws -> Token {
            try await registry.invite(OperatorRequest(grant, uses: uses), on: FormTests.host).invite.invite.token
        }

        func form(_ token: Token, _ username: String = "juliet", attempt: String = "form:1") -> FormRegistration {
            FormRegistration(
                token: token, attempt: attempt, checkedAt: now, username: username, password: "correct horse",
                clientAddress: "192.0.2.7")
        }

        func register(_ token: Token, _ username: String = "juliet", attempt: String = "form:1") async -> FormOutcome {
            await registry.register(form(token, username, attempt: attempt), on: FormTests.host)
        }

        /// Account and state of each redemption of the only invite.
        func redemptions() async throws -> [String] {
            try await registry.withInvites(of: FormTests.host) { repository throws(StoreError) in
                try await repository.redemptions(of: 1, limit: 10)
            }.map { redemption in
                let state =
                    switch redemption.state {
                    case .reserved: "reserved"
                    case .confirmed: "confirmed"
                    case .released: "released"
                    }
                return "\(redemption.account ?? "-") \(redemption.way.rawValue) \(state)"
            }
        }
    }

    private func with(
        usernames: Set<String> = [], _ body: (Setup) async throws -> Void
    ) async throws {
        let accounts = FakeAccounts(usernames: usernames)
        accounts.state.withLock { $0.abilities.makesAccounts = true }
        try await DaemonFixture.with([Self.host: "{}"]) { fixture in
            fixture.daemon.registry.provideAccounts { _ in accounts }
            try await body(Setup(fixture: fixture, accounts: accounts))
        }
    }

    /// Each page of an invite asks for them. Where each time takes a little more stack, this ends the process.
    @Test func accountsAreFoundHoweverOftenTheyAreAskedFor() async throws {
        try await with { setup in
            for _ in 0..<50_000 {
                guard setup.registry.accounts(of: Self.host)?.abilities.makesAccounts == true else {
                    Issue.record("the accounts of \(Self.host) are not found")
                    return
                }
            }
        }
    }

    @Test func anAccountIsMadeOnce() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            #expect(await setup.register(token) == .done)
            #expect(try await setup.redemptions() == ["juliet form confirmed"])
            // The same form once more, and another one.
            #expect(await setup.register(token) == .done)
            #expect(await setup.register(token, "romeo") == .refused(.used))
            #expect(await setup.register(token, "romeo", attempt: "form:2") == .refused(.used))
            #expect(setup.accounts.state.withLock { $0.usernames } == ["juliet"])
            #expect(setup.accounts.state.withLock { $0.clientAddresses } == ["192.0.2.7"])
        }
    }

    @Test func aTakenNameHoldsNothing() async throws {
        try await with(usernames: ["juliet"]) { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            #expect(await setup.register(token) == .taken)
            #expect(try await setup.redemptions() == [])
            #expect(await setup.register(token, "romeo") == .done)
        }
    }

    /// An answer while a name is typed reserves nothing, and the server is asked only if the daemon cannot answer.
    @Test func aNameIsFreeTakenOrHeld() async throws {
        try await with(usernames: ["juliet"]) { setup in
            let token = try await setup.create(.account(username: nil, contact: nil), uses: 5)
            func state(_ username: String, attempt: String = "form:1") async -> UsernameState {
                await setup.registry.state(
                    of: username, for: attempt, with: token, checkedAt: setup.now, on: Self.host)
            }
            #expect(await state("juliet") == .taken)
            #expect(await state("romeo") == .free)
            #expect(try await setup.redemptions() == [])
            // Held by another form, whose own it may be.
            setup.accounts.state.withLock { $0.creation = .refused(nil) }
            #expect(await setup.register(token, "romeo") == .rejected(nil))
            #expect(await state("romeo", attempt: "form:2") == .taken)
            #expect(await state("romeo") == .unknown)
            // Held by another invite.
            _ = try await setup.create(.account(username: "mercutio", contact: nil))
            #expect(await state("mercutio") == .taken)
            setup.accounts.state.withLock { $0.existence = .unknown("away") }
            #expect(await state("tybalt") == .unknown)
            setup.accounts.state.withLock { $0.existence = nil }
            setup.accounts.state.withLock { $0.abilities.knowsAccounts = false }
            #expect(await state("juliet") == .unknown)
        }
    }

    @Test func aTokenThatIsNoGoodSaysNothingOfNames() async throws {
        try await with(usernames: ["juliet"]) { setup in
            let unknown = try #require(Token("AAAAAAAAAAAA1"))
            let used = try await setup.create(.account(username: nil, contact: nil))
            #expect(await setup.register(used, "romeo", attempt: "form:2") == .done)
            for token in [unknown, used] {
                let state = await setup.registry.state(
                    of: "juliet", for: "form:1", with: token, checkedAt: setup.now, on: Self.host)
                #expect(state == .unknown)
            }
        }
    }

    /// The server does not say it before it is asked to make the account.
    @Test func aNameThatTurnsOutTakenIsReleased() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            setup.accounts.state.withLock { $0.creation = .taken }
            #expect(await setup.register(token) == .taken)
            #expect(try await setup.redemptions() == ["juliet form released"])
            setup.accounts.state.withLock { $0.creation = nil }
            #expect(await setup.register(token, "romeo") == .done)
            #expect(try await setup.redemptions() == ["romeo form confirmed"])
        }
    }

    @Test func aRefusedOneKeepsItsReservation() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            setup.accounts.state.withLock { $0.creation = .refused("too weak") }
            #expect(await setup.register(token) == .rejected("too weak"))
            #expect(try await setup.redemptions() == ["juliet form reserved"])
            #expect(await setup.register(token, "romeo", attempt: "form:2") == .refused(.reservedByOthers))
            // The same attempt continues with another name.
            setup.accounts.state.withLock { $0.creation = nil }
            #expect(await setup.register(token, "romeo") == .done)
            #expect(try await setup.redemptions() == ["romeo form confirmed"])
        }
    }

    /// Another user got the name by other means, after the server had refused this attempt.
    @Test func aRefusedNameIsNobodysElsesAfterwards() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            setup.accounts.state.withLock { $0.creation = .refused(nil) }
            #expect(await setup.register(token) == .rejected(nil))
            setup.accounts.state.withLock { state in
                state.creation = nil
                state.usernames.insert("juliet")
            }
            #expect(await setup.register(token) == .taken)
            #expect(try await setup.redemptions() == ["juliet form released"])
        }
    }

    @Test func anUnknownEndIsAskedFor() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            // The server made it, and the answer was lost: it is asked at once.
            setup.accounts.state.withLock { $0.creation = .unknown("lost") }
            #expect(await setup.register(token) == .done)
            #expect(try await setup.redemptions() == ["juliet form confirmed"])
        }
    }

    @Test func anUnknownEndCanBeTriedAgain() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            setup.accounts.state.withLock { state in
                state.creation = .unknown("lost")
                state.existence = .absent
            }
            #expect(await setup.register(token) == .later("lost"))
            #expect(try await setup.redemptions() == ["juliet form reserved"])
            // The first try may have made the account by now, whatever becomes of others: nothing is given back.
            setup.accounts.state.withLock { $0.creation = .busy("slowly") }
            for _ in 0..<2 {
                #expect(await setup.register(token) == .busy("slowly"))
                #expect(try await setup.redemptions() == ["juliet form reserved"])
            }
            setup.accounts.state.withLock { state in
                state.creation = nil
                state.existence = nil
            }
            #expect(await setup.register(token) == .done)
            #expect(try await setup.redemptions() == ["juliet form confirmed"])
        }
    }

    @Test func aServerThatIsAwayCostsNoUse() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            setup.accounts.state.withLock { $0.existence = .unknown("away") }
            #expect(await setup.register(token) == .later("away"))
            #expect(try await setup.redemptions() == [])
            setup.accounts.state.withLock { $0.abilities = AccountAbilities(provider: .none) }
            #expect(await setup.register(token) == .later("nobody makes accounts"))
        }
    }

    @Test(arguments: [
        (AccountOutcome.busy("slowly"), FormOutcome.busy("slowly")),
        (.busy(nil), .later("the server takes no more at present")), (.unreachable("away"), .later("away")),
    ])
    func whatIsNotDoneNowHoldsNothing(outcome: AccountOutcome, expected: FormOutcome) async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            setup.accounts.state.withLock { $0.creation = outcome }
            #expect(await setup.register(token) == expected)
            #expect(try await setup.redemptions() == ["juliet form released"])
            // The same form, or another one of who has opened the link anew.
            #expect(await setup.register(token) == expected)
            setup.accounts.state.withLock { $0.creation = nil }
            #expect(await setup.register(token, "romeo", attempt: "form:2") == .done)
        }
    }

    @Test func pressingTwiceAtOnceMakesOneAccount() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil), uses: 5)
            let outcomes = await withTaskGroup(of: FormOutcome.self) { group in
                for _ in 0..<10 { group.addTask { await setup.register(token) } }
                return await group.reduce(into: []) { $0.append($1) } as [FormOutcome]
            }
            #expect(outcomes == Array(repeating: .done, count: 10))
            #expect(try await setup.redemptions() == ["juliet form confirmed"])
            #expect(setup.accounts.state.withLock { $0.clientAddresses.count } == 1)
        }
    }

    @Test func fiftyWithOneLinkMakeOneAccount() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            let outcomes = await withTaskGroup(of: FormOutcome.self) { group in
                for number in 0..<50 {
                    group.addTask { await setup.register(token, "guest\(number)", attempt: "form:\(number)") }
                }
                return await group.reduce(into: []) { $0.append($1) } as [FormOutcome]
            }
            #expect(outcomes.count { $0 == .done } == 1)
            #expect(outcomes.allSatisfy { [.done, .refused(.used), .refused(.reservedByOthers)].contains($0) })
            #expect(setup.accounts.state.withLock { $0.usernames.count } == 1)
        }
    }

    @Test func formsAreForTheirKinds() async throws {
        try await with(usernames: ["alice"]) { setup in
            let alice = Account(localpart: "alice", domain: Self.host)
            let contact = try await setup.create(.contact(of: alice))
            #expect(await setup.register(contact) == .refused(.unknown))
            let reset = try await setup.create(.reset(of: alice))
            #expect(await setup.register(reset, "alice") == .refused(.unknown))
            #expect(
                await setup.registry.reset(setup.form(contact, "alice"), on: Self.host) == .refused(.unknown))
            #expect(await setup.register(try #require(Token("AAAAAAAAAAAA"))) == .refused(.unknown))
        }
    }

    @Test func aResetIsSpentBeforeThePasswordIsSet() async throws {
        try await with(usernames: ["alice"]) { setup in
            let token = try await setup.create(.reset(of: Account(localpart: "alice", domain: Self.host)))
            setup.accounts.state.withLock { $0.passwordOutcome = .failed(.unknown("lost")) }
            let form = setup.form(token, "alice")
            #expect(await setup.registry.reset(form, on: Self.host) == .unknown("lost"))
            #expect(try await setup.redemptions() == ["alice form confirmed"])
            var other = form
            other.attempt = "form:2"
            #expect(await setup.registry.reset(other, on: Self.host) == .refused(.used))
            // The same form may be sent again.
            setup.accounts.state.withLock { $0.passwordOutcome = .done(endedSessions: false) }
            #expect(await setup.registry.reset(form, on: Self.host) == .passwordSet(endedSessions: false))
            #expect(setup.accounts.state.withLock { $0.passwords } == ["alice": "correct horse"])
        }
    }

    @Test func theSameFormSetsAPasswordOnce() async throws {
        try await with(usernames: ["alice"]) { setup in
            let token = try await setup.create(.reset(of: Account(localpart: "alice", domain: Self.host)))
            let form = setup.form(token, "alice")
            // Pressed twice, and once more later.
            async let first = setup.registry.reset(form, on: Self.host)
            async let second = setup.registry.reset(form, on: Self.host)
            #expect(await [first, second] == [.passwordSet(endedSessions: true), .passwordSet(endedSessions: true)])
            #expect(await setup.registry.reset(form, on: Self.host) == .passwordSet(endedSessions: true))
            // The page from before, with something else in it.
            var other = form
            other.password = "battery staple"
            #expect(await setup.registry.reset(other, on: Self.host) == .refused(.used))
            #expect(setup.accounts.state.withLock { $0.passwords } == ["alice": "correct horse"])
            #expect(setup.accounts.state.withLock { $0.passwordRequests } == 1)
        }
    }

    /// Whether an earlier process has set a password is unknown, so a page from then sets none.
    @Test func whatAnEarlierProcessHasBegunIsSpent() async throws {
        try await with(usernames: ["alice"]) { setup in
            let token = try await setup.create(.reset(of: Account(localpart: "alice", domain: Self.host)))
            let form = setup.form(token, "alice")
            let spent = Reservation(
                token: token, attempt: form.attempt, username: "alice", way: .form, checkedAt: form.checkedAt)
            let host = try #require(setup.registry[Self.host])
            _ = await host.service.redeem([.spend(spent)], under: host.policy)
            #expect(try await setup.redemptions() == ["alice form confirmed"])
            #expect(await setup.registry.reset(form, on: Self.host) == .refused(.used))
            #expect(setup.accounts.state.withLock { $0.passwords } == [:])
        }
    }

    @Test func aServerThatIsAwaySpendsNoReset() async throws {
        try await with(usernames: ["alice"]) { setup in
            let token = try await setup.create(.reset(of: Account(localpart: "alice", domain: Self.host)))
            setup.accounts.state.withLock { $0.existence = .unknown("away") }
            #expect(await setup.registry.reset(setup.form(token, "alice"), on: Self.host) == .later("away"))
            #expect(try await setup.redemptions() == [])
        }
    }

    @Test func aFormThatWasOpenedInTimeIsInTime() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            let form = setup.form(token)
            // The last minute of its week.
            setup.fixture.controlled.advance(byMilliseconds: 7 * 86_400_000 - 60_000)
            var late = form
            late.checkedAt = setup.now
            setup.fixture.controlled.advance(byMilliseconds: 120_000)
            #expect(await setup.registry.register(form, on: Self.host) == .refused(.expired))
            #expect(await setup.registry.register(late, on: Self.host) == .done)
        }
    }

    @Test func aSuspendedHostRegistersNobody() async throws {
        try await with { setup in
            let token = try await setup.create(.account(username: nil, contact: nil))
            _ = try await setup.fixture.daemon.configuration.set(.suspended, to: ["true"], of: Self.host)
            #expect(await setup.register(token) == .refused(.suspended))
        }
    }

    @Test func operatorsOfferNoAccountThatExistsAndNothingToUsersWhoDoNot() async throws {
        try await with(usernames: ["alice"]) { setup in
            let alice = Account(localpart: "alice", domain: Self.host)
            let juliet = Account(localpart: "juliet", domain: Self.host)
            await #expect(throws: InviteFailure.refusal(.accountExists)) {
                try await setup.create(.account(username: "alice", contact: nil))
            }
            for grant in [.reset(of: juliet), .contact(of: juliet), .account(username: nil, contact: juliet)]
                as [OperatorRequest.Grant]
            {
                await #expect(throws: InviteFailure.unknownUser(juliet)) { try await setup.create(grant) }
            }
            _ = try await setup.create(.account(username: "juliet", contact: alice))
            _ = try await setup.create(.reset(of: alice))
            // A server that does not or cannot answer does not prevent operators' invites.
            setup.accounts.state.withLock { $0.existence = .unknown("busy") }
            _ = try await setup.create(.contact(of: juliet))
            setup.accounts.state.withLock { ($0.existence, $0.abilities.knowsAccounts) = (nil, false) }
            _ = try await setup.create(.reset(of: juliet))
        }
    }
}
