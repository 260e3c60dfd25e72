/// How many there may be of something.
public enum Limit: Hashable, Sendable {
    case unlimited
    case atMost(Int)
}
