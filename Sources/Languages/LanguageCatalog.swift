internal import CTexts
internal import YAML

/// The languages that there are texts in.
package struct LanguageCatalog: Sendable {
    /// In the order in which people choose among them; never empty.
    package let all: [Texts]
    /// The default, where no language is requested, or only ones without texts.
    package let english: Texts
    /// By tag, in the case that is recommended.
    private let byTag: [String: Texts]

    /// - Parameter all: Of each language once.
    init(_ all: [Texts], english: Texts) {
        self.all = all
        self.english = english
        byTag = Dictionary(all.map { ($0.language, $0) }) { first, _ in first }
    }

    /// The languages that are part of the daemon.
    package static let builtIn: LanguageCatalog = {
        var all: [Texts] = []
        for (file, bytes) in embeddedFiles {
            // The first one is English. Whether the files have mistakes, a test says; what is wrong is English then.
            if let texts = TextsFile(bytes, file: file, english: all.first).texts { all.append(texts) }
        }
        guard let english = all.first else { return LanguageCatalog([.nothing], english: .nothing) }
        return LanguageCatalog(all, english: english)
    }()

    /// The files that are part of the daemon, by name.
    static var embeddedFiles: [(file: String, bytes: [UInt8])] {
        var count = 0
        // A table that lasts as long as the program, with as many items.
        let table = UnsafeBufferPointer(start: embedded_texts(&count), count: count)
        return table.map { item in
            (String(cString: item.file), Array(UnsafeBufferPointer(start: item.bytes, count: item.size)))
        }
    }

    /// The texts for `xml:lang` (RFC 6120 §8.1.5), by the lookup of RFC 4647 §3.4; `nil` where it says nothing, or no language
    /// that is here.
    package func texts(for language: String?) -> Texts? {
        guard let language, language.utf8.count <= LanguageTag.longest else { return nil }
        if let texts = byTag[language] { return texts }
        return LanguageTag(language).flatMap(texts(for:))
    }

    /// The texts in a language, or in the next of its kin: what is less specific (RFC 4647 §3.4), or else in the same language as
    /// other people write it, if in the same script. `pt` is in Brazil's, `zh-CN` in simplified characters, `zh-TW` not.
    package func texts(for tag: LanguageTag) -> Texts? {
        var candidate: LanguageTag? = tag
        while let present = candidate {
            if let texts = byTag[present.description] { return texts }
            candidate = present.shortened
        }
        let (primary, script) = (tag.primary, tag.script)
        return all.first { texts in
            guard texts.tag.primary == primary else { return false }
            guard let script, let other = texts.tag.script else { return true }
            return script == other
        }
    }

    /// The texts that a browser's user understands best; `nil` where it does not matter, or none is here.
    package func texts(accepting languages: AcceptLanguage) -> Texts? {
        for range in languages.ranges {
            switch range {
            case .language(let tag): if let texts = texts(for: tag) { return texts }
            case .any: return nil
            }
        }
        return nil
    }
}
