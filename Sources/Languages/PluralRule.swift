/// The kinds of numbers that languages distinguish (Unicode CLDR, UTS #35 part 3, "Language Plural Rules").
package enum PluralCategory: String, CaseIterable, Hashable, Sendable {
    case zero, one, two, few, many, other
}

/// Selects the form of a text for a whole number in one language.
package struct PluralRule: Sendable {
    /// The categories that a text has a form for, in CLDR's order. `other` is one of them also where only fractions get it.
    package let categories: [PluralCategory]
    private let choose: @Sendable (UInt) -> PluralCategory

    /// The category of a number; the sign does not count.
    package func category(of number: Int) -> PluralCategory { choose(number.magnitude) }

    /// Whether a category contains one number only, which its form need not say then: "one more day".
    func isOneNumber(_ category: PluralCategory) -> Bool {
        (0...200).count { self.category(of: $0) == category } == 1
    }

    /// English's: one, and all others.
    static let english = PluralRule([.one, .other]) { $0 == 1 ? .one : .other }

    /// CLDR's rule for a language, for whole numbers; `nil` for one that is not in this table.
    package init?(_ tag: LanguageTag) {
        switch tag.primary {
        case "ar":
            self.init(PluralCategory.allCases) { number in
                switch (number, number % 100) {
                case (0, _): .zero
                case (1, _): .one
                case (2, _): .two
                case (_, 3...10): .few
                case (_, 11...99): .many
                default: .other
                }
            }
        case "de", "en", "nl", "sv", "da", "nb", "nn", "et", "fi", "el", "hu", "bg", "eu", "tr":
            self = .english
        case "es", "it", "ca":
            self.init([.one, .many, .other]) { $0 == 1 ? .one : Self.isMillions($0) ? .many : .other }
        case "pt" where tag.description == "pt-PT":
            self.init([.one, .many, .other]) { $0 == 1 ? .one : Self.isMillions($0) ? .many : .other }
        case "fr", "pt":
            self.init([.one, .many, .other]) { $0 <= 1 ? .one : Self.isMillions($0) ? .many : .other }
        case "pl":
            self.init([.one, .few, .many, .other]) { $0 == 1 ? .one : Self.isFew($0) ? .few : .many }
        case "cs", "sk":
            self.init([.one, .few, .many, .other]) { $0 == 1 ? .one : (2...4).contains($0) ? .few : .other }
        case "be", "ru", "uk":
            self.init([.one, .few, .many, .other]) { number in
                number % 10 == 1 && number % 100 != 11 ? .one : Self.isFew(number) ? .few : .many
            }
        case "id", "ja", "ko", "th", "zh":
            self.init([.other]) { _ in .other }
        default: return nil
        }
    }

    private init(_ categories: [PluralCategory], _ choose: @escaping @Sendable (UInt) -> PluralCategory) {
        self.categories = categories
        self.choose = choose
    }

    private static func isMillions(_ number: UInt) -> Bool { number != 0 && number % 1_000_000 == 0 }

    private static func isFew(_ number: UInt) -> Bool {
        (2...4).contains(number % 10) && !(12...14).contains(number % 100)
    }
}
