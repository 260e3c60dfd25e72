/// All texts in one language.
package final class Texts: Sendable {
    /// The language.
    package let tag: LanguageTag
    /// The tag as `xml:lang` and HTML's `lang` have it.
    package let language: String
    package let direction: TextDirection
    /// By the raw value of their keys.
    private let entries: [Entry]

    /// The forms of one text.
    struct Entry: Sendable {
        /// The only form, or that of each category in the order of ``PluralRule/categories``.
        let forms: [TextTemplate]
        /// The first form without values, which for most texts is the text.
        let plain: String
        /// The rule of the language that the forms are in, which is English where the file lacks the text.
        let rule: PluralRule

        init(_ forms: [TextTemplate], rule: PluralRule) {
            self.forms = forms
            self.rule = rule
            plain = forms.first?.filled(with: [:]) ?? ""
        }
    }

    /// - Parameters:
    ///   - entries: What a file has.
    ///   - fallback: The source of missing texts; without it, a text that is missing is its name.
    init(_ tag: LanguageTag, _ entries: [TextKey: Entry], rule: PluralRule, fallback: Texts?) {
        self.tag = tag
        language = tag.description
        direction = tag.direction
        self.entries = TextKey.allCases.map { key in
            if let entry = entries[key] ?? fallback?.entries[key.rawValue] { return entry }
            // A name has no places, so that it can be read.
            return Entry((try? TextTemplate(key.declaration.name)).map { [$0] } ?? [], rule: rule)
        }
    }

    /// A text without places for values.
    package subscript(key: TextKey) -> String { entries[key.rawValue].plain }

    /// A text with values in its places.
    ///
    /// - Parameter count: The number that a text is about that has forms for numbers.
    package func text(_ key: TextKey, _ values: [Placeholder: String] = [:], count: Int? = nil) -> String {
        var values = values
        if let count { values[.count] = String(count) }
        return template(of: key, count: count ?? 0).filled(with: values)
    }

    /// A text with its placeholders, to be filled later and often.
    ///
    /// - Parameter count: The number that a text is about that has forms for numbers.
    package func template(of key: TextKey, count: Int = 0) -> TextTemplate {
        let entry = entries[key.rawValue]
        guard entry.forms.count > 1 else { return entry.forms.first ?? TextTemplate.empty }
        let category = entry.rule.category(of: count)
        let index = entry.rule.categories.firstIndex(of: category) ?? entry.forms.count - 1
        return entry.forms[min(index, entry.forms.count - 1)]
    }

    /// Names in place of texts.
    static let nothing = Texts(.english, [:], rule: .english, fallback: nil)
}
