import Testing
import YAML

@testable import Languages

/// The built-in files, and the mistakes in files.
@Suite struct TextsTests {
    private static let languages = ["en", "de", "fr", "es", "it", "pl", "pt-BR", "ru", "zh-Hans", "ar"]

    // MARK: The files

    @Test(arguments: LanguageCatalog.embeddedFiles.map(\.file))
    func aFileIsComplete(_ file: String) throws {
        let bytes = try #require(LanguageCatalog.embeddedFiles.first { $0.file == file }).bytes
        let read = TextsFile(bytes, file: file, english: nil)
        #expect(read.mistakes.map(\.description) == [])
        let texts = try #require(read.texts)
        #expect("\(texts.language).yaml" == file)
    }

    @Test func thereAreTenLanguages() {
        #expect(LanguageCatalog.builtIn.all.map(\.language) == Self.languages)
        #expect(LanguageCatalog.builtIn.english.language == "en")
        #expect(LanguageCatalog.builtIn.all.filter { $0.direction == .rightToLeft }.map(\.language) == ["ar"])
        #expect(Set(LanguageCatalog.builtIn.all.map { $0[.languageName] }).count == Self.languages.count)
    }

    /// A text that was copied and not translated.
    @Test func languagesDiffer() {
        let english = LanguageCatalog.builtIn.english
        for texts in LanguageCatalog.builtIn.all where texts !== english {
            let same = TextKey.allCases.filter { key in
                guard !key.declaration.name.hasPrefix("time.") else { return false }
                return texts.template(of: key, count: 7) == english.template(of: key, count: 7)
            }
            // "Domain", "Password", "Privacy" and the like are words of several languages.
            #expect(same.count <= 3, "\(texts.language): \(same.map(\.declaration.name))")
        }
    }

    @Test func textsHaveNothingAtTheirEnds() {
        let values = Dictionary(uniqueKeysWithValues: Placeholder.allCases.map { ($0, "x") })
        for texts in LanguageCatalog.builtIn.all {
            for key in TextKey.allCases {
                for count in [0, 1, 2, 3, 11, 100, 1_000_000] {
                    let text = texts.text(key, values, count: count)
                    #expect(!text.hasPrefix(" ") && !text.hasSuffix(" "), "\(texts.language) \(key.declaration.name)")
                    #expect(!text.contains("  "), "\(texts.language) \(key.declaration.name)")
                }
            }
        }
    }

    // MARK: Filling

    @Test func valuesGoWhereTheirPlacesAre() throws {
        let german = try #require(LanguageCatalog.builtIn.texts(for: "de"))
        #expect(german.text(.noticeAccepted, [.account: "a@b"]) == "a@b hat deine Einladung angenommen.")
        // A value is inserted as text, also if it has the form of a placeholder.
        #expect(german.text(.noticeAccepted, [.account: "%{site}"]).hasPrefix("%{site} hat"))
        #expect(german.text(.landingBoth, [.inviter: "A", .site: "B"]) == "A lädt dich zum Chatten auf B ein")
        #expect(german[.commandHost] == "Domain")
    }

    @Test(
        arguments: [
            ("en", 1, "Valid for one more day, until T."), ("en", 3, "Valid for 3 more days, until T."),
            ("de", 1, "Noch einen Tag gültig, bis T."), ("ru", 3, "Действует ещё 3 дня, до T."),
            ("ru", 21, "Действует ещё 21 день, до T."), ("ru", 11, "Действует ещё 11 дней, до T."),
            ("pl", 22, "Ważne jeszcze 22 dni, do T."), ("ar", 2, "صالحة ليومين آخرين، حتى T."),
            ("ar", 11, "صالحة لمدة 11 يومًا آخر، حتى T."), ("zh-Hans", 1, "还有 1 天有效，至 T。"),
            ("fr", 0, "Valable encore 0 jour, jusqu’au T."), ("pt-BR", 2, "Válido por mais 2 dias, até T."),
        ])
    func numbersHaveTheirForms(_ language: String, _ count: Int, _ text: String) throws {
        let texts = try #require(LanguageCatalog.builtIn.texts(for: language))
        #expect(texts.text(.landingValidDays, [.time: "T"], count: count) == text)
    }

    // MARK: Mistakes

    /// English's file with lines that are other ones.
    private func mistakes(replacing old: String, with new: String, language: String = "en") throws -> [String] {
        let file = try #require(LanguageCatalog.embeddedFiles.first { $0.file == "\(language).yaml" })
        let text = String(decoding: file.bytes, as: UTF8.self)
        try #require(text.contains(old))
        let changed = TextsFile(Array(text.replacing(old, with: new).utf8), file: "x.yaml", english: nil)
        return changed.mistakes.map(\.description)
    }

    @Test(
        arguments: [
            (#"expires: "Valid until""#, "", "`command.expires` is missing"),
            (#"expires: "Valid until""#, #"expires: """#, "`command.expires` is empty"),
            (#"expires: "Valid until""#, #"expires: " ""#, "`command.expires` is empty"),
            (#"expires: "Valid until""#, "expires: yes, no", nil),
            (
                #"expires: "Valid until""#, "expires: true",
                "`command.expires` wants a text, but this is a boolean; put it in quotes"
            ),
            (#"expires: "Valid until""#, "expires: [a]", "`command.expires` wants a text, but this is a list"),
            (
                #"expires: "Valid until""#, #"expires: "a\nb""#,
                "`command.expires` holds a line break or another control character"
            ),
            (#"expires: "Valid until""#, #"expires: "%{time}""#, "`command.expires` has no value for `%{time}`"),
            (#"expires: "Valid until""#, #"expirs: "Valid until""#, "unknown key `expirs`; did you mean `expires`?"),
            (#"expires: "Valid until""#, "expires: \"a\"\n    expires: \"b\"", "`expires` is already set at x.yaml:"),
            (#""%{account} has accepted your invite.""#, #""They accepted.""#, "`notice.accepted` lacks `%{account}`"),
            (
                #""%{account} has accepted your invite.""#, #""%{acount} accepted.""#,
                "there is no placeholder `%{acount}`; did you mean `%{account}`?"
            ),
            (#""%{account} has accepted your invite.""#, #""%{account accepted.""#, "a `%{` has no `}`"),
            (#""%{account} has accepted your invite.""#, #""%{account} did 100%, %{account}.""#, nil),
            ("      one: \"It can be used once more.\"\n", "", "`notice.uses_left.one` is missing"),
            (
                "      one: \"It can be used once more.\"\n", "      one: \"a\"\n      few: \"%{count}\"\n",
                "unknown key `few`"
            ),
            (#""It can be used %{count} more times.""#, #""It can be used.""#, "`notice.uses_left` lacks `%{count}`"),
            ("  notice:\n", "  notices:\n", "unknown key `notices`; did you mean `notice`?"),
            ("\nen:\n", "\nEN:\n", "`EN` is no language tag (BCP 47) such as `pt-BR`; did you mean `en`?"),
            ("\nen:\n", "\ntlh:\n", "which form goes with which number is not known of `tlh`"),
            ("\nen:\n", "\nde:\n  notice: {}\nen:\n", "a file holds the texts of one language, so split it into files"),
            ("\nen:\n", "\nen: &anchor\n", "anchors are not supported"),
        ] as [(String, String, String?)])
    func mistakesAreTold(_ old: String, _ new: String, _ mistake: String?) throws {
        let found = try mistakes(replacing: old, with: new)
        guard let mistake else {
            #expect(found == [])
            return
        }
        #expect(found.contains { $0.contains(mistake) }, "\(found)")
        #expect(found.allSatisfy { $0.wholeMatch(of: /x\.yaml:\d+:\d+: .*/) != nil }, "\(found)")
    }

    @Test func aMistakeIsWhereItStands() throws {
        let file = try #require(LanguageCatalog.embeddedFiles.first { $0.file == "en.yaml" })
        let text = String(decoding: file.bytes, as: UTF8.self)
        let line = try #require(
            text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("accepted:") })
        #expect(
            try mistakes(replacing: "%{account} has accepted", with: "%{site} has accepted")
                == [
                    "x.yaml:\(line + 1):15: `notice.accepted` has no value for `%{site}`",
                    "x.yaml:\(line + 1):15: `notice.accepted` lacks `%{account}`",
                ])
    }

    @Test func aFormMayLeaveItsNumberOutOnlyWhereItIsTheOnlyOne() throws {
        // Of Russian's `one` is 21, too.
        let found = try mistakes(
            replacing: "one: \"Его можно использовать ещё %{count} раз.\"", with: "one: \"Ещё раз.\"", language: "ru")
        #expect(found.count == 1 && found[0].hasSuffix("`notice.uses_left` lacks `%{count}`"))
    }

    @Test func whatIsMissingIsEnglish() throws {
        let english = LanguageCatalog.builtIn.english
        let file = TextsFile(
            Array("cs:\n  notice:\n    accepted: \"%{account} ano\"\n".utf8), file: "cs.yaml", english: english)
        let texts = try #require(file.texts)
        #expect(file.mistakes.count > 50)
        #expect(texts.language == "cs" && texts.text(.noticeAccepted, [.account: "a"]) == "a ano")
        #expect(texts[.commandExpires] == "Valid until")
        // With English's forms.
        #expect(texts.text(.noticeUsesLeft, count: 1) == "It can be used once more.")
        #expect(texts.text(.noticeUsesLeft, count: 3) == "It can be used 3 more times.")
    }

    @Test func withoutEnglishATextIsItsName() {
        #expect(Texts.nothing[.commandExpires] == "command.expires")
        #expect(Texts.nothing.text(.noticeUsesLeft, count: 3) == "notice.uses_left")
    }

    @Test(
        arguments: [
            "", "~", "de", "[]", "- de", "{}", "de: ~", "de: {}", "de: []", "de: x", "[a]: b", "? {a: b}\n: c",
            "{de: {a: b}}",
            "de: *a", "!!map {de: {}}", "de:\n  notice:\n    accepted:\n      one: {}", "\u{FEFF}de:\n  a: b",
            "de:\n\tx: y",
            "de: {notice: {accepted: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}",
            "---\nde: {}\n---\nde: {}", "de: {? [x] : y}", "\"de\": {\"notice\": {\"accepted\": \"%{\"}}",
            "de: {notice: {accepted: %{a}}}",
        ])
    func aBrokenFileIsOnlyMistakes(_ text: String) {
        let file = TextsFile(Array(text.utf8), file: "x.yaml", english: LanguageCatalog.builtIn.english)
        #expect(!file.mistakes.isEmpty)
        if let texts = file.texts { #expect(texts[.commandExpires] == "Valid until") }
    }

    @Test func bytesThatAreNoTextAreMistakes() {
        for bytes in [[0xFF, 0xFE, 0x64], [0x64, 0x65, 0x3A, 0x20, 0xC3], [0x64, 0x00], [0xED, 0xA0, 0x80]] as [[UInt8]]
        {
            #expect(!TextsFile(bytes, file: "x", english: nil).mistakes.isEmpty)
        }
        let huge = TextsFile([UInt8](repeating: 0x23, count: 2_000_000), file: "x", english: nil)
        #expect(huge.mistakes.count == 1 && huge.texts == nil)
    }

    @Test func eachKeyIsDeclaredOnce() {
        let names = TextKey.allCases.map(\.declaration.name)
        #expect(Set(names).count == names.count)
        for key in TextKey.allCases {
            #expect(key.declaration.name.wholeMatch(of: /[a-z]+\.[a-z0-9_]+/) != nil, "\(key.declaration.name)")
            #expect(
                key.declaration.isPlural == key.declaration.placeholders.contains(.count), "\(key.declaration.name)")
        }
    }
}
