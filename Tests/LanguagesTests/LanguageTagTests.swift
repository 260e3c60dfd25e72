import Testing

@testable import Languages

/// What is a tag (RFC 5646), and which language suits whom (RFC 4647 §3.4).
@Suite struct LanguageTagTests {
    @Test(
        arguments: [
            ("de", "de"), ("DE", "de"), ("de-at", "de-AT"), ("pt_BR", "pt-BR"), ("zh-hans-cn", "zh-Hans-CN"),
            ("ZH-HANT", "zh-Hant"), ("sr-Latn-RS", "sr-Latn-RS"), ("es-419", "es-419"), ("de-CH-1996", "de-CH-1996"),
            ("sl-rozaj-biske", "sl-rozaj-biske"), ("de-DE-u-co-phonebk", "de-DE-u-co-phonebk"),
            ("en-a-bbb-x-US", "en-a-bbb-x-us"), ("ast", "ast"),
        ])
    func tagsAreRead(_ written: String, _ tag: String) {
        #expect(LanguageTag(written)?.description == tag)
    }

    @Test(
        arguments: [
            "", "d", "x", "-", "--", "de-", "-de", "de--AT", "x-private", "i-klingon", "d3", "12", "*", "de-*", "dé",
            "de AT", "de\u{0}", "abcdefghi", "de-abcdefghi", "de-DE-u", "日本", "de;q=1", "de,en", "<de>",
            String(repeating: "a", count: 100_000), "de-" + String(repeating: "aaaaaaaa-", count: 4) + "a",
        ])
    func whatIsNoTagIsNone(_ written: String) {
        #expect(LanguageTag(written) == nil)
    }

    /// Everything that is read is what is read from it again, within the bound.
    @Test func tagsAreCanonical() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("aZ9-_x*;, é")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &generator)).compactMap { _ in alphabet.randomElement() })
            guard let tag = LanguageTag(text) else { continue }
            #expect(LanguageTag(tag.description) == tag)
            #expect(tag.description.utf8.count <= LanguageTag.longest)
        }
    }

    @Test func tagsGetShorter() {
        var all: [String] = []
        var tag = LanguageTag("zh-Hant-CN-x-private1-private2")
        while let present = tag {
            all.append(present.description)
            tag = present.shortened
        }
        // RFC 4647 §3.4's own example.
        #expect(all == ["zh-Hant-CN-x-private1-private2", "zh-Hant-CN-x-private1", "zh-Hant-CN", "zh-Hant", "zh"])
        #expect(LanguageTag("de-p-x-ate")?.shortened?.description == "de")
    }

    @Test(
        arguments: [
            ("de", "de"), ("DE", "de"), ("de-AT", "de"), ("de-Latn-DE-1996", "de"), ("en-GB", "en"), ("pt", "pt-BR"),
            ("pt-BR", "pt-BR"), ("pt-br", "pt-BR"), ("pt_BR", "pt-BR"), ("pt-PT", "pt-BR"), ("zh", "zh-Hans"),
            ("zh-CN", "zh-Hans"), ("zh-Hans", "zh-Hans"), ("zh-Hans-CN", "zh-Hans"), ("zh-SG", "zh-Hans"),
            ("ar-EG", "ar"), ("fr-CA", "fr"), ("es-419", "es"), ("ru-u-nu-latn", "ru"),
            // Traditional characters are others.
            ("zh-TW", nil), ("zh-Hant", nil), ("zh-HK", nil), ("zh-Hant-CN", nil),
            ("ja", nil), ("deu", nil), ("", nil), ("x-de", nil), ("-de", nil), ("*", nil),
            (String(repeating: "de-", count: 50_000), nil),
        ] as [(String, String?)])
    func theLanguageOfARequestPicksTexts(_ tag: String, _ language: String?) {
        #expect(LanguageCatalog.builtIn.texts(for: tag)?.language == language)
    }

    @Test func whoSaysNothingGetsNothing() {
        let none: String? = nil
        #expect(LanguageCatalog.builtIn.texts(for: none) == nil)
    }

    @Test(
        arguments: [
            ("ar", .rightToLeft), ("he-IL", .rightToLeft), ("fa", .rightToLeft), ("ur", .rightToLeft),
            ("az-Arab", .rightToLeft), ("en", .leftToRight), ("ru", .leftToRight), ("zh-Hans", .leftToRight),
            ("ur-Latn", .leftToRight), ("ar-Latn-EG", .leftToRight),
        ] as [(String, TextDirection)])
    func linesRunInADirection(_ tag: String, _ direction: TextDirection) {
        #expect(LanguageTag(tag)?.direction == direction)
    }
}
