/// How many there may be of something.
package enum Limit: Hashable, Sendable {
    case unlimited
    case atMost(Int)

    /// Whether so many are nine tenths of the limit, or more.
    package func isNearlyReached(by count: Int) -> Bool {
        guard case .atMost(let limit) = self else { return false }
        return count >= limit - limit / 10
    }
}
