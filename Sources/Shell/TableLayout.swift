/// How wide the columns of a table are.
struct TableLayout: Hashable, Sendable {
    /// The columns of each, without the gap after it.
    let widths: [Int]

    /// What is between two columns.
    static let gap = 2
    /// A text that is cut to less has no use.
    static let least = 8
    /// A word that is longer may be cut.
    static let longestWord = 24
    /// Less than this is no room to wrap a text in.
    static let leastWrapped = 20

    /// A column, before it is known how much room there is.
    struct Column: Hashable, Sendable {
        /// What its widest cell takes.
        var natural: Int
        /// Whether a part of it is useful: true of texts, not of numbers.
        var canShrink: Bool
        /// What it is cut to at most, if it can shrink and is not narrower.
        var least = TableLayout.least

        fileprivate var narrowest: Int { canShrink ? min(natural, least) : natural }
    }

    /// Whether the columns have to give way.
    static func isTooWide(_ columns: [Column], for width: Int) -> Bool {
        width > 0 && columns.reduce(gap * (columns.count - 1), { $0 + $1.natural }) > width
    }

    /// - Parameter width: The columns of the terminal; 0 for any.
    /// - Returns: `nil` when no readable table fits in so few columns.
    init?(_ columns: [Column], width: Int) {
        let room = width - Self.gap * (columns.count - 1)
        guard Self.isTooWide(columns, for: width) else {
            widths = columns.map(\.natural)
            return
        }
        guard columns.reduce(0, { $0 + $1.narrowest }) <= room else { return nil }
        // All that are wider than the limit are cut to it, so the widest give first and none gives more than it must.
        let cut: (Int) -> [Int] = { limit in
            columns.map { $0.canShrink ? min($0.natural, max($0.narrowest, limit)) : $0.natural }
        }
        var (fits, tooWide) = (0, columns.map(\.natural).max() ?? 0)
        while tooWide - fits > 1 {
            let middle = (fits + tooWide) / 2
            if cut(middle).reduce(0, +) <= room { fits = middle } else { tooWide = middle }
        }
        var widths = cut(fits)
        // What the limit leaves over, fewer columns than would be cut by one less.
        var left = room - widths.reduce(0, +)
        for index in columns.indices
        where left > 0 && columns[index].canShrink && widths[index] < columns[index].natural {
            widths[index] += 1
            left -= 1
        }
        self.widths = widths
    }
}
