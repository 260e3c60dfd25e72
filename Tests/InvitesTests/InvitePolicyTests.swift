import Invites
import Testing

@Suite struct InvitePolicyTests {
    private let admin = Account(localpart: "admin", domain: "example.com")
    private let staff = Account(localpart: "staff", domain: "provider.example")
    private let alice = Account(localpart: "alice", domain: "example.com")
    private let mallory = Account(localpart: "mallory", domain: "elsewhere.example")
    private let now = Timestamp(millisecondsSinceEpoch: 1_700_000_000_000)

    private func policy(allowUserInvites: Bool = false, allowContactInvites: Bool = true) -> InvitePolicy {
        InvitePolicy(
            host: "example.com", admins: [admin, staff], allowUserInvites: allowUserInvites,
            allowContactInvites: allowContactInvites)
    }

    private func invite(_ request: InviteRequest, _ policy: InvitePolicy) throws -> Invite {
        try policy.invite(for: request, token: #require(Token("0123456789abcdefABCDEF")), at: now)
    }

    @Test func defaultsAreTheSeeds() {
        let policy = InvitePolicy(host: "example.com")
        #expect(policy.admins.isEmpty)
        #expect(!policy.allowUserInvites)
        #expect(policy.allowContactInvites)
        #expect(policy.lifetime.description == "1w")
    }

    @Test(arguments: [false, true], [false, true])
    func whoMayDoWhat(allowUserInvites: Bool, allowContactInvites: Bool) {
        let policy = policy(allowUserInvites: allowUserInvites, allowContactInvites: allowContactInvites)
        #expect(policy.denialOfContactInvite(by: admin) == nil)
        #expect(policy.denialOfContactInvite(by: staff) != nil)
        #expect((policy.denialOfContactInvite(by: alice) == nil) == allowContactInvites)
        #expect(policy.denialOfContactInvite(by: mallory) != nil)
        #expect(policy.denialOfAccountInvite(by: admin) == nil)
        #expect(policy.denialOfAccountInvite(by: staff) == nil)
        #expect(policy.denialOfAccountInvite(by: alice) != nil)
        #expect(policy.denialOfAccountInvite(by: mallory) != nil)
    }

    @Test(arguments: [(false, InviteKind.contact), (true, .accountAndContact)])
    func aUsersContactInviteLetsRegisterWhereUserInvitesAreOn(allowed: Bool, kind: InviteKind) throws {
        let invite = try invite(.contact(inviter: alice), policy(allowUserInvites: allowed))
        #expect(invite.kind == kind)
        #expect(invite.action == .roster)
        #expect(invite.inviter == alice)
        #expect(invite.username == nil)
    }

    @Test(arguments: [false, true], [false, true])
    func anAdminsContactInviteAlwaysLetsRegister(allowUserInvites: Bool, allowContactInvites: Bool) throws {
        let policy = policy(allowUserInvites: allowUserInvites, allowContactInvites: allowContactInvites)
        #expect(try invite(.contact(inviter: admin), policy).kind == .accountAndContact)
    }

    @Test func contactInvitesAreForUsersOfTheHost() {
        #expect(throws: InviteDenial.notUserOfHost) { try invite(.contact(inviter: mallory), policy()) }
        #expect(throws: InviteDenial.notUserOfHost) { try invite(.contact(inviter: staff), policy()) }
        #expect(throws: InviteDenial.contactInvitesOff) {
            try invite(.contact(inviter: alice), policy(allowUserInvites: true, allowContactInvites: false))
        }
    }

    @Test func accountInvitesAreForAdminsWhereverTheyLive() throws {
        let policy = policy(allowUserInvites: true)
        #expect(throws: InviteDenial.notAdmin) {
            try invite(.account(by: alice, username: nil, rosterSubscription: false), policy)
        }
        let plain = try invite(.account(by: staff, username: nil, rosterSubscription: false), policy)
        #expect(plain.kind == .account)
        #expect(plain.action == .register)
        #expect(plain.inviter == staff)
        let withContact = try invite(.account(by: admin, username: "juliet", rosterSubscription: true), policy)
        #expect(withContact.kind == .accountAndContact)
        #expect(withContact.action == .register)
        #expect(withContact.inviter == admin)
        #expect(withContact.username == "juliet")
    }

    @Test func anInviteExpiresAfterItsLifetime() throws {
        let invite = try invite(.contact(inviter: alice), policy())
        let end = now.advanced(by: .week)
        #expect(invite.createdAt == now)
        #expect(invite.expiresAt == end)
        #expect(!invite.isExpired(at: now))
        #expect(!invite.isExpired(at: Timestamp(millisecondsSinceEpoch: end.millisecondsSinceEpoch - 1)))
        #expect(invite.isExpired(at: end))
    }
}
