internal import NIOCore
internal import NIOHTTP1
internal import Runtime

/// The peer of a connection.
enum HTTPPeer: Hashable, Sendable {
    case address(IPAddress)
    /// A process of this machine, at a Unix socket.
    case local

    init(_ address: SocketAddress?) {
        self = address?.ipAddress.flatMap { IPAddress($0) }.map { .address($0) } ?? .local
    }
}

/// What answers requests.
struct HTTPResponder: Sendable {
    /// Answers on the connection's event loop what takes no waiting and next to no time; `nil` says nothing.
    let atOnce: @Sendable (HTTPRequest, HTTPPeer) -> HTTPResponse?
    /// Answers anything else.
    let respond: @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse

    init(
        atOnce: @escaping @Sendable (HTTPRequest, HTTPPeer) -> HTTPResponse? = { _, _ in nil },
        _ respond: @escaping @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse
    ) {
        self.atOnce = atOnce
        self.respond = respond
    }
}

/// Serves one connection: one request after the other. While one is answered nothing is read.
final class HTTPConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// For a request, or more of one.
        case reading(Phase)
        case answering(HTTPRequest)
        case writing(isLast: Bool)
        /// All is sent; further input is discarded.
        case closing
    }

    private enum Phase {
        /// No byte of a request has been received.
        case idle
        case head
        case body
    }

    /// What the parser made of the bytes.
    private enum Event {
        case part(HTTPServerRequestPart)
        case failure(HTTPStatus)
    }

    private let limits: HTTPLimits
    private let connections: HTTPConnections
    private let now: @Sendable () -> Int64
    private let responder: HTTPResponder
    private let refused: @Sendable (HTTPStatus) -> Void
    private var assembly: HTTPRequestAssembly
    /// Input after the request that is being answered: at most one read.
    private var pending = CircularBuffer<Event>()
    private var context: ChannelHandlerContext?
    private var state = State.reading(.idle)
    private var requests = 0
    /// Whether received input is being processed: an answer that is written at once does not start that again,
    /// recursively.
    private var isAdvancing = false
    /// Requests that were answered at once since others on the event loop had their turn.
    private var answeredAtOnce = 0
    private var hasInputEnded = false
    private var deadline: NIODeadline?
    private var timer: Scheduled<Void>?
    private var timerAt: NIODeadline?

    /// The most requests that are answered at once, so that they do not delay others on the event loop for long.
    private static let mostAtOnce = 8

    /// - Parameters:
    ///   - now: Seconds since 1970.
    ///   - refused: Called for each answer to what was no request.
    init(
        _ limits: HTTPLimits, connections: HTTPConnections, now: @escaping @Sendable () -> Int64,
        refused: @escaping @Sendable (HTTPStatus) -> Void, responder: HTTPResponder
    ) {
        self.limits = limits
        self.connections = connections
        self.now = now
        self.refused = refused
        self.responder = responder
        assembly = HTTPRequestAssembly(limits)
    }

    /// Adds itself to a channel, with the parser before it.
    func join(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: assembly.parserLimits)
        try pipeline.addHandlers([HTTPArrival(self), HTTPResponseEncoder(), ByteToMessageHandler(decoder), self])
    }

    // MARK: Events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        // A client that connects is expected to send a request.
        setDeadline(limits.headTime, context)
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closing
        timer?.cancel()
        deadline = nil
    }

    /// Bytes were received, before the parser has processed them.
    fileprivate func bytesCame() {
        guard case .reading(.idle) = state, pending.isEmpty, let context else { return }
        state = .reading(.head)
        setDeadline(limits.headTime, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closing = state { return }
        pending.append(.part(unwrapInboundIn(data)))
        advance(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        answeredAtOnce = 0
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

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
        if case .closing = state { return }
        pending.append(.failure(HTTPRequestAssembly.status(of: error)))
        advance(context)
    }

    // MARK: Requests

    private func advance(_ context: ChannelHandlerContext) {
        isAdvancing = true
        defer { isAdvancing = false }
        while case .reading = state, let event = pending.popFirst() {
            switch event {
            case .failure(let status): refuse(status, context)
            case .part(let part):
                if case .head = part {
                    state = .reading(.body)
                    setDeadline(limits.bodyTime, context)
                }
                switch assembly.add(part) {
                case .incomplete: break
                case .continues:
                    let word = HTTPResponseHead(version: .http1_1, status: .continue)
                    context.writeAndFlush(wrapOutboundOut(.head(word)), promise: nil)
                case .request(let request): answer(request, context)
                case .failure(let status): refuse(status, context)
                }
            }
        }
    }

    private func refuse(_ status: HTTPStatus, _ context: ChannelHandlerContext) {
        refused(status)
        write(.plain(status), to: nil, context)
    }

    private func answer(_ request: HTTPRequest, _ context: ChannelHandlerContext) {
        state = .answering(request)
        deadline = nil
        requests += 1
        connections.note(context.channel, isWaiting: false)
        let peer = HTTPPeer(context.channel.remoteAddress)
        if answeredAtOnce < Self.mostAtOnce, let response = responder.atOnce(request, peer) {
            answeredAtOnce += 1
            return write(response, to: request, context)
        }
        answeredAtOnce = 0
        let (responder, eventLoop) = (responder, context.eventLoop)
        let bound = NIOLoopBound((self, context), eventLoop: eventLoop)
        // Not cancelled with the connection: what was begun is ended.
        Task {
            let response = await responder.respond(request, peer)
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
        context.write(wrapOutboundOut(.head(response.head(at: now(), isLast: isLast))), promise: nil)
        if request?.method != .head, !response.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            guard case .writing = self.state else { return }
            if case .failure = result { return context.close(promise: nil) }
            self.wrote(isLast: isLast, context)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    private func wrote(isLast: Bool, _ context: ChannelHandlerContext) {
        if !isLast {
            state = .reading(.idle)
            setDeadline(limits.idleTime, context)
            connections.note(context.channel, isWaiting: true)
            // If `advance` is running, it continues with the next request, and reads.
            if isAdvancing { return }
            advance(context)
            if case .reading = state { context.read() }
            return
        }
        state = .closing
        pending.removeAll()
        if hasInputEnded { return context.close(promise: nil) }
        setDeadline(limits.lingerTime, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }

    // MARK: Time

    private func setDeadline(_ milliseconds: Int64, _ context: ChannelHandlerContext) {
        let new = NIODeadline.now() + .milliseconds(milliseconds)
        deadline = new
        // A timer that fires too early checks the deadline again.
        if let timerAt, timerAt <= new { return }
        timer?.cancel()
        schedule(at: new, context)
    }

    private func schedule(at time: NIODeadline, _ context: ChannelHandlerContext) {
        timerAt = time
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.checkDeadline(context) }
    }

    private func checkDeadline(_ context: ChannelHandlerContext) {
        (timer, timerAt) = (nil, nil)
        guard let deadline else { return }
        if deadline > NIODeadline.now() { return schedule(at: deadline, context) }
        self.deadline = nil
        switch state {
        case .reading(.head), .reading(.body): refuse(.requestTimeout, context)
        case .reading(.idle), .writing, .closing: context.close(promise: nil)
        case .answering: break
        }
    }
}

/// Sees bytes before the parser does, so that a head that never ends has its time, too.
final class HTTPArrival: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: HTTPConnectionHandler

    init(_ handler: HTTPConnectionHandler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.bytesCame()
        context.fireChannelRead(data)
    }
}
