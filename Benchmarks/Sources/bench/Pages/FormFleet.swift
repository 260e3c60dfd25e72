import NIOCore
import NIOPosix

/// Visitors who make accounts with forms, one after the other on each of twenty lines, as fast as that goes or at a fixed rate.
struct FormFleet: Sendable {
    static let lines = 20

    let port: Int

    /// Has so many visitors make accounts.
    ///
    /// - Parameter perSecond: At what rate they start, whether or not those before have their accounts, as long as
    ///   there are lines; `nil` for as fast as possible.
    /// - Returns: How long it all took.
    func run(
        _ count: Int, perSecond: Double? = nil, _ visitor: @escaping @Sendable (Int) -> FormVisitor
    ) async throws -> Duration {
        let numbers = Numbers(count: count)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let clock = ContinuousClock()
        let start = clock.now
        return try await clock.measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.lines {
                    group.addTask {
                        while let number = numbers.next() {
                            if let perSecond {
                                try await clock.sleep(until: start + .seconds(Double(number) / perSecond))
                            }
                            try await visitor(number).register(at: port, on: loop)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
