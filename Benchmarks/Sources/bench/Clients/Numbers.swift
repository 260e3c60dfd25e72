import Synchronization

/// Numbers from 0 on, each of which one of several that ask is given.
final class Numbers: Sendable {
    private let count: Int
    private let taken = Atomic<Int>(0)

    /// - Parameter count: How many there are.
    init(count: Int) { self.count = count }

    func next() -> Int? {
        let number = taken.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count ? number : nil
    }
}
