@testable import Languages
@testable import YAML

struct TextsFileTarget: FuzzTarget {
    static let name = "texts-file"
    static let holds = "a file of texts is read, or has mistakes with places that are in it; what it lacks is English"
    static let flags = ["-max_len=8192"]

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        let file = TextsFile(bytes, file: "/etc/invited/texts/x.yaml", english: LanguageCatalog.builtIn.english)
        expectPlaces(of: file.mistakes, within: bytes)
        guard let texts = file.texts else {
            expect(!file.mistakes.isEmpty, "neither texts nor a mistake")
            return
        }
        expect(LanguageTag(texts.language) == texts.tag, "\(texts.language) is no tag")
        let values = Dictionary(uniqueKeysWithValues: Placeholder.allCases.map { ($0, "\u{1}") })
        for key in TextKey.allCases {
            for count in [0, 1, 2, 3, 11, 100, 1_000_000] {
                expect(!texts.text(key, values, count: count).isEmpty, "\(key) is empty for \(count)")
            }
            expect(!texts[key].contains("\n"), "\(key) has several lines")
        }
    }
}
