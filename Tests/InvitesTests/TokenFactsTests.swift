import Invites
import Testing

@Suite struct TokenFactsTests {
    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 24 * hour
    private static let now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)
    private static let alice = Account(localpart: "alice", domain: "a.example")
    private static let bob = Account(localpart: "bob", domain: "b.example")

    private static func time(_ milliseconds: Int64) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: now.millisecondsSinceEpoch + milliseconds)
    }

    private static func token() throws -> Token { try #require(Token("tokenTokenToken1")) }

    /// Facts of an invite that expires in `expiry` milliseconds.
    private static func facts(
        _ kind: InviteKind = .account, expiry: Int64 = hour, uses: InviteUses = InviteUses(), username: String? = nil,
        revoked: Bool = false, own: Redemption.State? = nil, ownKind: Redemption.Kind = .register, ownInvite: Int64 = 1
    ) throws -> TokenFacts {
        let invite = Invite(
            token: try token(), kind: kind, inviter: kind == .reset ? nil : alice, username: username, uses: uses,
            revocation: revoked ? Revocation(at: now, by: "root") : nil, createdAt: time(-100 * day),
            expiresAt: time(expiry))
        let redemption = own.map {
            Redemption(
                number: 1, invite: ownInvite, attempt: "a", kind: ownKind, way: .stream, account: "juliet",
                inviter: alice, reservedAt: time(-1), state: $0)
        }
        return TokenFacts(number: 1, invite: invite, own: redemption)
    }

    private static func refusal(
        _ facts: TokenFacts, username: String = "juliet", for kind: Redemption.Kind = .register,
        checked: Int64? = nil
    ) throws -> RedemptionRefusal? {
        let reservation = Reservation(
            token: try token(), attempt: "a", username: username, way: .stream, checkedAt: checked.map(time))
        return facts.refusal(of: reservation, for: kind, at: now)
    }

    private static let reserved = Redemption.State.reserved(deadline: now, nextQuestion: now, questions: 0)

    @Test func statesAreTheFirstThatHolds() throws {
        let full = InviteUses(total: 1, confirmed: 1)
        let held = InviteUses(total: 2, confirmed: 1, reserved: 1)
        #expect(try Self.facts(expiry: -1, uses: full, revoked: true).invite.state(at: Self.now) == .revoked)
        #expect(try Self.facts(expiry: -1, uses: full).invite.state(at: Self.now) == .used)
        #expect(try Self.facts(expiry: 0, uses: held).invite.state(at: Self.now) == .expired)
        #expect(try Self.facts(uses: held).invite.state(at: Self.now) == .reserved)
        #expect(try Self.facts(uses: InviteUses(total: 2, reserved: 1)).invite.state(at: Self.now) == .open)
    }

    @Test func aReservationIsRefusedForTheFirstReason() throws {
        let full = InviteUses(total: 1, confirmed: 1)
        let held = InviteUses(total: 1, reserved: 1)
        #expect(try Self.refusal(Self.facts()) == nil)
        #expect(try Self.refusal(Self.facts(uses: full)) == .used)
        #expect(try Self.refusal(Self.facts(uses: held)) == .reservedByOthers)
        #expect(try Self.refusal(Self.facts(uses: held, own: Self.reserved)) == nil, "its own")
        #expect(try Self.refusal(Self.facts(uses: held, own: Self.reserved, ownInvite: 2)) == .reservedByOthers)
        #expect(try Self.refusal(Self.facts(uses: held, revoked: true, own: Self.reserved)) == .revoked)
        #expect(try Self.refusal(Self.facts(expiry: -1, uses: held, own: Self.reserved)) == nil, "time does not count")
        #expect(try Self.refusal(Self.facts(uses: full, own: .confirmed(Self.now))) == .used)
        #expect(try Self.refusal(Self.facts(own: .confirmed(Self.now), ownInvite: 2)) == .used)
        #expect(try Self.refusal(Self.facts(own: .released(Self.now, reason: ""))) == nil)
        #expect(try Self.refusal(Self.facts(.contact)) == .unknown)
        #expect(try Self.refusal(Self.facts(.reset, username: "juliet")) == .unknown, "it makes no account")
        #expect(try Self.refusal(Self.facts(), for: .reset) == .unknown, "it sets no password")
        #expect(try Self.refusal(Self.facts(username: "romeo")) == .otherUsername)
        var facts = try Self.facts()
        facts.isUsernameHeld = true
        #expect(try Self.refusal(facts) == .usernameTaken)
    }

    @Test func aResetIsSpentOnceByOneAttempt() throws {
        let full = InviteUses(total: 1, confirmed: 1)
        let own = try Self.facts(.reset, uses: full, username: "juliet", own: .confirmed(Self.now), ownKind: .reset)
        #expect(try Self.refusal(own, for: .reset) == nil)
        #expect(try Self.refusal(own, username: "romeo", for: .reset) == .otherUsername)
        #expect(try Self.refusal(Self.facts(.reset, uses: full, username: "juliet"), for: .reset) == .used)
        var facts = try Self.facts(.reset, username: "juliet")
        facts.isUsernameHeld = true
        #expect(try Self.refusal(facts, for: .reset) == nil, "its account is there already")
    }

    @Test(
        arguments: [
            (nil, -1, .expired), (-2, -1, nil), (-1, -1, .expired), (1, -1, .expired), (-hour, -1, .expired),
            (1 - hour, -1, nil), (Int64.min / 4, -1, .expired),
        ] as [(Int64?, Int64, RedemptionRefusal?)])
    func whatWasCheckedInTimeIsGoodForAnHour(checked: Int64?, expiry: Int64, refusal: RedemptionRefusal?) throws {
        #expect(try Self.refusal(Self.facts(expiry: expiry), checked: checked) == refusal)
    }

    @Test func aContactIsGrantedToWhoAsksTheInviter() throws {
        func refusal(
            _ facts: TokenFacts, user: String = "alice", contact: Account = Self.bob, host: String = "a.example"
        ) throws -> RedemptionRefusal? {
            facts.refusal(
                of: ContactRequest(token: try Self.token(), user: user, contact: contact), on: host, at: Self.now)
        }
        let full = InviteUses(total: 1, confirmed: 1)
        #expect(try refusal(Self.facts(.contact)) == nil)
        #expect(try refusal(Self.facts(.accountAndContact)) == nil)
        #expect(try refusal(Self.facts(.account)) == .unknown)
        #expect(try refusal(Self.facts(.reset)) == .unknown)
        #expect(try refusal(Self.facts(.contact), user: "carol") == .unknown)
        #expect(try refusal(Self.facts(.contact), host: "c.example") == .unknown, "the same name on another host")
        #expect(try refusal(Self.facts(.contact), contact: Self.alice) == .unknown)
        #expect(try refusal(Self.facts(.contact, uses: full)) == .used)
        #expect(try refusal(Self.facts(.contact, expiry: -1)) == .expired)
        #expect(try refusal(Self.facts(.contact, uses: InviteUses(reserved: 1))) == .reservedByOthers)
        // Again, for a while.
        let again = Redemption.State.confirmed(Self.time(1 - 7 * Self.day))
        let late = Redemption.State.confirmed(Self.time(-7 * Self.day))
        #expect(try refusal(Self.facts(.contact, expiry: -1, uses: full, own: again, ownKind: .contact)) == nil)
        #expect(try refusal(Self.facts(.contact, uses: full, own: late, ownKind: .contact)) == .used)
        #expect(try refusal(Self.facts(.contact, uses: full, revoked: true, own: again)) == .revoked)
        var registered = try Self.facts(.accountAndContact, expiry: -1, uses: full)
        registered.registeredAt = Self.time(1 - 7 * Self.day)
        #expect(try refusal(registered) == nil)
        registered.isContactImpossible = true
        #expect(try refusal(registered) == .used)
        registered.isContactImpossible = false
        registered.registeredAt = Self.time(-7 * Self.day)
        #expect(try refusal(registered) == .used)
    }

    @Test func questionsAreAskedLessAndLessOften() throws {
        var redemption = try #require(try Self.facts(own: Self.reserved).own)
        var waits: [Int64] = []
        for _ in 0..<9 {
            redemption.state = redemption.state(after: .unknown, at: Self.now)
            let next = try #require(redemption.nextQuestion)
            waits.append((next.millisecondsSinceEpoch - Self.now.millisecondsSinceEpoch) / 1_000)
        }
        #expect(waits == [5, 10, 20, 40, 80, 160, 320, 600, 600])
        #expect(redemption.state(after: .present, at: Self.now) == .confirmed(Self.now))
        guard case .released = redemption.state(after: .absent, at: Self.now) else {
            Issue.record("it is released")
            return
        }
    }
}
