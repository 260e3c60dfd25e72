import TestSupport
import Testing

@testable import XMPP

@Suite struct JIDTests {
    @Test(arguments: [
        ("example.com", "example.com"), ("bücher.example", "xn--bcher-kva.example"), ("a_b.example", "a_b.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"), (String(repeating: "ü", count: 63) + ".example", nil),
    ])
    func aDomainInASCIIHasEachLabelAsDNSHasIt(domain: String, expected: String?) {
        #expect(JID.asciiDomain(domain) == expected)
    }

    @Test(
        arguments: [
            // RFC 7622 §3.5, table 1, as far as RFC 6122 agrees.
            ("juliet@example.com", "juliet", "example.com", nil),
            ("juliet@example.com/foo", "juliet", "example.com", "foo"),
            ("juliet@example.com/foo bar", "juliet", "example.com", "foo bar"),
            ("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"),
            ("foo\\20bar@example.com", "foo\\20bar", "example.com", nil),
            ("fussball@example.com", "fussball", "example.com", nil),
            ("π@example.com", "π", "example.com", nil),
            ("Σ@example.com/foo", "σ", "example.com", "foo"),
            ("king@example.com/♚", "king", "example.com", "♚"),
            ("example.com", nil, "example.com", nil),
            ("example.com/foobar", nil, "example.com", "foobar"),
            ("a.example.com/b@example.net", nil, "a.example.com", "b@example.net"),
            // Where the profiles of RFC 6122 differ from RFC 7622.
            ("fußball@example.com", "fussball", "example.com", nil),
            ("henryⅣ@example.com", "henryiv", "example.com", nil),
            ("♚@example.com", "♚", "example.com", nil),
            ("juliet@example.com/ foo", "juliet", "example.com", " foo"),
            // Parts and separators.
            ("a@b/c/d", "a", "b", "c/d"),
            ("b/c@d/e", nil, "b", "c@d/e"),
            ("b/@", nil, "b", "@"),
            ("b//", nil, "b", "/"),
            ("example.com.", nil, "example.com", nil),
            ("a@example.com./r", "a", "example.com", "r"),
            ("127.0.0.1", nil, "127.0.0.1", nil),
            ("a@[::1]/r", "a", "[::1]", "r"),
            ("a@[2001:DB8::1]", "a", "[2001:db8::1]", nil),
            ("under_score.example", nil, "under_score.example", nil),
            ("a-b--c.example", nil, "a-b--c.example", nil),
            // Case.
            ("JULIET@EXAMPLE.COM/Balcony", "juliet", "example.com", "Balcony"),
            ("Ärger@BÜCHER.example/ÄÖ", "ärger", "bücher.example", "ÄÖ"),
            // NFKC, and what is mapped to nothing.
            ("e\u{301}@example.com", "é", "example.com", nil),
            ("\u{212B}@example.com", "å", "example.com", nil),
            ("ｆｕｌｌ@ｗｉｄｅ．example", "full", "wide.example", nil),
            ("so\u{AD}ft@exam\u{200B}ple.com/r\u{AD}", "soft", "example.com", "r"),
            ("a@b/\u{2163}\u{A0}x", "a", "b", "IV x"),
            // Bidirectional text that begins and ends right to left.
            ("שלום@example.com", "שלום", "example.com", nil),
            ("\u{627}1\u{628}@example.com", "\u{627}1\u{628}", "example.com", nil),
            // Characters that Unicode 3.2 did not assign: people's emoji resources.
            ("a@b/🦊", "a", "b", "🦊"),
            ("\u{221}@b", "\u{221}", "b", nil),
        ] as [(String, String?, String, String?)])
    func reads(text: String, localpart: String?, domain: String, resource: String?) throws {
        let jid = try JID(text)
        #expect(jid.localpart.map { Array($0.utf8) } == localpart.map { Array($0.utf8) })
        #expect(Array(jid.domain.utf8) == Array(domain.utf8))
        #expect(jid.resource.map { Array($0.utf8) } == resource.map { Array($0.utf8) })
        #expect(try JID(jid.description) == jid)
    }

    @Test(
        arguments: [
            ("", .domain, .empty),
            ("@example.com", .localpart, .empty),
            ("@example.com/", .resource, .empty),
            ("juliet@", .domain, .empty),
            ("/foobar", .domain, .empty),
            ("juliet@example.com/", .resource, .empty),
            ("@", .domain, .empty),
            ("/", .domain, .empty),
            (".", .domain, .empty),
            ("a..b", .domain, .empty),
            (".a", .domain, .empty),
            ("a.b..", .domain, .empty),
            ("\u{AD}@a", .localpart, .empty),
            ("a@\u{AD}", .domain, .empty),
            ("a@b/\u{AD}", .resource, .empty),
            // Nodeprep's own list, and space.
            ("\"juliet\"@example.com", .localpart, .forbidden),
            ("foo bar@example.com", .localpart, .forbidden),
            ("a&b@c", .localpart, .forbidden),
            ("a'b@c", .localpart, .forbidden),
            ("a:b@c", .localpart, .forbidden),
            ("a<b@c", .localpart, .forbidden),
            ("a>b@c", .localpart, .forbidden),
            ("a\u{7F}@c", .localpart, .forbidden),
            ("a\0b@c", .localpart, .forbidden),
            ("a\u{FF20}b@c", .localpart, .forbidden),
            ("a\u{2100}b@c", .localpart, .forbidden),
            ("a\u{A0}b@c", .localpart, .forbidden),
            ("a\u{200E}@c", .localpart, .forbidden),
            ("a\u{E000}@c", .localpart, .forbidden),
            ("a\u{FFFD}@c", .localpart, .forbidden),
            ("a\u{E0001}@c", .localpart, .forbidden),
            ("\u{5D0}a@c", .localpart, .forbidden),
            ("\u{627}1@c", .localpart, .forbidden),
            // Domains: STD 3.
            ("a@b@c", .domain, .forbidden),
            ("exa mple.com", .domain, .forbidden),
            ("-a.b", .domain, .forbidden),
            ("a-.b", .domain, .forbidden),
            ("a.b\"", .domain, .forbidden),
            ("a,b", .domain, .forbidden),
            ("a:5347", .domain, .forbidden),
            ("a\u{FF0F}b", .domain, .forbidden),
            ("a\0.b", .domain, .forbidden),
            ("\u{1}", .domain, .forbidden),
            ("[::1", .domain, .forbidden),
            ("[]", .domain, .forbidden),
            ("[::g]", .domain, .forbidden),
            ("[::1].", .domain, .forbidden),
            ("[127.0.0.1]", .domain, .forbidden),
            ("a@b/\0", .resource, .forbidden),
            ("a@b/\n", .resource, .forbidden),
            ("a@b/\u{7F}", .resource, .forbidden),
            ("a@b/\u{2028}", .resource, .forbidden),
        ] as [(String, JIDError.Part, JIDError.Reason)])
    func refuses(text: String, part: JIDError.Part, reason: JIDError.Reason) {
        let error = #expect(throws: JIDError.self) { try JID(text) }
        // A text with several mistakes may name any; these have one, or name the domain first.
        #expect(error?.reason == reason)
        if text != "@", text != "@example.com/" { #expect(error?.part == part) }
    }

    @Test(arguments: ["a", "ä"])
    func eachPartHas1023Bytes(letter: String) throws {
        let most = String(repeating: letter, count: 1023 / letter.utf8.count)
        let more = most + letter
        #expect(try JID("\(most)@\(String(repeating: "d", count: 1023))/\(most)").localpart == most)
        #expect(throws: JIDError(part: .localpart, reason: .tooLong)) { try JID("\(more)@b") }
        #expect(throws: JIDError(part: .domain, reason: .tooLong)) { try JID("a@\(more)") }
        #expect(throws: JIDError(part: .resource, reason: .tooLong)) { try JID("a@b/\(more)") }
    }

    @Test func preparationMayNotLengthenAPartBeyondTheLimit() {
        // U+FDFA is 3 bytes, and 33 after NFKC.
        let text = String(repeating: "\u{FDFA}", count: 300)
        #expect(throws: JIDError(part: .resource, reason: .tooLong)) { try JID("a@b/\(text)") }
    }

    @Test func aTrailingDotGoesAndNothingElse() throws {
        // U+0600 and the dot behind it are one Character to Swift.
        #expect(try JID("a\u{600}.").domain.unicodeScalars.contains("\u{600}"))
        #expect(throws: JIDError(part: .domain, reason: .empty)) { try JID("a..") }
    }

    @Test func addressesThatOnlyLookAlikeDiffer() throws {
        // Canonically equal since Unicode 5.0. For the Unicode 3.2 of stringprep, and so for servers, two accounts.
        let composed = try JID("\u{1B06}@example.com")
        let decomposed = try JID("\u{1B05}\u{1B35}@example.com")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test func derivedAddresses() throws {
        let full = try JID("Alice@Example.com/x")
        #expect(full.bare.description == "alice@example.com")
        #expect(!full.isBare && full.bare.isBare && !full.bare.isDomain)
        #expect(try !JID("example.com/x").isDomain)
        #expect(try JID.prepareLocalpart("Bob") == "bob")
        #expect(throws: JIDError(part: .localpart, reason: .forbidden)) { try JID.prepareLocalpart("a@b") }
    }

    @Test func aSubstringOfAnotherEncodingIsAnAddress() throws {
        let line = "from=alice@example.com/x;"
        #expect(try JID(line.dropFirst(5).dropLast()).description == "alice@example.com/x")
    }

    @Test func readingWhatWasWrittenGivesTheSame() {
        var random = SeededGenerator(seed: 6122)
        let alphabet = Array(
            "abZ09.-_@/ \\é́ßΣς\u{AD}\u{3002}．ⅣﬁÅ\u{130}\u{37A}\u{1E9E}אب1🦊\u{1B06}\u{FDFA}日\u{600}".unicodeScalars)
        var accepted = 0
        for _ in 0..<20_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...10, using: &random) { text.append(random.pick(alphabet)) }
            guard let jid = try? JID(String(text)) else { continue }
            accepted += 1
            let again = try? JID(jid.description)
            #expect(again == jid, "\(text.map { String($0.value, radix: 16) })")
        }
        #expect(accepted > 2000)
    }

    @Test func theShortWayAgreesWithTheLongOne() throws {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("ab09.-_@/ A&é[:".unicodeScalars)
        var plain = 0
        for _ in 0..<20_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...9, using: &random) { text.append(random.pick(alphabet)) }
            guard let jid = JID(plain: String(text)) else { continue }
            plain += 1
            #expect(
                try JID(localpart: jid.localpart, domain: jid.domain, resource: jid.resource) == jid
                    && jid.description == String(text))
        }
        #expect(plain > 1000)
        for length in [1023, 1024] {
            let part = String(repeating: "a", count: length)
            #expect((JID(plain: "\(part)@\(part)/\(part)") != nil) == (length == 1023))
        }
    }

    @Test func theASCIIPathAgreesWithLibidn() {
        let profiles: [(Stringprep, JIDError.Part)] = [
            (.nodeprep, .localpart), (.nameprep, .domain), (.resourceprep, .resource),
        ]
        for (profile, part) in profiles {
            for byte in UInt8(1)..<128 {
                var buffer = [CChar](repeating: 0, count: 16)
                buffer[0] = CChar(bitPattern: byte)
                let code = buffer.withUnsafeMutableBufferPointer { buffer in
                    buffer.baseAddress.map { profile.run($0, 16) }
                }
                let libidn = code == 0 ? UInt8(bitPattern: buffer[0]) : nil
                let text = String(decoding: [byte], as: UTF8.self)
                #expect(
                    (try? profile.prepare(text, part: part)) == libidn.map { String(decoding: [$0], as: UTF8.self) })
                if profile.keeps(byte) { #expect(libidn == byte, "\(part) \(byte)") }
            }
        }
    }

    @Test func errorsSayWhatIsWrong() {
        #expect(JIDError(part: .localpart, reason: .empty).description == "its localpart is empty")
        #expect(JIDError(part: .domain, reason: .tooLong).description == "its domain is longer than 1023 bytes")
        #expect(
            JIDError(part: .resource, reason: .forbidden).description
                == "its resource has a character that is not allowed there")
    }
}
