/// What a command's answer consists of, besides its end.
package enum ResultShape: Hashable, Sendable {
    /// Nothing: its end says it all.
    case nothing
    /// Free text for people; as JSON, `text` objects.
    case text
    /// Any number of rows of the same fields, shown as a table.
    case table([Field])
    /// Rows of the same fields, usually one, each shown as a list of its fields.
    case record([Field])
    /// Rows of the same fields, sent as things happen until the caller ends the command.
    case events([Field])

    /// The fields of each row or event.
    package var fields: [Field] {
        switch self {
        case .nothing, .text: []
        case .table(let fields), .record(let fields), .events(let fields): fields
        }
    }
}

/// One field of an answer's rows: the name in JSON, and how people see it.
package struct Field: Hashable, Sendable {
    /// The key in the JSON object, in `snake_case`.
    package let name: String
    package let kind: Kind
    /// What it is, in a few words without a full stop.
    package let summary: String
    /// Whether rows may leave it out.
    package let isOptional: Bool
    /// Whether it gives its reader access to something: never logged, never completed, never in a history.
    package let isSecret: Bool

    /// How a field's value is written in JSON, and shown to people.
    package indirect enum Kind: Hashable, Sendable {
        case text
        /// Lines of `▀`, `▄`, `█` and spaces, as a text: the blocks are the light parts of a picture, and the rest is
        /// dark. People see it without changes, or not at all.
        case drawing
        /// A text in a tree: its parent is the last row before it whose member `depth` is less than its own. People see
        /// it drawn, and no `depth`.
        case branch
        /// One of these words.
        case choice([String])
        /// `true` or `false`; people read yes or no.
        case flag
        /// A whole number.
        case count
        /// A whole number of bytes; people read KiB and MiB.
        case bytes
        /// A number, possibly with a fraction.
        case number
        /// A moment as `2026-11-22T19:06:10Z` or with milliseconds (RFC 3339, UTC).
        case time
        /// A number of seconds; people read `1d12h`.
        case seconds
        /// A list; people read it with commas.
        case list(Kind)
        /// An object with these fields.
        case object([Field])
    }

    package init(_ name: String, _ kind: Kind, _ summary: String, isOptional: Bool = false, isSecret: Bool = false) {
        self.name = name
        self.kind = kind
        self.summary = summary
        self.isOptional = isOptional
        self.isSecret = isSecret
    }

    /// The heading of a table's column.
    package var heading: String { name.replacing("_per_second", with: "/s").replacing("_", with: " ").uppercased() }
}
