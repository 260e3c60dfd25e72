internal import Glibc
public import Logging
public import NIOCore
internal import NIOPosix
internal import Synchronization

/// Takes the stanzas of a component stream.
public protocol StanzaReceiver: Sendable {
    /// Takes messages, presences and IQ requests in the order they came. Called on the event loop: it must not block.
    func receive(_ stanzas: [Stanza])
    /// The handshake was accepted; the server's grants follow.
    func connected()
}

/// An external component's connection to its server (XEP-0114): made, kept alive, and made again when it breaks.
public final class ComponentConnection: Sendable {
    struct ShutDown: Sendable {}

    private struct State: Sendable {
        var status = ComponentStatus.connecting(attempt: 1)
        var channel: (any Channel)?
        var isDraining = false
        var wakeUp: CheckedContinuation<Void, Never>?
        var isShutDown = false
    }

    public let options: ComponentOptions
    /// Where answers go.
    public let outlet: Outlet
    let receiver: any StanzaReceiver
    let requests: RequestTracker
    private let group: any EventLoopGroup
    private let logger: Logger
    private let statusChanged: @Sendable (ComponentStatus) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - outlet: Where answers go; made by the caller so that the receiver can have it.
    ///   - statusChanged: Told of every change, in order, on no thread in particular.
    public init(
        _ options: ComponentOptions, outlet: Outlet, receiver: any StanzaReceiver, group: any EventLoopGroup,
        logger: Logger,
        statusChanged: @escaping @Sendable (ComponentStatus) -> Void = { _ in }
    ) {
        self.options = options
        self.outlet = outlet
        self.receiver = receiver
        self.group = group
        self.logger = logger
        self.statusChanged = statusChanged
        var random = SystemRandomNumberGenerator()
        requests = RequestTracker(prefix: "i" + String(random.next() as UInt64, radix: 36) + "-")
    }

    /// How the connection is now.
    public var status: ComponentStatus { state.withLock { $0.status } }

    /// Connects, and connects again, until ``shutDown()``.
    public func run() async {
        var backoff = options.backoff
        var random = SystemRandomNumberGenerator()
        var attempt = 1
        while !state.withLock({ $0.isShutDown }) {
            change(.connecting(attempt: attempt))
            let end = await runOnce()
            attempt = end.wasReady ? 1 : attempt + 1
            if end.wasReady { backoff.reset() }
            if end.reason == .shutDown { break }
            let wait = backoff.next(using: &random)
            report(end, retryAfter: wait)
            change(.waiting(end.reason, retryAfter: wait))
            await sleep(wait)
        }
        change(.stopped)
    }

    /// Takes no more requests from the server; answers still go out. When this returns, what was read has been handed
    /// on.
    public func drain() async {
        let channel = state.withLock { state in
            state.isDraining = true
            return state.channel
        }
        try? await channel?.setOption(.autoRead, value: false).get()
    }

    /// Writes what is gathered, ends the stream in good order, and lets ``run()`` return.
    public func shutDown() {
        let (channel, wakeUp) = state.withLock { state in
            state.isShutDown = true
            defer { state.wakeUp = nil }
            return (state.channel, state.wakeUp)
        }
        wakeUp?.resume()
        channel?.pipeline.fireUserInboundEventTriggered(ShutDown())
    }

    /// Sends a request of our own and waits for its answer.
    ///
    /// - Parameters:
    ///   - iq: A `get` or `set`; its id is replaced.
    ///   - timeout: How long the answer may take.
    /// - Returns: The payload of the result, if it has one.
    /// - Throws: ``RequestError``.
    public func request(_ iq: IQ, timeout: Duration) async throws(RequestError) -> Element? {
        guard status == .connected else { throw .disconnected }
        var iq = iq
        iq.id = requests.nextID()
        if iq.from == nil { iq.from = try? JID(options.domain) }
        let id = iq.id
        var timer: Scheduled<Void>?
        defer { timer?.cancel() }
        return try await requests.answer(to: id, from: iq.to) {
            // Not before the request is registered: a time-out that finds nothing would leave it waiting for good.
            timer = group.any().scheduleTask(in: TimeAmount(timeout)) { [requests] in requests.timeOut(id) }
            outlet.send(iq)
        }
    }

    /// Asks the server for a sign of life. The ping goes to our own address, where it comes back to us as a request,
    /// and then as our own answer: servers route that whatever they grant us.
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

    var isDraining: Bool { state.withLock { $0.isDraining } }

    func becameReady() {
        change(.connected)
        logger.notice(
            "connected to the server",
            metadata: ["component": "\(options.domain)", "server": "\(options.host):\(options.port)"])
        receiver.connected()
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
                .channelOption(
                    .recvAllocator,
                    value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65_536, maximum: 262_144)
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
            state.channel = channel
            return state.isShutDown
        }
        if isShutDown { channel.pipeline.fireUserInboundEventTriggered(ShutDown()) }
        defer { state.withLock { $0.channel = nil } }
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
        state.withLock { $0.status = status }
        statusChanged(status)
    }

    /// Waits, but not longer than until ``shutDown()``.
    private func sleep(_ duration: Duration) async {
        await withCheckedContinuation { continuation in
            let isShutDown = state.withLock { state in
                if !state.isShutDown { state.wakeUp = continuation }
                return state.isShutDown
            }
            if isShutDown {
                continuation.resume()
                return
            }
            group.any().scheduleTask(in: TimeAmount(duration)) {
                let waiting = self.state.withLock { state in
                    defer { state.wakeUp = nil }
                    return state.wakeUp
                }
                waiting?.resume()
            }
        }
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

extension Duration {
    func formatted(fractionDigits: Int) -> String {
        let tenths = (components.seconds * 10) + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
