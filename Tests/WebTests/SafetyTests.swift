import Invites
import Pages
import Runtime
import Testing

@testable import Web

@Suite struct ClientAddressTests {
    private static let proxies = TrustedProxies(
        ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"].compactMap { IPRange($0) })

    private func client(_ fields: [(String, String)], from peer: String? = "127.0.0.1") -> String? {
        let request = HTTPRequest(
            method: .get, target: "/", fields: fields.map { HTTPField(name: $0.0, value: $0.1) })
        let peer = peer.flatMap { IPAddress($0) }.map { HTTPPeer.address($0) } ?? .local
        return Self.proxies.client(of: request, from: peer)?.description
    }

    @Test func theLastUntrustedIsTheClient() {
        #expect(client([("x-forwarded-for", "1.1.1.1, 2.2.2.2")]) == "2.2.2.2")
        #expect(client([("x-forwarded-for", "1.1.1.1, 2.2.2.2, 10.1.1.1")]) == "2.2.2.2")
        #expect(client([("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")]) == "2.2.2.2")
        #expect(client([("forwarded", "for=1.1.1.1, for=\"[2001:db9::1]:4711\";proto=https")]) == "2001:db9::1")
        #expect(client([("x-forwarded-for", "2.2.2.2:80")]) == "2.2.2.2")
        #expect(client([("x-forwarded-for", "::ffff:2.2.2.2")]) == "2.2.2.2")
        #expect(client([("x-forwarded-for", "2.2.2.2")], from: nil) == "2.2.2.2")
        #expect(client([], from: nil) == nil)
    }

    @Test func othersAreNotBelieved() {
        #expect(client([("x-forwarded-for", "2.2.2.2")], from: "9.9.9.9") == "9.9.9.9")
        #expect(client([]) == "127.0.0.1")
    }

    @Test func whatIsNoAddressIsNobody() {
        #expect(client([("x-forwarded-for", "2.2.2.2, unknown")]) == "127.0.0.1")
        #expect(client([("x-forwarded-for", "unknown, 10.1.1.1")]) == "10.1.1.1")
        #expect(client([("forwarded", "for=_hidden")]) == "127.0.0.1")
        #expect(client([("forwarded", "proto=https")]) == "127.0.0.1")
        #expect(client([("forwarded", "for=1.1.1.1;host=\"a,for=3.3.3.3;b\"")]) == "127.0.0.1")
        #expect(client([("forwarded", "host=\"a;for=3.3.3.3;b\";for=1.1.1.1")]) == "127.0.0.1")
        #expect(client([("forwarded", "for=1.1.1.1;host=\"a.example\"")]) == "1.1.1.1")
    }

    /// A proxy sets one of the fields; the other one is the client's own.
    @Test func twoFieldsThatDisagreeAreNone() {
        #expect(client([("x-forwarded-for", "2.2.2.2"), ("forwarded", "for=3.3.3.3")]) == "127.0.0.1")
        #expect(client([("x-forwarded-for", "2.2.2.2"), ("forwarded", "for=2.2.2.2")]) == "2.2.2.2")
    }
}

@Suite struct UntrustedProxiesTests {
    private let untrusted = UntrustedProxies()

    private func isNoticed(_ peer: String?, _ field: String = "x-forwarded-for", trusted: [String] = []) -> Bool {
        let request = HTTPRequest(method: .get, target: "/", fields: [HTTPField(name: field, value: "9.9.9.9")])
        let peer = peer.flatMap { IPAddress($0) }.map { HTTPPeer.address($0) } ?? .local
        return untrusted.notice(request, from: peer, TrustedProxies(trusted.compactMap { IPRange($0) })) != nil
    }

    @Test(arguments: ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1", "::1", "fd00::1"])
    func aProxyNearByIsNoticedOnce(peer: String) {
        #expect(!isNoticed(peer, trusted: [peer]))
        #expect(!isNoticed(peer, "user-agent"))
        #expect(isNoticed(peer, "forwarded"))
        #expect(!isNoticed(peer))
    }

    @Test(arguments: ["9.9.9.9", "172.32.0.1", "2001:db8::1", nil])
    func anybodyElseIsNot(peer: String?) {
        #expect(!isNoticed(peer))
    }

    @Test func theyAreFew() {
        #expect((0..<100).count { isNoticed("10.0.0.\($0)") } == 16)
    }
}

@Suite struct IPRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("0.0.0.0/0", "9.9.9.9", true),
        ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false), ("::1", "::1", true),
        ("0.0.0.0/0", "::1", false), ("127.0.0.1", "::ffff:127.0.0.1", true),
    ])
    func rangesHoldWhatBeginsAlike(range: String, address: String, holds: Bool) throws {
        #expect(try #require(IPRange(range)).contains(try #require(IPAddress(address))) == holds)
    }

    @Test(arguments: [
        "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "x", "", "1.2.3.4/5/6", "::/129", "1.2.3.4:80",
    ])
    func somethingElseIsNone(text: String) {
        #expect(IPRange(text) == nil)
    }

    @Test func customersOfIPv6HaveASixtyFour() throws {
        let first = try #require(IPAddress("2001:db8:1:2:3:4:5:6"))
        let second = try #require(IPAddress("2001:db8:1:2::1"))
        #expect(first.counted == second.counted)
        #expect(first.counted.description == "2001:db8:1:2::")
        #expect(try #require(IPAddress("1.2.3.4")).counted.description == "1.2.3.4")
    }
}

@Suite struct SealTests {
    private static let key = SealKey(Array(0..<32))
    private static let attempt = WebAttempt(name: "form:abc", checkedAt: Timestamp(millisecondsSinceEpoch: 1_000))

    @Test func aSealIsForOneHostAndToken() throws {
        let (token, other) = (try #require(Token("AAAAAAAAAAAA")), try #require(Token("BBBBBBBBBBBB")))
        let seal = Self.key.seal(Self.attempt, host: "a.example", token: token)
        #expect(Self.key.attempt(in: seal, host: "a.example", token: token) == Self.attempt)
        #expect(Self.key.attempt(in: seal, host: "b.example", token: token) == nil)
        #expect(Self.key.attempt(in: seal, host: "a.example", token: other) == nil)
        #expect(SealKey(Array(1..<33)).attempt(in: seal, host: "a.example", token: token) == nil)
    }

    @Test func aSealThatWasChangedIsNone() throws {
        let token = try #require(Token("AAAAAAAAAAAA"))
        let seal = Self.key.seal(Self.attempt, host: "a.example", token: token)
        for index in seal.utf8.indices {
            var bytes = Array(seal.utf8)
            let offset = seal.utf8.distance(from: seal.utf8.startIndex, to: index)
            bytes[offset] = bytes[offset] == 0x41 ? 0x42 : 0x41
            let changed = String(decoding: bytes, as: UTF8.self)
            // The last characters of base64 have unused bits.
            if let attempt = Self.key.attempt(in: changed, host: "a.example", token: token) {
                #expect(attempt == Self.attempt)
                #expect(offset >= seal.utf8.count - 2)
            }
        }
        for text in ["", ".", "..", "a.b.c", seal + "x", String(repeating: "a", count: 1_000)] {
            #expect(Self.key.attempt(in: text, host: "a.example", token: token) == nil)
        }
    }

    @Test func aFormIsGoodForAnHour() {
        func isFresh(_ milliseconds: Int64) -> Bool {
            Self.attempt.isFresh(at: Timestamp(millisecondsSinceEpoch: 1_000 + milliseconds))
        }
        #expect(isFresh(0) && isFresh(3_599_999))
        #expect(!isFresh(3_600_000) && !isFresh(-1) && !isFresh(.max - 1_000))
    }
}

@Suite struct RateLimiterTests {
    @Test func soManyAMinute() throws {
        let limiter = RateLimiter<Int>(most: 3)
        for _ in 0..<3 { #expect(limiter.take(1, at: 0) == nil) }
        let wait = try #require(limiter.take(1, at: 0))
        #expect(limiter.take(2, at: 0) == nil)
        // Not before that time, but then.
        #expect(limiter.wait(1, at: Int64(wait - 2) * 1_000) != nil)
        var time = Int64(wait) * 1_000
        while let more = limiter.wait(1, at: time) {
            #expect(more <= 61)
            time += Int64(more) * 1_000
            #expect(time < 121_000)
        }
        #expect(limiter.take(1, at: time) == nil)
    }

    @Test func soManyAnHour() throws {
        let limiter = RateLimiter<Int>(most: 3, milliseconds: 3_600_000)
        for minute in 0..<3 { #expect(limiter.take(1, at: Int64(minute) * 60_000) == nil) }
        #expect(try #require(limiter.take(1, at: 1_800_000)) > 1_800)
        #expect(limiter.take(1, at: 7_200_000) == nil)
    }

    @Test func aWindowsEndIsNoGate() {
        let limiter = RateLimiter<Int>(most: 10)
        for _ in 0..<10 { _ = limiter.take(1, at: 59_000) }
        #expect(limiter.wait(1, at: 60_500) != nil)
        #expect(limiter.wait(1, at: 119_900) == nil)
        #expect(limiter.wait(1, at: 10_000_000) == nil)
    }

    @Test func manyKeysAreCountedTogether() {
        let limiter = RateLimiter<Int>(most: 2, capacity: 10)
        for key in 0..<10_000 { _ = limiter.take(key, at: 0) }
        #expect(limiter.wait(20_000, at: 0) != nil)
        // Those that are known are not drawn in.
        #expect(limiter.take(0, at: 0) == nil)
        #expect(limiter.take(0, at: 0) != nil)
    }

    /// A client with all addresses of a network needs more than one of them to lock out other clients.
    @Test func theOthersHaveAsManyInAllAsThoseKeptApart() {
        let limiter = RateLimiter<Int>(most: 2, capacity: 2_560)
        for key in 0..<2_560 + 1_024 { #expect(limiter.take(key, at: 0) == nil) }
        // Some 4 of 20 in each of 256 groups.
        for key in 100_000..<100_256 { #expect(limiter.wait(key, at: 0) == nil) }
        for key in 200_000..<220_000 { _ = limiter.take(key, at: 0) }
        for key in 300_000..<300_256 { #expect(limiter.wait(key, at: 0) != nil) }
    }
}

@Suite struct PasswordPolicyTests {
    @Test(
        arguments: [
            ("", .passwordMissing), ("short", .passwordTooShort(8)), ("password1", .passwordCommon),
            ("PassWord1", .passwordCommon), ("juliet-capulet", .passwordIsUsername),
            ("Juliet-Capulet@A.example", .passwordIsUsername), ("a\u{7}bbbbbbbb", .passwordInvalid),
            (String(repeating: "x", count: 1_024), .passwordTooLong(1_023)), ("correct horse", nil), ("päßwörter", nil),
        ] as [(String, FormMistake?)])
    func passwordsAreLookedAt(password: String, mistake: FormMistake?) {
        let policy = PasswordPolicy(serverLength: nil)
        #expect(policy.mistake(in: password, of: "juliet-capulet", on: "a.example") == mistake)
    }

    @Test func theServersLengthHoldsWhereItIsLonger() {
        #expect(PasswordPolicy(serverLength: 12).shortest == 12)
        #expect(PasswordPolicy(serverLength: 4).shortest == 8)
    }

    @Test func commonOnesAreFound() {
        for word in ["0", "000000", "123456", "password", "qwertyuiop", "trustno1", "letmein"] where word.count > 1 {
            #expect(CommonPasswords.contains(word), "\(word)")
        }
        for word in ["", " ", "123456 password", "passwordx", "qqqqqqqqqqx", "\n", String(repeating: "a", count: 100)] {
            #expect(!CommonPasswords.contains(word), "\(word)")
        }
    }
}

@Suite struct FormBodyTests {
    @Test func fieldsAreDecoded() throws {
        let form = try #require(FormBody(Array("username=J%C3%BCl+x&password=a%26b%3D&seal=&x".utf8)))
        #expect(form["username"] == "Jül x")
        #expect(form["password"] == "a&b=")
        #expect(form["seal"] == "" && form["nothing"] == "")
        #expect("\(form)" == "4 fields")
    }

    @Test(arguments: ["a=1&a=2", "a=%", "a=%4", "a=%zz", "a=%ff", "a=%00", String(repeating: "a&", count: 20)])
    func othersAreNone(body: String) {
        #expect(FormBody(Array(body.utf8)) == nil)
    }
}
