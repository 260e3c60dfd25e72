internal import Glibc
package import Logging
package import NIOCore
internal import NIOPosix
internal import Synchronization

/// Takes the stanzas of a component stream.
package protocol StanzaReceiver: Sendable {
    /// Takes messages, presences and IQ requests in the order of arrival. Called on the event loop: it must not block.
    func receive(_ stanzas: [Stanza])
    /// The handshake was accepted; the server's grants follow.
    func connected()
}

/// An external component's connection to its server (XEP-0114): opened, kept alive, and opened again when it breaks.
package final class ComponentConnection: Sendable {
    /// Asks the handler to end the stream cleanly.
    struct Leave: Sendable {
        let reason: DisconnectReason
    }

    /// The state of ``run()``.
    private enum Phase: Sendable {
        case notRunning
        /// An attempt has no channel yet, or no more.
        case connecting
        /// The channel of an attempt, and whether it takes no more requests, before it is left.
        case open(any Channel, isPausing: Bool)
        /// Waits for the next attempt; resumed to make it at once.
        case waiting(CheckedContinuation<Void, Never>)
    }

    /// What is wanted for good.
    private enum Intent: Sendable {
        case serve
        /// Takes no more requests.
        case drain
        case shutDown
    }

    private struct State: Sendable {
        var report: ComponentReport
        var phase = Phase.notRunning
        var intent = Intent.serve
        /// Does not wait for the next attempt.
        var isHurried = false
        /// Attempts to connect in all.
        var attempts = 0
        /// Continuations that wait for the end of an attempt after that many.
        var waiters: [(after: Int, continuation: CheckedContinuation<Void, Never>)] = []

        var channel: (any Channel)? { if case .open(let channel, _) = phase { channel } else { nil } }

        var isPausing: Bool { if case .open(_, let isPausing) = phase { isPausing } else { false } }

        /// The attempt has a channel now, unless it had before.
        mutating func open(_ channel: any Channel) {
            phase = .open(channel, isPausing: isPausing)
        }

        /// Ends the waiting for the next attempt.
        mutating func takeWaiting() -> CheckedContinuation<Void, Never>? {
            guard case .waiting(let continuation) = phase else { return nil }
            phase = .connecting
            return continuation
        }

        /// Whether an attempt after that many has had an outcome.
        func hasSettled(after attempts: Int) -> Bool {
            report.status.isSettled && (self.attempts > attempts || report.status == .stopped)
        }
    }

    package let options: ComponentOptions
    /// Where answers are sent.
    package let outlet: Outlet
    let receiver: any StanzaReceiver
    let requests: RequestTracker
    private let group: any EventLoopGroup
    private let logger: Logger
    private let statusChanged: @Sendable (ComponentStatus) -> Void
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>
    private let unanswered: UnansweredLog

    /// - Parameters:
    ///   - outlet: Where answers are sent; made by the caller so that the receiver can have it.
    ///   - now: The time of day in milliseconds since 1970-01-01T00:00:00Z, for ``report``.
    ///   - statusChanged: Called with every change, in order, on any thread.
    package init(
        _ options: ComponentOptions, outlet: Outlet, receiver: any StanzaReceiver, group: any EventLoopGroup,
        logger: Logger, now: @escaping @Sendable () -> Int64 = ComponentConnection.systemTime,
        statusChanged: @escaping @Sendable (ComponentStatus) -> Void = { _ in }
    ) {
        self.options = options
        self.outlet = outlet
        self.receiver = receiver
        self.group = group
        self.logger = logger
        unanswered = UnansweredLog(logger)
        self.statusChanged = statusChanged
        self.now = now
        state = Mutex(State(report: ComponentReport(status: .connecting(attempt: 1), since: now())))
        var random = SystemRandomNumberGenerator()
        requests = RequestTracker(prefix: "i" + String(random.next() as UInt64, radix: 36) + "-")
    }

    /// The present status of the connection.
    package var status: ComponentStatus { report.status }

    /// The present status of the connection, since when, and what is next.
    package var report: ComponentReport { state.withLock { $0.report } }

    /// Connects, and connects again, until ``shutDown()``.
    package func run() async {
        var backoff = options.backoff
        var random = SystemRandomNumberGenerator()
        var attempt = 1
        while beginAttempt() {
            change(.connecting(attempt: attempt))
            let end = await runOnce()
            attempt = end.wasReady ? 1 : attempt + 1
            if end.wasReady { backoff.reset() }
            if end.reason == .shutDown { break }
            if end.reason == .reconnecting { continue }
            let wait = backoff.next(using: &random)
            report(end, retryAfter: wait)
            change(.waiting(end.reason, retryAfter: wait))
            await sleep(wait)
        }
        state.withLock { $0.phase = .notRunning }
        change(.stopped)
    }

    /// Whether there is to be another attempt.
    private func beginAttempt() -> Bool {
        state.withLock { state in
            if state.intent == .shutDown { return false }
            state.phase = .connecting
            state.isHurried = false
            state.attempts += 1
            return true
        }
    }

    /// Accepts no more requests from the server; answers are still sent. When this returns, all input that was read has
    /// been passed on.
    package func drain() async {
        let channel = state.withLock { state in
            if state.intent == .serve { state.intent = .drain }
            return state.channel
        }
        try? await channel?.setOption(.autoRead, value: false).get()
    }

    /// Accepts no more requests on the present connection, before ``reconnect()``; answers are still sent. When this
    /// returns, all input that was read has been passed on.
    package func pause() async {
        let channel = state.withLock { state -> (any Channel)? in
            guard state.report.status == .connected, let channel = state.channel else { return nil }
            state.phase = .open(channel, isPausing: true)
            return channel
        }
        try? await channel?.setOption(.autoRead, value: false).get()
    }

    /// Writes what is queued, ends the stream cleanly, and connects again at once. Where it waits for its next try, it
    /// tries at once; where it tries already, it continues.
    ///
    /// - Returns: The outcome of the attempt.
    package func reconnect() async -> ComponentReport {
        let (channel, waiting, attempts) = state.withLock {
            state -> ((any Channel)?, CheckedContinuation<Void, Never>?, Int) in
            switch state.report.status {
            case .connected:
                // Should it break by itself just now.
                state.isHurried = true
                return (state.channel, nil, state.attempts)
            case .waiting:
                state.isHurried = true
                return (nil, state.takeWaiting(), state.attempts)
            case .connecting, .stopped: return (nil, nil, state.attempts - 1)
            }
        }
        waiting?.resume()
        if let channel {
            logger.notice("connecting anew")
            channel.pipeline.fireUserInboundEventTriggered(Leave(reason: .reconnecting))
        }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if case .notRunning = state.phase { return true }
                if state.hasSettled(after: attempts) { return true }
                state.waiters.append((attempts, continuation))
                return false
            }
            if isOver { continuation.resume() }
        }
        return report
    }

    /// Writes what is queued, ends the stream cleanly, and has ``run()`` return.
    package func shutDown() {
        let (channel, waiting) = state.withLock { state in
            state.intent = .shutDown
            return (state.channel, state.takeWaiting())
        }
        waiting?.resume()
        channel?.pipeline.fireUserInboundEventTriggered(Leave(reason: .shutDown))
    }

    /// Sends a request of our own and waits for its answer.
    ///
    /// - Parameters:
    ///   - iq: A `get` or `set`; its id is replaced.
    ///   - timeout: How long the answer may take.
    /// - Returns: The payload of the result, if it has one.
    /// - Throws: ``RequestError``.
    package func request(_ iq: IQ, timeout: Duration) async throws(RequestError) -> Element? {
        guard status == .connected else { throw .disconnected }
        var iq = iq
        iq.id = requests.nextID()
        if iq.from == nil { iq.from = try? JID(options.domain) }
        let id = iq.id
        var timer: Scheduled<Void>?
        defer { timer?.cancel() }
        do throws(RequestError) {
            return try await requests.answer(to: id, from: iq.to) {
                // Not before the request is registered: a time-out that finds nothing would leave it waiting for good.
                timer = group.any().scheduleTask(in: TimeAmount(timeout)) { [requests] in requests.timeOut(id) }
                return outlet.send(iq)
            }
        } catch {
            if error == .timeout, iq.to != iq.from { unanswered.note(iq, within: timeout) }
            throw error
        }
    }

    /// Checks that the server responds. The ping is sent to our own address, so it comes back to us as a request, and
    /// then as our own answer: servers route that whatever they grant us.
    func ping() {
        guard let own = try? JID(options.domain) else { return }
        let ping = IQ(from: own, to: own, id: "", body: .get(Element("ping", namespace: Namespaces.ping)))
        Task {
            do {
                _ = try await request(ping, timeout: options.silence)
            } catch {
                logger.debug("the ping had no answer", metadata: ["reason": "\(error)"])
            }
        }
    }

    var isDraining: Bool { state.withLock { $0.intent != .serve || $0.isPausing } }

    func becameReady(_ channel: any Channel) {
        // The task that connects may resume later, and a drain or a reconnect meanwhile needs the channel.
        state.withLock { $0.open(channel) }
        // First: subscribers to the status must not find the grants of the connection before.
        receiver.connected()
        change(.connected)
        logger.notice(
            "connected to the server",
            metadata: ["component": "\(options.domain)", "server": "\(options.host):\(options.port)"])
    }

    private func runOnce() async -> ComponentStreamHandler.End {
        let loop = group.next()
        let ended = loop.makePromise(of: ComponentStreamHandler.End.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop)
                .connectTimeout(TimeAmount(options.handshakeTimeout))
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 18, high: 1 << 20))
                // What one turn of the event loop, which is that of all hosts, may find to do.
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65_536, maximum: 65_536)
                )
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = ComponentStreamHandler(self, logger: self.logger, ended: ended)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: options.host, port: options.port).get()
        } catch {
            let end = ComponentStreamHandler.End(reason: .unreachable(Self.describe(error)), wasReady: false)
            ended.succeed(end)
            return end
        }
        let isShutDown = state.withLock { state in
            state.open(channel)
            return state.intent == .shutDown
        }
        if isShutDown { channel.pipeline.fireUserInboundEventTriggered(Leave(reason: .shutDown)) }
        defer { state.withLock { $0.phase = .connecting } }
        let end = try? await ended.futureResult.get()
        // The farewell is still on its way out when the stream ends: the next attempt waits for the socket.
        try? await channel.closeFuture.get()
        return end ?? ComponentStreamHandler.End(reason: .connectionLost, wasReady: false)
    }

    private func report(_ end: ComponentStreamHandler.End, retryAfter wait: Duration) {
        let metadata: Logger.Metadata = [
            "reason": "\(end.reason)", "server": "\(options.host):\(options.port)",
            "retry_in": "\(wait.formatted(fractionDigits: 1))",
        ]
        if end.reason.needsOperator {
            logger.error("the server refused the component", metadata: metadata)
        } else {
            logger.warning(
                end.wasReady ? "disconnected from the server" : "could not connect to the server", metadata: metadata)
        }
    }

    private func change(_ status: ComponentStatus) {
        let now = now()
        let settled = state.withLock { state in
            state.report.change(to: status, now: now)
            let settled = state.waiters.filter { state.hasSettled(after: $0.after) }
            state.waiters.removeAll { waiter in settled.contains { $0.after == waiter.after } }
            return settled
        }
        statusChanged(status)
        for waiter in settled { waiter.continuation.resume() }
    }

    /// Waits, but not longer than until ``shutDown()`` or ``reconnect()``.
    private func sleep(_ duration: Duration) async {
        var timer: Scheduled<Void>?
        // One that is left could end a later wait.
        defer { timer?.cancel() }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.intent == .shutDown || state.isHurried { return true }
                state.phase = .waiting(continuation)
                return false
            }
            if isOver {
                continuation.resume()
                return
            }
            timer = group.any().scheduleTask(in: TimeAmount(duration)) {
                let waiting = self.state.withLock { $0.takeWaiting() }
                waiting?.resume()
            }
        }
    }

    /// The system's time of day in milliseconds since 1970-01-01T00:00:00Z.
    package static let systemTime: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    private static func describe(_ error: any Error) -> String {
        if let failure = error as? NIOConnectionError {
            return failure.connectionErrors.first.map { describe($0.error) } ?? "\(failure)"
        }
        if let failure = error as? IOError { return String(cString: strerror(failure.errnoCode)) }
        if let failure = error as? ChannelError, case .connectTimeout = failure { return "timed out" }
        return "\(error)"
    }
}

extension ComponentStatus {
    fileprivate var isSettled: Bool {
        if case .connecting = self { false } else { true }
    }
}

extension ComponentReport {
    mutating func change(to new: ComponentStatus, now: Int64) {
        status = new
        since = now
        retryAt = nil
        switch new {
        case .connecting(let attempt): self.attempt = attempt
        case .connected: attempt = 0
        case .waiting(let reason, let wait):
            (lastTrouble, lastTroubleAt) = (reason, now)
            let parts = wait.components
            // A wait is a minute at most.
            let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
            retryAt = now.saturatingAdd(milliseconds)
        case .stopped: break
        }
    }
}

extension Duration {
    func formatted(fractionDigits: Int) -> String {
        let tenths = (components.seconds * 10) + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
