import Languages

extension Texts {
    static let english = LanguageCatalog.builtIn.english
    static let german = LanguageCatalog.builtIn.texts(for: "de") ?? english
}
