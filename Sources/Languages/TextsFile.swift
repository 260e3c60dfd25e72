internal import Text
package import YAML

/// A file of texts in one language: Ruby's YAML, which Weblate reads (`docs/translating.md`).
///
/// ```yaml
/// de:
///   notice:
///     accepted: "%{account} hat deine Einladung angenommen."
/// ```
package struct TextsFile {
    /// `nil` when the file says no language that there is a rule for.
    package let texts: Texts?
    /// What is wrong with the file, in the order of its lines. What is missing is English in ``texts``.
    package let mistakes: [Diagnostic]

    /// The longest text, in Unicode scalars.
    static let longestText = 2_000

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - file: Its path, for messages.
    ///   - english: The source of texts that the file lacks.
    ///   - isWhole: Whether it is a mistake when one is missing.
    package init(_ bytes: [UInt8], file: String, english: Texts?, isWhole: Bool = true) {
        self.init(bytes, file: file, isWhole: isWhole) { _ in english }
    }

    /// - Parameter fallback: The source of texts that the file lacks, by its language.
    init(_ bytes: [UInt8], file: String, isWhole: Bool, fallback: (LanguageTag) -> Texts?) {
        var reader = Reader(report: DiagnosticReport(file: file))
        texts = reader.read(bytes, isWhole: isWhole, fallback: fallback)
        mistakes = reader.report.sorted
    }
}

private struct Reader {
    var report: DiagnosticReport
    private var entries: [TextKey: Texts.Entry] = [:]
    private var seen: [TextKey: SourceMark] = [:]

    private static let keys = Dictionary(uniqueKeysWithValues: TextKey.allCases.map { ($0.declaration.name, $0) })
    private static let sections = Set(keys.keys.map(section))

    init(report: DiagnosticReport) {
        self.report = report
    }

    private static func section(of name: String) -> String { String(name.prefix { $0 != "." }) }

    mutating func read(_ bytes: [UInt8], isWhole: Bool, fallback: (LanguageTag) -> Texts?) -> Texts? {
        guard bytes.count <= YAMLReader.largestFile else {
            report.add(.start, "a file of texts has at most \(YAMLReader.largestFile) bytes")
            return nil
        }
        guard let root = YAMLReader.read(bytes, report: &report) else { return nil }
        guard case .mapping(let languages) = root.content, let first = languages.first else {
            report.add(root.mark, "a file of texts begins with its language, such as `de:`")
            return nil
        }
        if languages.count > 1 {
            report.add(languages[1].key.mark, "a file holds the texts of one language, so split it into files")
        }
        guard let name = word(first.key) else { return nil }
        guard let tag = LanguageTag(name), tag.description == name else {
            let meant = LanguageTag(name).map { "; did you mean `\($0)`?" } ?? ""
            report.add(first.key.mark, "\(name.quoted) is no language tag (BCP 47) such as `pt-BR`\(meant)")
            return nil
        }
        guard let rule = PluralRule(tag) else {
            report.add(first.key.mark, "which form goes with which number is not known of `\(tag)`")
            return nil
        }
        for (section, mark, value) in mapping(first.value, "`\(tag)`") {
            guard Self.sections.contains(section) else {
                report.add(mark, Self.unknown(section, among: Self.sections.sorted()))
                continue
            }
            for (text, mark, value) in mapping(value, "`\(section)`") { read(section, text, mark, value, rule) }
        }
        for key in TextKey.allCases where isWhole && seen[key] == nil {
            report.add(first.key.mark, "`\(key.declaration.name)` is missing")
        }
        return Texts(tag, entries, rule: rule, fallback: fallback(tag))
    }

    private mutating func read(
        _ section: String, _ text: String, _ mark: SourceMark, _ value: YAMLNode, _ rule: PluralRule
    ) {
        guard let key = Self.keys["\(section).\(text)"] else {
            let known = Self.keys.keys.filter { Self.section(of: $0) == section }.map {
                String($0.dropFirst(section.count + 1))
            }
            report.add(mark, Self.unknown(text, among: known.sorted()))
            return
        }
        // Its mistakes are reported once.
        seen[key] = mark
        let forms = key.declaration.isPlural ? forms(of: key, value, rule) : form(of: key, value).map { [$0] }
        if let forms { entries[key] = Texts.Entry(forms, rule: rule) }
    }

    /// The form for each category.
    private mutating func forms(of key: TextKey, _ value: YAMLNode, _ rule: PluralRule) -> [TextTemplate]? {
        let name = key.declaration.name
        guard case .mapping = value.content else {
            if case .refused = value.content { return nil }
            let wanted = rule.categories.map(\.rawValue).joined(separator: ", ")
            report.add(
                value.mark,
                "`\(name)` has a form for each kind of number, \(wanted), but this is \(value.kind.rawValue)")
            return nil
        }
        var forms: [PluralCategory: TextTemplate] = [:]
        var seen: Set<PluralCategory> = []
        for (word, mark, value) in mapping(value, "`\(name)`") {
            guard let category = PluralCategory(rawValue: word), rule.categories.contains(category) else {
                report.add(mark, Self.unknown(word, among: rule.categories.map(\.rawValue)))
                continue
            }
            seen.insert(category)
            forms[category] = form(of: key, value, mayLack: rule.isOneNumber(category) ? [.count] : [])
        }
        for category in rule.categories where !seen.contains(category) {
            report.add(value.mark, "`\(name).\(category.rawValue)` is missing")
        }
        let all = rule.categories.compactMap { forms[$0] }
        return all.count == rule.categories.count ? all : nil
    }

    /// A text whose placeholders are those of the key.
    private mutating func form(
        of key: TextKey, _ value: YAMLNode, mayLack optional: Set<Placeholder> = []
    ) -> TextTemplate? {
        let name = key.declaration.name
        guard case .scalar(let scalar) = value.content, scalar.kind == .text else {
            if case .refused = value.content { return nil }
            let hint = if case .scalar = value.content { "; put it in quotes" } else { "" }
            report.add(value.mark, "`\(name)` wants a text, but this is \(value.kind.rawValue)\(hint)")
            return nil
        }
        guard !scalar.text.allSatisfy(\.isWhitespace) else {
            report.add(value.mark, "`\(name)` is empty")
            return nil
        }
        guard scalar.text.isPrintable else {
            report.add(value.mark, "`\(name)` holds a line break or another control character")
            return nil
        }
        guard scalar.text.unicodeScalars.count <= TextsFile.longestText else {
            report.add(value.mark, "`\(name)` is longer than \(TextsFile.longestText) characters")
            return nil
        }
        let template: TextTemplate
        do throws(TextTemplate.Mistake) {
            template = try TextTemplate(scalar.text)
        } catch {
            report.add(value.mark, "`\(name)`: \(error.description)")
            return nil
        }
        let (has, wanted) = (template.placeholders, key.declaration.placeholders)
        let lost = wanted.subtracting(has).subtracting(optional)
        let invented = has.subtracting(wanted)
        if !lost.isEmpty { report.add(value.mark, "`\(name)` lacks \(Self.list(lost))") }
        if !invented.isEmpty { report.add(value.mark, "`\(name)` has no value for \(Self.list(invented))") }
        return lost.isEmpty && invented.isEmpty ? template : nil
    }

    // MARK: Mappings

    /// The entries of a mapping, each key once.
    private mutating func mapping(
        _ node: YAMLNode, _ name: String
    ) -> [(key: String, mark: SourceMark, value: YAMLNode)] {
        guard case .mapping(let entries) = node.content else {
            if case .refused = node.content { return [] }
            report.add(node.mark, "\(name) wants a mapping, lines of `key: value`, but this is \(node.kind.rawValue)")
            return []
        }
        var found: [(key: String, mark: SourceMark, value: YAMLNode)] = []
        var marks: [String: SourceMark] = [:]
        for entry in entries {
            guard let key = word(entry.key) else { continue }
            if let first = marks[key] {
                report.add(entry.key.mark, "\(key.quoted) is already set at \(report.location(first))")
                continue
            }
            marks[key] = entry.key.mark
            found.append((key, entry.key.mark, entry.value))
        }
        return found
    }

    private mutating func word(_ node: YAMLNode) -> String? {
        switch node.content {
        case .scalar(let scalar): return scalar.text
        case .refused: return nil
        case .sequence, .mapping:
            report.add(node.mark, "a key is a plain word, but this is \(node.kind.rawValue)")
            return nil
        }
    }

    private static func unknown(_ word: String, among known: [String]) -> String {
        if let meant = Suggestion.closest(to: word, among: known) {
            return "unknown key \(word.quoted); did you mean `\(meant)`?"
        }
        return "unknown key \(word.quoted)"
    }

    private static func list(_ placeholders: Set<Placeholder>) -> String {
        placeholders.map { "`%{\($0.rawValue)}`" }.sorted().joined(separator: " and ")
    }
}
