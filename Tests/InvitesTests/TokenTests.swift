import TestSupport
import Testing

@testable import Invites

@Suite struct TokenTests {
    private let noon = Timestamp(millisecondsSinceEpoch: 1_795_348_800_000)

    @Test func tokensSortByTheirTime() {
        var generator = SeededGenerator(seed: 6)
        // One millisecond apart, across every place's carry, and years apart.
        var times = (0..<5_000).map { noon.millisecondsSinceEpoch + $0 }
        times += [1_900_000_000_000, 2_500_000_000_000, 3_500_000_000_000]
        let tokens = times.map { Token.random(at: Timestamp(millisecondsSinceEpoch: $0), using: &generator).text }
        for (earlier, later) in zip(tokens, tokens.dropFirst()) {
            #expect(Array(earlier.utf8).lexicographicallyPrecedes(Array(later.utf8)))
        }
    }

    @Test(arguments: [
        ("xmpp:alice@a.example?roster;preauth=ABCDEFGH1;ibr=y", ["ABCDEFGH1"]),
        ("https://page.example/#alice%40a.example%3Froster%3Bpreauth%3DABCDEFGH1", ["ABCDEFGH1"]),
        ("https://page.example/?u=xmpp%253Aa.example%253Fregister%253Bpreauth%253DABCDEFGH1", ["ABCDEFGH1"]),
        ("https://page.example/i?token=ABCDEFGH1&lang=de", ["ABCDEFGH1"]),
        (
            "https://invitations.example/ABCDEFGH1ABCDEFGH1ABCDEFGH1AB",
            ["ABCDEFGH1ABCDEFGH1ABCDEFGH1AB", "invitations"]
        ),
        ("xmpp:a.example?join", []), ("%", []), ("preauth=%zz%4", []), ("", []),
    ]) func tokensAreFoundInLinks(link: String, tokens: [String]) {
        #expect(Token.candidates(in: link).map(\.text) == tokens)
    }

    @Test func aLinkHasFewTokens() {
        let many = (0..<1_000).map { "ABCDEFGH\($0)" }.joined(separator: "/")
        #expect(Token.candidates(in: many).count == 8)
    }

    @Test(arguments: [Int64.min, -1, 0, .max])
    func anyTimeMakesAToken(milliseconds: Int64) {
        var generator = SeededGenerator(seed: 7)
        let token = Token.random(at: Timestamp(millisecondsSinceEpoch: milliseconds), using: &generator)
        #expect(Token(token.text) == token)
    }

    @Test func randomTokensReadBack() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1_000 {
            let token = Token.random(at: noon, using: &generator)
            #expect(token.text.utf8.count == 29)
            #expect(Token(token.text) == token)
        }
    }

    @Test func everyLetterIsEquallyLikelyInEveryPlace() {
        var generator = SeededGenerator(seed: 4)
        let count = 62_000
        var seen = Array(repeating: [UInt8: Int](), count: 22)
        for _ in 0..<count {
            for (place, letter) in Token.random(at: noon, using: &generator).text.utf8.dropFirst(7).enumerated() {
                seen[place][letter, default: 0] += 1
            }
        }
        for letters in seen {
            #expect(letters.count == 62)
            // Each is expected 1,000 times with a standard deviation of 31.4; chi-squared has 61 degrees of freedom.
            let chiSquared = letters.values.reduce(0.0) { $0 + Double(($1 - 1_000) * ($1 - 1_000)) / 1_000 }
            #expect(chiSquared < 120)
        }
    }

    @Test func wordsThatWouldBiasATokenAreDrawnAgain() {
        // Zero is what the rejection zone of next(upperBound:) starts with.
        let good: [UInt64] = [0x1234_5678_9ABC_DEF1, 0xFEDC_BA98_7654_3211, 0x0F1E_2D3C_4B5A_6979]
        var generator = ScriptedGenerator(words: [0] + good)
        _ = Token.random(at: noon, using: &generator)
        #expect(generator.words.isEmpty)
    }

    @Test func threeWordsAreEnoughForAToken() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<1_000 { _ = Token.random(at: noon, using: &generator) }
        #expect(generator.draws < 3_005)
    }

    @Test(arguments: ["abcDEF12", String(repeating: "z", count: 64)])
    func accepts(text: String) {
        #expect(Token(text)?.text == text)
    }

    @Test(arguments: [
        "", "abcdefg", String(repeating: "z", count: 65), "abcd efgh", "abcdefg-", "abcdefg%", "äbcdefgh", "abcdefgh\0",
        "１２３４５６７８",
    ])
    func refuses(text: String) {
        #expect(Token(text) == nil)
    }

    @Test func doesNotPrint() throws {
        let secret = "0123456789abcdefABCDEF"
        let invite = Invite(
            token: try #require(Token(secret)), kind: .account, inviter: nil,
            createdAt: Timestamp(millisecondsSinceEpoch: 0), expiresAt: Timestamp(millisecondsSinceEpoch: 0))
        var dumped = ""
        dump(invite, to: &dumped)
        for text in ["\(invite.token)", String(reflecting: invite), String(describing: [invite]), dumped] {
            #expect(!text.contains(secret))
            #expect(text.contains("[token]"))
        }
        #expect(Mirror(reflecting: invite.token).children.isEmpty)
    }
}

private struct ScriptedGenerator: RandomNumberGenerator {
    var words: [UInt64]

    mutating func next() -> UInt64 { words.removeFirst() }
}
