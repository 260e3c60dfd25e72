import Invites
import Testing

@Suite struct LandingPageTests {
    private func url(
        _ template: String, host: String = "example.com", ascii: String? = nil,
        uri: String = "xmpp:alice@example.com?roster;preauth=abcdefgh12345678"
    ) throws -> String {
        try LandingPage(template).url(
            host: host, asciiHost: ascii ?? host, token: try #require(Token("abcdefgh12345678")), uri: uri)
    }

    @Test(arguments: [
        (
            "https://invite.example/#{uri_without_scheme}",
            "https://invite.example/#alice@example.com?roster;preauth=abcdefgh12345678"
        ),
        ("HTTPS://{host}/{token}", "https://example.com/abcdefgh12345678"),
        ("http://invites.{host}:8080?{token}", "http://invites.example.com:8080?abcdefgh12345678"),
        ("http://[::1]:8080/{host}/i?t={token}&x=%7B", "http://[::1]:8080/example.com/i?t=abcdefgh12345678&x=%7B"),
        (
            "https://invite.example/i?uri={uri}&host={host}#{token}",
            "https://invite.example/i?uri=xmpp%3Aalice%40example.com%3Froster%3Bpreauth%3Dabcdefgh12345678"
                + "&host=example.com#abcdefgh12345678"
        ),
        (
            "https://invite.example/{uri_without_scheme}/",
            "https://invite.example/alice%40example.com%3Froster%3Bpreauth%3Dabcdefgh12345678/"
        ),
        (
            "https://invite.example#{uri}?{host}",
            "https://invite.example#xmpp:alice@example.com?roster;preauth=abcdefgh12345678?example.com"
        ),
    ])
    func eachValueIsEncodedForItsPlace(template: String, golden: String) throws {
        #expect(try url(template) == golden)
    }

    /// In a host, labels are as DNS has them; elsewhere the host is as people write it.
    @Test func aHostInAnotherScriptIsEncodedForItsPlace() throws {
        let host = "bücher.example"
        let uri = "xmpp:j%C3%BCrgen@b%C3%BCcher.example?roster;preauth=abcdefgh12345678"
        func url(_ template: String) throws -> String {
            try self.url(template, host: host, ascii: "xn--bcher-kva.example", uri: uri)
        }
        #expect(try url("https://{host}/{token}") == "https://xn--bcher-kva.example/abcdefgh12345678")
        #expect(
            try url("https://x.example/{host}?{host}#{host}{token}")
                == "https://x.example/b%C3%BCcher.example?b%C3%BCcher.example#b%C3%BCcher.exampleabcdefgh12345678")
        // Decoded once, it is the address that people write; it is not encoded twice.
        #expect(
            try url("https://x.example/#{uri_without_scheme}")
                == "https://x.example/#j%C3%BCrgen@b%C3%BCcher.example?roster;preauth=abcdefgh12345678")
        #expect(
            try url("https://x.example/?{uri_without_scheme}")
                == "https://x.example/?j%25C3%25BCrgen%40b%25C3%25BCcher.example%3Froster%3Bpreauth%3Dabcdefgh12345678")
    }

    @Test(arguments: [
        ("", LandingPageError.notAbsolute), ("/i/{token}", .notAbsolute), ("//invite.example/{token}", .notAbsolute),
        ("invite.example/{token}", .notAbsolute), ("ftp://invite.example/{token}", .notAbsolute),
        ("{uri}", .notAbsolute), ("https:/invite.example/{token}", .notAbsolute),
        ("https://{token}.example/", .placeholderInHost(.token)),
        ("https://{uri}", .placeholderInHost(.uri)),
        ("https:///{token}", .badHost), ("https://:8080/{token}", .badHost), ("https://a..b/{token}", .badHost),
        ("https://a.example:/{token}", .badHost), ("https://a.example:x/{token}", .badHost),
        ("https://a.example:{host}/{token}", .badHost), ("https://a.example:65536/{token}", .badHost),
        ("https://user@a.example/{token}", .badHost), ("https://[a/{token}", .badHost),
        ("https://[x::1]/{token}", .badHost), ("https://%41.example/{token}", .badHost),
        ("https://\(String(repeating: "a", count: 64)).example/{token}", .badHost),
        ("https://a.example/{tokn}", .unknownPlaceholder("tokn")), ("https://a.example/{}", .unknownPlaceholder("")),
        ("https://a.example/{{token}}", .unknownPlaceholder("{token")),
        ("https://a.example/{Token}", .unknownPlaceholder("Token")),
        ("https://a.example/{token", .unbalancedBrace), ("https://a.example/token}", .unbalancedBrace),
        ("https://{host/{token}", .unbalancedBrace),
        ("https://a.example/%zz{token}", .badCharacter("%")), ("https://a.example/{token}%4", .badCharacter("%")),
        ("https://a.example/%+1{token}", .badCharacter("%")),
        ("https://a.example/a b/{token}", .badCharacter(" ")), ("https://bücher.example/{token}", .badCharacter("ü")),
        ("https://a.example/#{token}#", .badCharacter("#")), ("https://a.example/\"{token}", .badCharacter("\"")),
        ("https://a.example/", .sameForAll), ("https://{host}/{host}", .sameForAll),
        ("https://a.example/{token}" + String(repeating: "a", count: 1000), .tooLong),
    ])
    func whatIsNoTemplateIsExplained(template: String, error: LandingPageError) {
        #expect(throws: error) { try LandingPage(template) }
    }
}
