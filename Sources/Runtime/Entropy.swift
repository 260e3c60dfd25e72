internal import Glibc

/// A random source that draws several words at a time.
package struct Entropy: RandomNumberGenerator, Sendable {
    package let draw: @Sendable () -> [UInt64]
    private var words: [UInt64] = []

    /// - Parameter draw: Returns some new random words each time.
    package init(draw: @escaping @Sendable () -> [UInt64]) {
        self.draw = draw
    }

    /// The system's cryptographically secure generator. It is called for 256 bytes at a time, the most that
    /// getentropy(3) gives at once: one system call for ten tokens instead of three for each.
    package static let system = Entropy {
        var words = [UInt64](repeating: 0, count: 32)
        let isFilled = words.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
        if isFilled { return words }
        var system = SystemRandomNumberGenerator()
        return [system.next()]
    }

    package mutating func next() -> UInt64 {
        if words.isEmpty { words = draw() }
        return words.popLast()
            ?? {
                var system = SystemRandomNumberGenerator()
                return system.next()
            }()
    }
}
