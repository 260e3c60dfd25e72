import Foundation
import GRDB
import Invites
import TestSupport
import Testing

@testable import Storage

/// Redeeming, as SQLite does it.
@Suite(.timeLimit(.minutes(5))) struct RedeemingTests {
    static let host = "example.com"
    static let alice = Account(localpart: "alice", domain: host)
    static let terms = RedemptionTerms(now: Timestamp(millisecondsSinceEpoch: 10_000))

    private static func terms(_ milliseconds: Int64) -> RedemptionTerms {
        RedemptionTerms(now: Timestamp(millisecondsSinceEpoch: milliseconds))
    }

    private func run(_ body: (InviteStore, StateFixture) async throws -> Void) async throws {
        try await StateFixture.run { try await body($0.store(for: Self.host), $1) }
    }

    @Test func aUseIsHeldConfirmedAndGone() async throws {
        try await run { store, _ in
            let invite = Invite.redeemable(1)
            let number = try await store.add(invite)
            let reserved = try await store.one(.reserve(.sample(1, "a")))
            #expect(
                try reserved.get().redemption?.state
                    == .reserved(
                        deadline: Timestamp(millisecondsSinceEpoch: 70_000),
                        nextQuestion: Timestamp(millisecondsSinceEpoch: 70_000), questions: 0))
            #expect(try await store.one(.reserve(.sample(1, "b", "romeo"))) == .failure(.reservedByOthers))
            #expect(try await store.storedInvite(withToken: invite.token)?.invite.uses.reserved == 1)
            let first = try await store.one(.confirm(.sample(1, "a"))).get()
            guard case .confirmed(let redemption, isNew: true) = first else {
                Issue.record("it is confirmed, not \(first)")
                return
            }
            #expect(
                try await store.one(.confirm(.sample(1, "a"))).get() == .confirmed(redemption, isNew: false))
            #expect(try await store.one(.reserve(.sample(1, "a"))) == .failure(.used))
            #expect(try await store.one(.reserve(.sample(1, "b", "romeo"))) == .failure(.used))
            #expect(try await store.one(.release(attempt: "a", reason: "late")).get() == .released(redemption))
            let stored = try #require(try await store.storedInvite(withToken: invite.token))
            #expect(stored.number == number)
            #expect(stored.invite.uses == InviteUses(total: 1, confirmed: 1, confirmedAt: Self.terms.now))
            #expect(
                try await store.tasks(of: redemption.number).map(\.task.action) == [
                    .contacts(user: Self.alice, contact: Account(localpart: "juliet", domain: Self.host)),
                    .notify(inviter: Self.alice, account: Account(localpart: "juliet", domain: Self.host)),
                ])
            try await store.expectConsistency()
        }
    }

    @Test func whatIsReleasedIsFreeAgain() async throws {
        try await run { store, _ in
            _ = try await store.add(Invite.redeemable(1))
            _ = try await store.one(.reserve(.sample(1, "a"))).get()
            let long = String(repeating: "x", count: 1_000)
            let released = try await store.one(.release(attempt: "a", reason: long)).get()
            #expect(released.redemption?.state == .released(Self.terms.now, reason: String(long.prefix(200))))
            #expect(try await store.one(.release(attempt: "nobody", reason: "")).get() == .released(nil))
            _ = try await store.one(.reserve(.sample(1, "b"))).get()
            #expect(try await store.one(.reserve(.sample(1, "a"))) == .failure(.reservedByOthers))
            try await store.expectConsistency()
        }
    }

    @Test func anAttemptMovesToAnotherNameAndAnotherInvite() async throws {
        try await run { store, _ in
            for number in 1...3 { _ = try await store.add(Invite.redeemable(number)) }
            _ = try await store.one(.reserve(.sample(1, "a", "juliet"))).get()
            #expect(try await store.isHeld("juliet", at: Self.terms.now))
            #expect(try await store.one(.reserve(.sample(2, "b", "juliet"))) == .failure(.usernameTaken))
            _ = try await store.one(.reserve(.sample(1, "a", "julia"))).get()
            #expect(try await !store.isHeld("juliet", at: Self.terms.now))
            _ = try await store.one(.reserve(.sample(2, "b", "juliet"))).get()
            _ = try await store.one(.reserve(.sample(3, "a", "julia"))).get()
            #expect(try await store.invites().map(\.uses.reserved) == [0, 1, 1])
            try await store.expectConsistency()
        }
    }

    @Test func aNameIsHeldByInvitesThatAreGoodAndByAttempts() async throws {
        try await run { store, _ in
            _ = try await store.add(Invite.redeemable(1, username: "juliet", expiry: 100_000))
            _ = try await store.add(Invite.redeemable(2))
            #expect(try await store.heldUsernames(limit: 5, at: Self.terms.now) == ["juliet"])
            #expect(try await store.one(.reserve(.sample(2, "b", "juliet"))) == .failure(.usernameTaken))
            #expect(try await store.one(.reserve(.sample(1, "a", "romeo"))) == .failure(.otherUsername))
            _ = try await store.one(.reserve(.sample(1, "a", "juliet"))).get()
            // Expired, but held by the attempt.
            let late = Self.terms(200_000)
            #expect(try await store.isHeld("juliet", at: late.now))
            await #expect(throws: InviteConflict.usernameTaken) {
                try await store.add(Invite.redeemable(3, username: "juliet", created: 200_000))
            }
            _ = try await store.redeem([.release(attempt: "a", reason: "")], under: late)
            #expect(try await !store.isHeld("juliet", at: late.now))
            _ = try await store.add(Invite.redeemable(3, username: "juliet", created: 200_000))
            _ = try await store.revoke([3], Revocation(at: late.now, by: "root"))
            #expect(try await !store.isHeld("juliet", at: late.now))
            #expect(try await store.heldUsernames(limit: 5, at: late.now) == [])
        }
    }

    @Test func aLateConfirmationIsWrittenDownWhateverHappenedMeanwhile() async throws {
        try await run { store, _ in
            for number in 1...3 { _ = try await store.add(Invite.redeemable(number)) }
            // Nothing was reserved.
            #expect(try await store.one(.confirm(.sample(1, "a"))).get().isNew)
            // Released, and another attempt has had the use since.
            _ = try await store.one(.reserve(.sample(2, "b", "romeo"))).get()
            _ = try await store.one(.release(attempt: "b", reason: "")).get()
            _ = try await store.one(.reserve(.sample(2, "c", "tybalt"))).get()
            _ = try await store.one(.confirm(.sample(2, "c", "tybalt"))).get()
            let results = try await store.redeem([.confirm(.sample(2, "b", "romeo"))], under: Self.terms)
            #expect(results.overused == [2])
            #expect(try results.results[0].get().isNew)
            // Deleted.
            _ = try await store.one(.reserve(.sample(3, "d", "nurse"))).get()
            _ = try await store.remove(numbered: [3])
            #expect(try await store.one(.reserve(.sample(3, "e", "paris"))) == .failure(.unknown))
            let nurse = try await store.one(.confirm(.sample(3, "d", "nurse"))).get()
            #expect(nurse.isNew)
            #expect(try await store.tasks(of: try #require(nurse.redemption).number) == [])
            #expect(try await store.one(.confirm(.sample(4, "f"))) == .failure(.unknown))
            try await store.expectConsistency()
        }
    }

    @Test func whoMadeTheAccountTakesItsNameFromWhoHeldIt() async throws {
        try await run { store, _ in
            for number in 1...2 { _ = try await store.add(Invite.redeemable(number)) }
            _ = try await store.one(.reserve(.sample(1, "a"))).get()
            _ = try await store.one(.release(attempt: "a", reason: "")).get()
            _ = try await store.one(.reserve(.sample(2, "b"))).get()
            _ = try await store.one(.confirm(.sample(1, "a"))).get()
            #expect(try await store.redemptions(of: 2, limit: 9).map(\.isReserved) == [false])
            #expect(try await store.invites().map(\.uses.confirmed) == [1, 0])
            try await store.expectConsistency()
        }
    }

    @Test func afterItsDeadlineTheAccountDecides() async throws {
        try await run { store, _ in
            for number in 1...3 { _ = try await store.add(Invite.redeemable(number)) }
            for (number, name) in [(1, "juliet"), (2, "romeo"), (3, "nurse")] {
                _ = try await store.one(.reserve(.sample(number, "a\(number)", name))).get()
            }
            #expect(
                try await store.dueWork(at: Timestamp(millisecondsSinceEpoch: 69_999), limit: 9)
                    == DueWork(next: Timestamp(millisecondsSinceEpoch: 70_000)))
            let late = Self.terms(70_000)
            let due = try await store.dueWork(at: late.now, limit: 2)
            #expect(due.questions.map(\.attempt) == ["a1", "a2"])
            #expect(due.next == late.now, "there is more")
            let all = try await store.dueWork(at: late.now, limit: 9).questions
            let answers: [Redemption: AccountAnswer] = [all[0]: .present, all[1]: .absent, all[2]: .unknown]
            #expect(try await store.record(answers, under: late).count == 3)
            #expect(try await store.record(answers, under: late) == [], "they are no longer as they were")
            let invites = try await store.invites()
            #expect(invites.map(\.uses.confirmed) == [1, 0, 0])
            #expect(invites.map(\.uses.reserved) == [0, 0, 1])
            let next = try await store.dueWork(at: late.now, limit: 9)
            #expect(next.questions == [])
            #expect(next.tasks.count == 2)
            #expect(next.next == Timestamp(millisecondsSinceEpoch: 75_000))
            try await store.hasten(at: Timestamp(millisecondsSinceEpoch: 71_000))
            let hastened = try await store.dueWork(at: Timestamp(millisecondsSinceEpoch: 71_000), limit: 9)
            #expect(hastened.questions.map(\.attempt) == ["a3"])
            // It continues with another name: the pending question about the first is obsolete.
            let again = Reservation.sample(3, "a3", "angelica")
            _ = try await store.redeem([.reserve(again)], under: Self.terms(71_000))
            #expect(try await store.record([hastened.questions[0]: .absent], under: Self.terms(72_000)) == [])
            #expect(try await store.release(reservationsOf: 3, reason: "asked", at: late.now).count == 1)
            try await store.expectConsistency()
        }
    }

    @Test func tasksAreDueUntilTheyAreDone() async throws {
        try await run { store, _ in
            _ = try await store.add(Invite.redeemable(1))
            _ = try await store.one(.confirm(.sample(1, "a"))).get()
            let tasks = try await store.dueWork(at: Self.terms.now, limit: 9).tasks
            #expect(tasks.map(\.language) == ["de", "de"])
            let later = Timestamp(millisecondsSinceEpoch: 15_000)
            try await store.record([tasks[0].number: .later(later), tasks[1].number: .done], at: Self.terms.now)
            let due = try await store.dueWork(at: Self.terms.now, limit: 9)
            #expect(due == DueWork(next: later))
            try await store.hasten(at: Self.terms.now)
            let again = try await store.dueWork(at: Self.terms.now, limit: 9).tasks
            #expect(again.map(\.tries) == [1])
            try await store.record([again[0].number: .impossible("no such user")], at: later)
            // What is done stays so.
            try await store.record([again[0].number: .done], at: Timestamp(millisecondsSinceEpoch: 16_000))
            let recorded = try await store.tasks(of: tasks[0].redemption)
            #expect(recorded.map(\.impossible) == ["no such user", nil])
            #expect(recorded.map(\.doneAt) == [later, Self.terms.now])
        }
    }

    @Test func aContactIsGrantedOnceAndTasksComeAgain() async throws {
        try await run { store, _ in
            _ = try await store.add(Invite.redeemable(1, kind: .contact))
            let request = ContactRequest(
                token: Invite.redeemable(1).token, user: "alice",
                contact: Account(localpart: "bob", domain: "b.example"))
            let granted = try await store.one(.subscribe(request)).get()
            #expect(granted.isNew)
            let redemption = try #require(granted.redemption)
            let again = try await store.one(.subscribe(request)).get()
            #expect(again == .confirmed(redemption, isNew: false))
            #expect(try await store.tasks(of: redemption.number).count == 2, "what waits is asked for once")
            var other = request
            other.contact = Account(localpart: "carol", domain: "b.example")
            #expect(try await store.one(.subscribe(other)) == .failure(.used))
            let tasks = try await store.tasks(of: redemption.number).map(\.task.number)
            try await store.record([tasks[0]: .done, tasks[1]: .done], at: Self.terms.now)
            _ = try await store.one(.subscribe(request)).get()
            #expect(try await store.tasks(of: redemption.number).count == 3)
            try await store.record([tasks[1] + 1: .impossible("no module")], at: Self.terms.now)
            #expect(try await store.one(.subscribe(request)) == .failure(.used))
            try await store.expectConsistency()
        }
    }

    @Test func whoRegisteredMayAskForTheContactToo() async throws {
        try await run { store, _ in
            _ = try await store.add(Invite.redeemable(1))
            let registered = try await store.one(.confirm(.sample(1, "a"))).get().redemption
            let request = ContactRequest(
                token: Invite.redeemable(1).token, user: "alice",
                contact: Account(localpart: "juliet", domain: Self.host))
            #expect(
                try await store.one(.subscribe(request)).get() == .confirmed(try #require(registered), isNew: false))
            #expect(try await store.invites().map(\.uses.confirmed) == [1])
            try await store.expectConsistency()
        }
    }

    @Test func aResetIsSpentAtOnce() async throws {
        try await run { store, _ in
            _ = try await store.add(Invite.redeemable(1, kind: .reset, username: "juliet"))
            #expect(try await store.one(.reserve(.sample(1, "a"))) == .failure(.unknown))
            #expect(try await store.one(.spend(.sample(1, "a", "romeo"))) == .failure(.otherUsername))
            let spent = try await store.one(.spend(.sample(1, "a"))).get()
            #expect(try await store.one(.spend(.sample(1, "a"))).get() == spent)
            #expect(try await store.one(.spend(.sample(1, "b"))) == .failure(.used))
            #expect(try await store.one(.confirm(.sample(1, "c"))) == .failure(.unknown))
            #expect(try await store.dueWork(at: Self.terms(.max).now, limit: 9) == DueWork())
            try await store.expectConsistency()
        }
    }

    @Test func revokedInvitesEndAndNothingFollowsFromThem() async throws {
        try await run { store, _ in
            for number in 1...3 { _ = try await store.add(Invite.redeemable(number)) }
            _ = try await store.one(.reserve(.sample(1, "a"))).get()
            _ = try await store.one(.confirm(.sample(2, "b", "romeo"))).get()
            let revocation = Revocation(at: Self.terms.now, by: "root", why: "spam")
            let revoked = try await store.revoke([1, 2, 3, 9], revocation)
            #expect(revoked.map(\.number) == [1, 3])
            #expect(revoked.first?.invite.revocation == revocation)
            #expect(try await store.revoke([1], Revocation(at: Self.terms.now, by: "eve")) == [])
            #expect(try await store.one(.reserve(.sample(1, "a"))) == .failure(.revoked))
            #expect(try await store.extend(1, until: Self.terms(99_000).now, at: Self.terms.now) == .over(.revoked))
            #expect(try await store.extend(2, until: Self.terms(99_000).now, at: Self.terms.now) == .over(.used))
            let late = try await store.one(.confirm(.sample(1, "a"))).get()
            #expect(late.isNew)
            #expect(try await store.tasks(of: try #require(late.redemption).number) == [])
            try await store.expectConsistency()
        }
    }

    @Test func aDeletedAccountIsForgotten() async throws {
        try await run { store, _ in
            _ = try await store.add(Invite.redeemable(1, inviter: "bob"))
            _ = try await store.add(Invite.redeemable(2, inviter: "juliet"))
            _ = try await store.add(Invite.redeemable(3, inviter: "juliet", kind: .contact))
            _ = try await store.add(Invite.redeemable(4, kind: .reset, username: "juliet"))
            _ = try await store.add(Invite.redeemable(5, kind: .contact))
            _ = try await store.one(.confirm(.sample(1, "a", "juliet"))).get()
            _ = try await store.one(.confirm(.sample(2, "b", "romeo"))).get()
            let juliet = Account(localpart: "juliet", domain: Self.host)
            let request = ContactRequest(token: Invite.redeemable(5).token, user: "alice", contact: juliet)
            _ = try await store.one(.subscribe(request)).get()
            let count = try await store.forget(juliet, Revocation(at: Self.terms.now, by: "invited"))
            #expect(count == 2)
            #expect(try await store.invites().map { $0.revocation != nil } == [false, false, true, true, false])
            let redemptions = try await store.redemptions(RedemptionFilter(), after: 0, limit: 9).redemptions
            #expect(redemptions.map(\.account) == [nil, "romeo", nil])
            #expect(redemptions.map(\.inviter?.localpart) == ["bob", nil, "alice"])
            #expect(redemptions[2].attempt == "forgotten:3")
            #expect(try await store.dueWork(at: Self.terms.now, limit: 9).tasks == [])
            try await store.expectConsistency()
        }
    }

    @Test func theSweepKeepsWhatIsHeldAndWhatWasConfirmed() async throws {
        try await run { store, _ in
            for number in 1...5 { _ = try await store.add(Invite.redeemable(number, expiry: 50_000)) }
            _ = try await store.one(.reserve(.sample(1, "a"))).get()
            _ = try await store.one(.confirm(.sample(2, "b", "romeo"))).get()
            _ = try await store.one(.reserve(.sample(3, "c", "nurse"))).get()
            _ = try await store.one(.release(attempt: "c", reason: "")).get()
            _ = try await store.revoke([4], Revocation(at: Self.terms(20_000).now, by: "root"))
            func remaining(_ ended: Int64) async throws -> Int {
                _ = try await store.remove(InviteFilter(endedBy: Timestamp(millisecondsSinceEpoch: ended)))
                return try await store.count()
            }
            #expect(try await remaining(9_999) == 5)
            #expect(try await remaining(10_000) == 4, "used")
            #expect(try await remaining(20_000) == 3, "revoked")
            #expect(try await remaining(50_000) == 1, "expired, but for what is held")
            #expect(try await store.removeReleased(endedBy: Self.terms(9_999).now, after: 0) == InviteTally())
            #expect(try await store.removeReleased(endedBy: Self.terms.now, after: 0) == InviteTally(count: 1))
            let left = try await store.redemptions(RedemptionFilter(), after: 0, limit: 9).redemptions
            #expect(left.map(\.attempt) == ["a", "b"])
            let confirmed = try await store.redemptions(RedemptionFilter(isConfirmed: true), after: 0, limit: 9)
            #expect(confirmed.redemptions.map(\.attempt) == ["b"])
            try await store.expectConsistency()
        }
    }

    @Test func onlyOpenInvitesCountForTheirUser() async throws {
        try await run { store, _ in
            for number in 1...4 { _ = try await store.add(Invite.redeemable(number)) }
            _ = try await store.one(.confirm(.sample(1, "a"))).get()
            _ = try await store.one(.reserve(.sample(2, "b", "romeo"))).get()
            _ = try await store.revoke([3], Revocation(at: Self.terms.now, by: "root"))
            let limits = InviteLimits(userOpen: .atMost(2))
            let usage = try await store.usage(of: Self.alice, under: limits, at: Self.terms.now)
            #expect(usage.open == 2)
            #expect(usage.conflict == .tooManyOpen(2, next: Timestamp(millisecondsSinceEpoch: 1_000_000)))
            let newest = try await store.newest("", limit: 9, at: Self.terms.now).map(\.number)
            #expect(newest == [4, 2, 3, 1])
        }
    }

    @Test func aHostWithoutADatabaseKnowsNothingAndGetsNone() async throws {
        try await run { store, fixture in
            #expect(try await store.one(.reserve(.sample(1, "a"))) == .failure(.unknown))
            #expect(try await store.one(.release(attempt: "a", reason: "")).get() == .released(nil))
            #expect(try await store.dueWork(at: Self.terms.now, limit: 1) == DueWork())
            try await store.hasten(at: Self.terms.now)
            #expect(!fixture.exists(fixture.file(of: Self.host)))
        }
    }

    @Test func manyCallersShareACommitAndOneWins() async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: Self.host)
            _ = try await store.add(Invite.redeemable(1))
            let gate = Gate()
            let blocked = Task { try await store.perform(.reading) { _ in gate.pass() } }
            await gate.waitUntilReached()
            let before = databases.openDatabases.commits
            let outcomes = try await withThrowingTaskGroup(
                of: Result<RedemptionOutcome, RedemptionRefusal>.self
            ) { group in
                for index in 0..<200 {
                    group.addTask { try await store.one(.reserve(.sample(1, "a\(index)", "name\(index)"))) }
                }
                await store.waitUntilWaiting(rows: 200)
                gate.open()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            _ = try await blocked.value
            #expect(outcomes.filter { (try? $0.get()) != nil }.count == 1)
            #expect(outcomes.filter { $0 == .failure(.reservedByOthers) }.count == 199)
            #expect(databases.openDatabases.commits - before == 1)
            try await store.expectConsistency()
        }
    }

    /// What a process that was killed has left is what was answered.
    @Test func eachStepThatWasAnsweredSurvivesAKill() async throws {
        try await run { store, fixture in
            for number in 1...2 { _ = try await store.add(Invite.redeemable(number)) }
            let steps: [RedemptionRequest] = [
                .reserve(.sample(1, "a")), .release(attempt: "a", reason: ""), .reserve(.sample(1, "a", "julia")),
                .confirm(.sample(1, "a", "julia")), .reserve(.sample(2, "b")), .confirm(.sample(2, "b")),
            ]
            for step in steps {
                let outcome = try await store.one(step).get()
                let copy = StateFixture()
                defer { copy.remove() }
                try FileManager.default.createDirectory(
                    atPath: "\(copy.directory)/hosts", withIntermediateDirectories: true)
                for suffix in ["", "-wal"] {
                    try FileManager.default.copyItem(
                        atPath: fixture.file(of: Self.host) + suffix, toPath: copy.file(of: Self.host) + suffix)
                }
                try await copy.open { databases in
                    let found = databases.store(for: Self.host)
                    let redemption = try #require(outcome.redemption)
                    #expect(try await found.redemptions(of: redemption.invite, limit: 9).contains(redemption))
                    try await found.expectConsistency()
                }
            }
        }
    }
}
