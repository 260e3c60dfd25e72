import NIOCore

/// An open loop: when each request of a fixed rate is due, whatever the answers do.
struct Pacing: Sendable {
    /// How often requests that have become due are sent.
    static let tick = TimeAmount.microseconds(500)

    let perSecond: Double
    let count: Int

    init(perSecond: Double, duration: Duration) {
        self.perSecond = perSecond
        count = Int(perSecond * (duration / .seconds(1)))
    }

    func dueTime(of number: Int, start: NIODeadline) -> NIODeadline {
        start + .nanoseconds(Int64(Double(number) / perSecond * 1e9))
    }

    /// How many requests should have been sent by now.
    func due(at now: NIODeadline, start: NIODeadline) -> Int {
        min(count, Int(Double((now - start).nanoseconds) / 1e9 * perSecond))
    }
}
