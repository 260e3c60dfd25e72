internal import NIOCore
internal import Runtime

/// Who is at the other end of a connection.
enum HTTPPeer: Hashable, Sendable {
    case address(IPAddress)
    /// A process of this machine, at a Unix socket.
    case local

    init(_ address: SocketAddress?) {
        self = address?.ipAddress.flatMap { IPAddress($0) }.map { .address($0) } ?? .local
    }
}

/// What answers requests.
typealias HTTPResponder = @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse

/// Serves one connection: one request after the other. While one is answered nothing is read.
final class HTTPConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// For a request, or more of one.
        case reading(HTTPRequestParser.Phase)
        case answering(HTTPRequest)
        case writing(isLast: Bool)
        /// All is said; what still comes is thrown away.
        case closing
    }

    private let limits: HTTPLimits
    private let connections: HTTPConnections
    private let now: @Sendable () -> Int64
    private let responder: HTTPResponder
    private let refused: @Sendable (HTTPStatus) -> Void
    private var parser: HTTPRequestParser
    private var state = State.reading(.idle)
    private var requests = 0
    private var hasInputEnded = false
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?
    private var timerAt: NIODeadline?

    /// - Parameters:
    ///   - now: Seconds since 1970.
    ///   - refused: Called for each answer to what was no request.
    init(
        _ limits: HTTPLimits, connections: HTTPConnections, now: @escaping @Sendable () -> Int64,
        refused: @escaping @Sendable (HTTPStatus) -> Void, responder: @escaping HTTPResponder
    ) {
        self.limits = limits
        self.connections = connections
        self.now = now
        self.refused = refused
        self.responder = responder
        parser = HTTPRequestParser(limits)
    }

    // MARK: Events

    func channelActive(context: ChannelHandlerContext) {
        // Who connects has something to say.
        setDeadline(limits.headTime, context)
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closing
        timer?.cancel()
        deadline = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closing = state { return }
        // One reading can bring several pieces, of which the first may have been a request.
        parser.append(unwrapInboundIn(data).readableBytesView)
        advance(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch state {
        case .reading, .closing: context.read()
        case .answering, .writing: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        hasInputEnded = true
        switch state {
        case .reading, .closing: context.close(promise: nil)
        case .answering, .writing: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Requests

    private func advance(_ context: ChannelHandlerContext) {
        while case .reading(let phase) = state {
            switch parser.next() {
            case .incomplete(let next):
                if next != phase || deadline == nil {
                    state = .reading(next)
                    switch next {
                    case .idle: setDeadline(limits.idleTime, context)
                    case .head: setDeadline(limits.headTime, context)
                    case .body: setDeadline(limits.bodyTime, context)
                    }
                }
                return
            case .continues:
                let word = context.channel.allocator.buffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
                context.writeAndFlush(wrapOutboundOut(word), promise: nil)
            case .request(let request): answer(request, context)
            case .failure(let status):
                refused(status)
                write(.plain(status), to: nil, context)
            }
        }
    }

    private func answer(_ request: HTTPRequest, _ context: ChannelHandlerContext) {
        state = .answering(request)
        deadline = nil
        requests += 1
        connections.note(context.channel, isWaiting: false)
        let peer = HTTPPeer(context.channel.remoteAddress)
        let (responder, eventLoop) = (responder, context.eventLoop)
        let bound = NIOLoopBound((self, context), eventLoop: eventLoop)
        // Not cancelled with the connection: what was begun is ended.
        Task {
            let response = await responder(request, peer)
            eventLoop.execute {
                let (handler, context) = bound.value
                guard case .answering = handler.state else { return }
                handler.write(response, to: request, context)
            }
        }
    }

    /// - Parameter request: What is answered; `nil` for what was no request, after which nothing can be understood.
    private func write(_ response: HTTPResponse, to request: HTTPRequest?, _ context: ChannelHandlerContext) {
        let isLast =
            request.map {
                !$0.keepsConnection || requests >= limits.requests || hasInputEnded || connections.isDraining
            }
            ?? true
        state = .writing(isLast: isLast)
        setDeadline(limits.writeTime, context)
        let bytes = response.serialized(
            date: HTTPDate.text(now()), hasBody: request?.method != .head, isLast: isLast)
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            guard case .writing = self.state else { return }
            if case .failure = result { return context.close(promise: nil) }
            self.wrote(isLast: isLast, context)
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
    }

    private func wrote(isLast: Bool, _ context: ChannelHandlerContext) {
        if !isLast {
            state = .reading(.idle)
            setDeadline(limits.idleTime, context)
            connections.note(context.channel, isWaiting: true)
            advance(context)
            if case .reading = state { context.read() }
            return
        }
        state = .closing
        if hasInputEnded { return context.close(promise: nil) }
        setDeadline(limits.lingerTime, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }

    // MARK: Time

    private func setDeadline(_ milliseconds: Int64, _ context: ChannelHandlerContext) {
        let new = NIODeadline.now() + .milliseconds(milliseconds)
        deadline = new
        // A timer that comes too early looks again.
        if let timerAt, timerAt <= new { return }
        timer?.cancel()
        schedule(at: new, context)
    }

    private func schedule(at time: NIODeadline, _ context: ChannelHandlerContext) {
        timerAt = time
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        (timer, timerAt) = (nil, nil)
        guard let deadline else { return }
        if deadline > NIODeadline.now() { return schedule(at: deadline, context) }
        self.deadline = nil
        switch state {
        case .reading(.head), .reading(.body):
            refused(.requestTimeout)
            write(.plain(.requestTimeout), to: nil, context)
        case .reading(.idle), .writing, .closing: context.close(promise: nil)
        case .answering: break
        }
    }
}
