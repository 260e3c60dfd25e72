import Invites
import Testing

@Suite struct InviteURITests {
    private static let alice = Account(localpart: "alice", domain: "example.com")
    private let token = "0123456789abcdefABCDEF"

    private func uri(
        _ kind: InviteKind, _ action: InviteAction, inviter: Account? = alice, username: String? = nil,
        host: String = "example.com", inBand: Bool
    ) throws -> String {
        let instant = Timestamp(millisecondsSinceEpoch: 0)
        return Invite(
            token: try #require(Token(token)), kind: kind, action: action, inviter: inviter, username: username,
            createdAt: instant, expiresAt: instant
        ).uri(host: host, redeemableInBand: inBand)
    }

    @Test(arguments: [
        (InviteKind.contact, InviteAction.roster, false, "xmpp:alice@example.com?roster;preauth=TOKEN"),
        (.contact, .roster, true, "xmpp:alice@example.com?roster;preauth=TOKEN"),
        (.accountAndContact, .roster, false, "xmpp:alice@example.com?roster;preauth=TOKEN"),
        (.accountAndContact, .roster, true, "xmpp:alice@example.com?roster;preauth=TOKEN;ibr=y"),
        (.accountAndContact, .register, false, "xmpp:example.com?register;preauth=TOKEN"),
        (.accountAndContact, .register, true, "xmpp:example.com?register;preauth=TOKEN"),
        (.account, .register, false, "xmpp:example.com?register;preauth=TOKEN"),
        (.account, .register, true, "xmpp:example.com?register;preauth=TOKEN"),
        (.account, .roster, true, "xmpp:example.com?register;preauth=TOKEN"),
        (.contact, .register, true, "xmpp:alice@example.com?roster;preauth=TOKEN"),
    ])
    func eachKind(kind: InviteKind, action: InviteAction, inBand: Bool, golden: String) throws {
        let golden = golden.split(separator: "TOKEN", omittingEmptySubsequences: false).joined(separator: token)
        #expect(try uri(kind, action, inBand: inBand) == golden)
    }

    @Test func aFixedNameIsTheLocalpart() throws {
        let expected = "xmpp:juliet@example.com?register;preauth=\(token)"
        #expect(try uri(.account, .register, username: "juliet", inBand: true) == expected)
        #expect(try uri(.accountAndContact, .register, username: "juliet", inBand: true) == expected)
    }

    @Test(arguments: [
        ("a.b-c_d~9", "a.b-c_d~9"), ("çelik", "%C3%A7elik"), ("a b", "a%20b"), ("o?roster;x=1", "o%3Froster%3Bx%3D1"),
        ("a#b", "a%23b"), ("100%", "100%25"), ("a+b", "a%2Bb"),
        (
            "nasty!#$%()*+,-.;=?[\\]^_`{|}~node",
            "nasty%21%23%24%25%28%29%2A%2B%2C-.%3B%3D%3F%5B%5C%5D%5E_%60%7B%7C%7D~node"
        ),
        ("\u{1}", "%01"), ("日本", "%E6%97%A5%E6%9C%AC"),
    ])
    func localpartsAreEncoded(localpart: String, encoded: String) throws {
        let inviter = Account(localpart: localpart, domain: "example.com")
        #expect(
            try uri(.contact, .roster, inviter: inviter, inBand: false)
                == "xmpp:\(encoded)@example.com?roster;preauth=\(token)")
        #expect(
            try uri(.account, .register, username: localpart, inBand: false)
                == "xmpp:\(encoded)@example.com?register;preauth=\(token)")
    }

    @Test func domainsAreEncoded() throws {
        #expect(
            try uri(.account, .register, host: "čechy.example", inBand: false)
                == "xmpp:%C4%8Dechy.example?register;preauth=\(token)")
    }
}
