/// Guesses which of the known words was meant.
package enum Suggestion {
    /// The known word closest to `word`, if it is close enough to be a slip of the fingers.
    package static func closest(to word: String, among known: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let plain = word.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 }
        var best: (word: String, distance: Int)?
        for candidate in known {
            let distance = editDistance(plain, candidate.map { $0 == "-" ? "_" : $0 })
            let allowed = max(1, min(3, candidate.count / 3))
            if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        if let best { return best.word }
        // Perhaps only a part of it was remembered.
        let containing = known.filter { $0.split(separator: "_").contains { $0.elementsEqual(plain) } }
        return containing.count == 1 ? containing.first : nil
    }

    /// How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other (optimal
    /// string alignment).
    package static func editDistance(_ from: [Character], _ to: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...to.count)
        for (row, left) in from.enumerated() {
            var current = [row + 1]
            for (column, right) in to.enumerated() {
                var cost = min(previous[column + 1] + 1, current[column] + 1)
                cost = min(cost, previous[column] + (left == right ? 0 : 1))
                if row > 0, column > 0, left == to[column - 1], from[row - 1] == right {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[to.count]
    }
}
