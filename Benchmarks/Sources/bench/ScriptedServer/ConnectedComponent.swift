import NIOCore

/// A component past its handshake, and what can be asked of it.
struct ConnectedComponent: Sendable {
    let channel: any Channel
    /// When the handshake was answered.
    let connected: NIODeadline

    /// Sends one delegated request and returns the answer's text.
    func ask(_ requests: DelegatedRequests) async throws -> String {
        try await answer(within: .seconds(10)) { ComponentPeer.Order.ask(requests, $0) }
    }

    /// Sends these bytes and a request behind them. Returns how many nanoseconds later that had its invitation.
    func follow(_ bytes: ByteBuffer, with requests: DelegatedRequests) async throws -> Int64 {
        try await answer(within: .seconds(60)) { ComponentPeer.Order.follow(bytes, requests, $0) }
    }

    /// Keeps a window of requests in flight and counts the answers, then waits for the last ones.
    func pump(_ requests: DelegatedRequests, window: Int, timing: Timing) async throws -> Rate {
        let tally = Tally()
        channel.triggerUserOutboundEvent(
            ComponentPeer.Order.pump(requests, window: window, tally: tally), promise: nil)
        var rate = try await tally.rate(warmUp: timing.warmUp, duration: timing.duration)
        try await drain()
        let end = tally.read()
        rate.answered = end.results
        rate.errors = end.errors
        return rate
    }

    /// Sends a request for each host at least, a few at a time, so that every host's database is made.
    /// Returns how many were answered.
    func visit(_ requests: DelegatedRequests, hosts: Int) async throws -> Int {
        let tally = Tally()
        channel.triggerUserOutboundEvent(ComponentPeer.Order.pump(requests, window: 32, tally: tally), promise: nil)
        try await tally.reach(hosts, within: .seconds(120))
        try await drain()
        return tally.read().results
    }

    private func drain() async throws {
        try await answer(within: .seconds(60)) { ComponentPeer.Order.drain($0) }
    }

    /// Sends requests at a fixed rate, whether or not answers arrive, and returns how long each took in nanoseconds,
    /// in the order in which they were due.
    func pace(_ requests: DelegatedRequests, perSecond: Double, duration: Duration) async throws -> [Int64] {
        let pacing = Pacing(perSecond: perSecond, duration: duration)
        return try await answer(within: duration + .seconds(30)) { ComponentPeer.Order.pace(requests, pacing, $0) }
    }

    /// Sends a hello for every host at once, and returns how many nanoseconds later all were answered.
    ///
    /// - Parameter pushes: Counts what the component asks the hosts to set from then on.
    func greet(pushes: Tally) async throws -> Int64 {
        try await answer(within: .seconds(60)) { ComponentPeer.Order.greet(pushes: pushes, $0) }
    }

    /// Asks about bad tokens of a host at a fixed rate, beside any other load. Returns how many were refused: all.
    func check(host: String, perSecond: Double, duration: Duration) async throws -> Int {
        let pacing = Pacing(perSecond: perSecond, duration: duration)
        return try await answer(within: duration + .seconds(30)) {
            ComponentPeer.Order.check(host: host, pacing, $0)
        }
    }

    private func answer<T: Sendable>(
        within limit: Duration, to order: (EventLoopPromise<T>) -> ComponentPeer.Order
    ) async throws -> T {
        let promise = channel.eventLoop.makePromise(of: T.self)
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(limit.components.seconds)) {
            promise.fail(BenchError("answers are missing after \(limit)"))
        }
        defer { timeout.cancel() }
        channel.triggerUserOutboundEvent(order(promise), promise: nil)
        return try await promise.futureResult.get()
    }
}
