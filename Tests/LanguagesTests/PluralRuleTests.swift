import Testing

@testable import Languages

/// The rules, against the samples that Unicode's CLDR gives for each (`plurals.xml`, `@integer`).
@Suite struct PluralRuleTests {
    /// By language, the samples of each category as CLDR writes them.
    private static let samples: [String: [PluralCategory: String]] = [
        "en": [.one: "1", .other: "0, 2~16, 100, 1000, 10000, 100000, 1000000"],
        "de": [.one: "1", .other: "0, 2~16, 100, 1000, 10000, 100000, 1000000"],
        "fr": [.one: "0, 1", .many: "1000000", .other: "2~17, 100, 1000, 10000, 100000"],
        "es": [.one: "1", .many: "1000000", .other: "0, 2~16, 100, 1000, 10000, 100000"],
        "it": [.one: "1", .many: "1000000", .other: "0, 2~16, 100, 1000, 10000, 100000"],
        "pt-BR": [.one: "0, 1", .many: "1000000", .other: "2~17, 100, 1000, 10000, 100000"],
        "pt-PT": [.one: "1", .many: "1000000", .other: "0, 2~16, 100, 1000, 10000, 100000"],
        "pl": [
            .one: "1", .few: "2~4, 22~24, 32~34, 42~44, 52~54, 62, 102, 1002",
            .many: "0, 5~19, 100, 1000, 10000, 100000, 1000000",
        ],
        "ru": [
            .one: "1, 21, 31, 41, 51, 61, 71, 81, 101, 1001",
            .few: "2~4, 22~24, 32~34, 42~44, 52~54, 62, 102, 1002",
            .many: "0, 5~19, 100, 1000, 10000, 100000, 1000000",
        ],
        "ar": [
            .zero: "0", .one: "1", .two: "2", .few: "3~10, 103~110, 1003", .many: "11~26, 111, 1011",
            .other: "100~102, 200~202, 300~302, 400~402, 500~502, 600, 1000, 10000, 100000, 1000000",
        ],
        "zh-Hans": [.other: "0~15, 100, 1000, 10000, 100000, 1000000"],
    ]

    @Test(arguments: samples.keys.sorted()) func theSamplesAreInTheirCategories(_ language: String) throws {
        let rule = try Self.rule(language)
        let samples = try #require(Self.samples[language])
        // Of these two, `other` has fractions only.
        let hasOther = !["pl", "ru"].contains(language)
        #expect(Set(rule.categories) == Set(samples.keys).union(hasOther ? [] : [.other]))
        for (category, text) in samples {
            for part in text.split(separator: ", ") {
                let ends = part.split(separator: "~").compactMap { Int($0) }
                for number in (ends.first ?? 0)...(ends.last ?? 0) {
                    #expect(rule.category(of: number) == category, "\(language) \(number)")
                    #expect(rule.category(of: -number) == category, "\(language) -\(number)")
                }
            }
        }
    }

    private static func rule(_ language: String) throws -> PluralRule {
        let tag = try #require(LanguageTag(language))
        return try #require(PluralRule(tag))
    }

    @Test func allLanguagesHaveOne() {
        for texts in LanguageCatalog.builtIn.all { #expect(Self.samples[texts.language] != nil, "\(texts.language)") }
    }

    @Test func everyNumberHasACategoryThatThereIsAFormFor() throws {
        for language in Self.samples.keys {
            let rule = try Self.rule(language)
            for number in Array(0...2_000) + [.max, .min, 1_000_000, 2_000_000] {
                #expect(rule.categories.contains(rule.category(of: number)), "\(language) \(number)")
            }
        }
    }

    @Test func someCategoriesAreOneNumber() throws {
        let found = try ["en", "fr", "ru", "ar", "pl"].map { language in
            let rule = try Self.rule(language)
            return rule.categories.filter(rule.isOneNumber).map(\.rawValue).joined(separator: " ")
        }
        #expect(found == ["one", "", "", "zero one two", "one"])
    }

    @Test func languagesWithoutARuleHaveNone() throws {
        let klingon = try #require(LanguageTag("tlh"))
        #expect(PluralRule(klingon) == nil)
    }
}
