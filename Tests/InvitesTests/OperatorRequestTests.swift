import Invites
import Testing

/// What operators ask for: the users' own limits do not cap it.
@Suite struct OperatorRequestTests {
    private let admin = Account(localpart: "admin", domain: "example.com")
    private let alice = Account(localpart: "alice", domain: "example.com")
    private let mallory = Account(localpart: "mallory", domain: "elsewhere.example")
    private let now = Timestamp(millisecondsSinceEpoch: 1_700_000_000_000)

    private func policy(
        allowUserInvites: Bool = false, allowContactInvites: Bool = false, lifetime: Lifetime = .week
    ) -> InvitePolicy {
        InvitePolicy(
            host: "example.com", admins: [admin], allowUserInvites: allowUserInvites,
            allowContactInvites: allowContactInvites, lifetime: lifetime)
    }

    private func invite(
        _ grant: OperatorRequest.Grant, _ policy: InvitePolicy, lifetime: Lifetime? = nil
    ) throws -> Invite {
        try policy.invite(
            for: .operated(OperatorRequest(grant, lifetime: lifetime)),
            token: #require(Token("0123456789abcdefABCDEF")), at: now)
    }

    @Test(arguments: [nil, "juliet"])
    func anAccountIsNobodysInvite(username: String?) throws {
        let invite = try invite(.account(username: username, contact: nil), policy())
        #expect(invite.kind == .account)
        #expect(invite.action == .register)
        #expect(invite.inviter == nil)
        #expect(invite.username == username)
        #expect(invite.fixedUsername == username)
        #expect(invite.createdAt == now)
        #expect(invite.expiresAt == now.advanced(by: .week))
    }

    @Test func anAccountWithAContactIsThatOnes() throws {
        let invite = try invite(.account(username: "juliet", contact: alice), policy())
        #expect(invite.kind == .accountAndContact)
        #expect(invite.action == .register)
        #expect(invite.inviter == alice)
        #expect(invite.username == "juliet")
    }

    @Test(arguments: [false, true], [false, true])
    func aContactMayRegisterAsIfTheUserHadAsked(allowUserInvites: Bool, allowContactInvites: Bool) throws {
        let policy = policy(allowUserInvites: allowUserInvites, allowContactInvites: allowContactInvites)
        let ofAlice = try invite(.contact(of: alice), policy)
        #expect(ofAlice.kind == (allowUserInvites ? .accountAndContact : .contact))
        #expect(ofAlice.action == .roster)
        #expect(ofAlice.inviter == alice)
        #expect(ofAlice.username == nil)
        #expect(try invite(.contact(of: admin), policy).kind == .accountAndContact)
    }

    @Test func aResetIsForAnAccountAndPromisesNothing() throws {
        let invite = try invite(.reset(of: alice), policy())
        #expect(invite.kind == .reset)
        #expect(invite.action == .register)
        #expect(invite.inviter == nil)
        #expect(invite.username == "alice")
        #expect(invite.fixedUsername == nil)
        #expect(
            invite.uri(host: "example.com", redeemableInBand: true)
                == "xmpp:alice@example.com?register;preauth=0123456789abcdefABCDEF")
    }

    @Test(arguments: [
        ("7d", nil, "1d"), ("1h", nil, "1h"), ("7d", "3d", "3d"), ("1h", "2h", "2h"), ("1h", "3650d", "3650d"),
    ])
    func aResetIsGoodForADayAtMostUnlessTold(host: String, asked: String?, good: String) throws {
        let invite = try invite(
            .reset(of: alice), policy(lifetime: Lifetime(host)), lifetime: asked.map { try Lifetime($0) })
        let end = now.advanced(by: try Lifetime(good))
        #expect(invite.expiresAt == end)
    }

    @Test func theOperatorSaysHowLong() throws {
        let day = now.advanced(by: .day)
        #expect(try invite(.account(username: nil, contact: nil), policy(), lifetime: .day).expiresAt == day)
        #expect(try invite(.contact(of: alice), policy(), lifetime: .day).expiresAt == day)
    }

    @Test func aSuspendedHostMakesNone() {
        var policy = policy()
        policy.isSuspended = true
        for grant in [
            OperatorRequest.Grant.account(username: nil, contact: nil), .contact(of: alice), .reset(of: alice),
        ] {
            #expect(throws: InviteDenial.suspended) { try invite(grant, policy) }
        }
    }

    @Test func theUserIsOneOfTheHost() {
        #expect(throws: InviteDenial.notUserOfHost) { try invite(.contact(of: mallory), policy()) }
        #expect(throws: InviteDenial.notUserOfHost) { try invite(.reset(of: mallory), policy()) }
        #expect(throws: InviteDenial.notUserOfHost) {
            try invite(.account(username: nil, contact: mallory), policy())
        }
    }
}
