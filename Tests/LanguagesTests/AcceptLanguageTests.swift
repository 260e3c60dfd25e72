import Testing

@testable import Languages

/// What browsers say of their users' languages (RFC 9110 §12.5.4), and what others might.
@Suite struct AcceptLanguageTests {
    private func ranges(_ field: String) -> [String] {
        AcceptLanguage(field).ranges.map { range in
            switch range {
            case .language(let tag): tag.description
            case .any: "*"
            }
        }
    }

    @Test(
        arguments: [
            ("de", ["de"]), ("da, en-gb;q=0.8, en;q=0.7", ["da", "en-GB", "en"]),
            ("en;q=0.5, de;q=0.9, fr", ["fr", "de", "en"]), ("de;q=0.8,fr;q=0.8,en;q=0.8", ["de", "fr", "en"]),
            ("de ; q=0.5\t,\tfr", ["fr", "de"]), ("de;Q=0.1,fr;q=0.2", ["fr", "de"]), ("*", ["*"]),
            ("*;q=0.1, de", ["de", "*"]), ("de;q=0, en", ["en"]), ("de;q=0.000,en;q=0.001", ["en"]),
            ("de;q=1.000,fr;q=0.999", ["de", "fr"]),
            // Item by item.
            (",,de,,", ["de"]), ("de;q=2,fr", ["fr"]), ("de;q=1.001,fr", ["fr"]), ("de;q=0.1234,fr", ["fr"]),
            ("de;q=,fr", ["fr"]), ("de;q=-1,fr", ["fr"]), ("de;q=.5,fr", ["fr"]), ("de;q=0x1,fr", ["fr"]),
            ("de;level=1,fr", ["fr"]), ("de;q=0.5;q=1,fr", ["fr"]), ("de;,fr", ["fr"]), ("d e,fr", ["fr"]),
            ("x-de,i-default,fr", ["fr"]), ("de\u{0},fr", ["fr"]), ("<script>,fr", ["fr"]), ("", []), (";", []),
            (",", []), (";q=1", []),
        ])
    func theFieldIsRead(_ field: String, _ expected: [String]) {
        #expect(ranges(field) == expected)
    }

    @Test func longFieldsAreReadInPart() {
        let many = (0..<100).map { "a\(String(UnicodeScalar(UInt8(97 + $0 % 26))))" }.joined(separator: ",")
        #expect(ranges(many).count == AcceptLanguage.mostRanges)
        #expect(ranges(String(repeating: "x", count: 5_000_000) + ",de") == [])
        #expect(ranges("de," + String(repeating: ",", count: 5_000_000)) == ["de"])
        #expect(ranges(String(repeating: " ", count: 5_000_000) + "de") == [])
        // Cut in the middle of a character.
        #expect(ranges("de," + String(repeating: "é", count: 1_000)) == ["de"])
    }

    @Test(
        arguments: [
            ("de-AT,de;q=0.9,en;q=0.8", "de"), ("ja,fr;q=0.5", "fr"), ("ja", nil), ("", nil), ("*", nil),
            ("ja,*;q=0.5,de;q=0.1", nil), ("pt-PT,en;q=0.9", "pt-BR"), ("zh-TW,en;q=0.5", "en"),
            ("zh-TW,zh;q=0.9,en;q=0.5", "zh-Hans"), ("en-US,en;q=0.5", "en"), ("ar-MA", "ar"), ("de;q=0", nil),
        ] as [(String, String?)])
    func theBestLanguageIsTaken(_ field: String, _ language: String?) {
        #expect(LanguageCatalog.builtIn.texts(accepting: AcceptLanguage(field))?.language == language)
    }
}
