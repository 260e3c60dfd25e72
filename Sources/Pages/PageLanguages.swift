internal import Languages

/// The languages of pages, by their position.
struct PageLanguages: Sendable {
    private let catalog: LanguageCatalog
    private let positions: [LanguageTag: Int]

    init(_ catalog: LanguageCatalog) {
        self.catalog = catalog
        positions = Dictionary(
            catalog.all.enumerated().map { ($0.element.tag, $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    var indices: Range<Int> { catalog.all.indices }

    subscript(position: Int) -> Texts { catalog.all[position] }

    /// What a visitor reads best: the language chosen, else the first of the browser's that there is, else English.
    func index(for visitor: Visitor) -> Int {
        for tag in [visitor.chosenLanguage].compactMap(\.self) + visitor.languages {
            if let texts = catalog.texts(for: tag), let position = positions[texts.tag] { return position }
        }
        return positions[catalog.english.tag] ?? 0
    }
}
