package import YAML

extension LanguageCatalog {
    /// The same languages with some texts replaced, and with others after them.
    ///
    /// What a file lacks stays as it is; of a language that was not there, it is English.
    ///
    /// - Parameter files: By path, `TAG.yaml` each, as in `docs/translating.md`.
    /// - Returns: The languages, and what is wrong with the files.
    package func replacing(
        _ files: [(file: String, bytes: [UInt8])]
    ) -> (languages: LanguageCatalog, mistakes: [Diagnostic]) {
        var languages = all
        var mistakes: [Diagnostic] = []
        for (file, bytes) in files {
            let read = TextsFile(bytes, file: file, isWhole: false) { tag in
                languages.first { $0.tag == tag } ?? english
            }
            mistakes += read.mistakes
            guard let texts = read.texts else { continue }
            let name = "\(texts.language).yaml"
            if file.split(separator: "/").last.map(String.init) != name {
                mistakes.append(
                    Diagnostic(
                        location: SourceLocation(file: file, line: 1, column: 1),
                        message: "the file has texts in `\(texts.language)`: name it \(name)"))
            }
            if let position = languages.firstIndex(where: { $0.tag == texts.tag }) {
                languages[position] = texts
            } else {
                languages.append(texts)
            }
        }
        let standard = languages.first { $0.tag == self.english.tag }
        return (LanguageCatalog(languages, english: standard ?? english), mistakes)
    }
}
