@testable import Languages

struct AcceptLanguageTarget: FuzzTarget {
    static let name = "accept-language"
    static let holds = "the languages that a browser names are few and canonical, and lead to texts or to none"
    static let flags = ["-max_len=2048"]

    func run(_ input: UnsafeRawBufferPointer) {
        let field = String(decoding: input, as: UTF8.self)
        let languages = AcceptLanguage(field)
        expect(languages.ranges.count <= AcceptLanguage.mostRanges, "\(languages.ranges.count) ranges")
        for case .language(let tag) in languages.ranges {
            let text = tag.description
            expect(text.utf8.count <= LanguageTag.longest, "\(text) is long")
            expect(LanguageTag(text) == tag, "\(text) is read as \(LanguageTag(text) as Any)")
            expect(text.utf8.allSatisfy { $0 < 0x80 }, "\(text) is not ASCII")
            var shorter = tag.shortened
            while let present = shorter {
                expect(LanguageTag(present.description) == present, "\(present) is no tag")
                shorter = present.shortened
            }
            // The stanza's attribute takes the same way.
            let catalog = LanguageCatalog.builtIn
            expect(catalog.texts(for: text) === catalog.texts(for: tag), "\(text) has two languages")
        }
        _ = LanguageCatalog.builtIn.texts(accepting: languages)
    }
}
