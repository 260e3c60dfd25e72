import Invites
import TestSupport
import Testing

@testable import Storage

/// Random requests of several attempts about a few invites and names, against a model that has only the invariants.
@Suite(.timeLimit(.minutes(5))) struct RedeemingPropertyTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func noSequenceBreaksWhatMustHold(seed: UInt64) async throws {
        try await StateFixture.run { databases, _ in
            let store = databases.store(for: RedeemingTests.host)
            var random = SeededGenerator(seed: seed)
            _ = try await store.add(Invite.redeemable(1))
            _ = try await store.add(Invite.redeemable(2, uses: 3))
            _ = try await store.add(Invite.redeemable(3, username: "n0"))
            _ = try await store.add(Invite.redeemable(4, kind: .reset, username: "n1"))
            _ = try await store.add(Invite.redeemable(5, kind: .contact, uses: 2))
            // Only an account that was made unknown to us may take more than there is.
            var overused: Set<Int64> = []
            for step in 0..<400 {
                let now = Timestamp(millisecondsSinceEpoch: 10_000 + Int64(step) * 500)
                let terms = RedemptionTerms(now: now)
                let requests = (0...Int.random(in: 0...2, using: &random)).map { _ in
                    Self.request(using: &random)
                }
                let results = try await store.redeem(requests, under: terms)
                #expect(results.results.count == requests.count)
                overused.formUnion(results.overused)
                if step % 10 == 0 {
                    let due = try await store.dueWork(at: now, limit: 3)
                    let answers = due.questions.map { ($0, Self.answer(using: &random)) }
                    _ = try await store.record(Dictionary(uniqueKeysWithValues: answers), under: terms)
                    try await store.record(
                        Dictionary(uniqueKeysWithValues: due.tasks.map { ($0.number, TaskOutcome.done) }), at: now)
                }
                try await store.expectConsistency(overused: overused)
            }
        }
    }

    private static func answer(using random: inout SeededGenerator) -> AccountAnswer {
        [.present, .absent, .unknown][Int.random(in: 0..<3, using: &random)]
    }

    private static func request(using random: inout SeededGenerator) -> RedemptionRequest {
        let attempt = "a\(Int.random(in: 0..<8, using: &random))"
        let name = "n\(Int.random(in: 0..<4, using: &random))"
        let number = Int.random(in: 1...5, using: &random)
        let reservation = Reservation.sample(number, attempt, name)
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<5: return .reserve(reservation)
        case 5..<7: return .confirm(.sample(number, attempt, name))
        case 7..<9: return .release(attempt: attempt, reason: "")
        case 9: return .spend(reservation)
        default:
            return .subscribe(
                ContactRequest(
                    token: reservation.token, user: "alice",
                    contact: Account(localpart: name, domain: RedeemingTests.host)))
        }
    }
}
