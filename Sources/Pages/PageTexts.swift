/// The words of pages in each language, as pages need them.
package protocol PageTexts: Sendable {
    /// BCP 47 tags; the first is the language for those whom no other fits.
    var tags: [String] { get }
    /// The position of the best language for a visitor.
    func language(chosen: String?, wanted: [String]) -> Int
    /// What a language calls itself.
    func name(of language: Int) -> String
    func isRightToLeft(_ language: Int) -> Bool
    /// Whether there is a text of that key.
    func has(_ key: String) -> Bool
    /// A text as its pieces.
    func pieces(_ key: String, in language: Int) -> [TextPiece]
    /// A text that depends on a number, complete.
    func counted(_ key: String, _ count: Int, in language: Int) -> String
    /// A day and a time of day, such as "1 December 2026, 22:11".
    func pointInTime(_ time: CivilTime, in language: Int) -> String
}

package enum TextPiece: Hashable, Sendable {
    case text(String)
    /// The name in `%{name}`.
    case placeholder(String)
}
