internal import Access
internal import NIOCore
internal import Shell

/// The channel of a session: reads lines for it while there is room for their answers, and writes what it has to say.
///
/// An idle session has no timer, no task and no memory but this.
final class SessionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let admit: (PeerCredentials, SessionHandler) -> Void
    private let limits: ControlServer.Limits
    private var context: ChannelHandlerContext?
    private var session: Session?
    private var splitter = LineSplitter()
    /// Whether the next lines have to wait, so that nothing more is read.
    private var isHeld = true
    private var isReadWanted = false
    private var isInputOver = false
    private var isClosing = false
    private var stallTimer: Scheduled<Void>?
    private var endTimer: Scheduled<Void>?

    /// Lines, and about the bytes in them, between two turns of the event loop.
    private static let linesAtOnce = 100
    private static let bytesAtOnce = 32_768

    /// - Parameter admit: Called with the peer's credentials; it calls ``open(_:)`` or ``refuse(_:)`` on the event
    ///   loop, at once or later.
    init(limits: ControlServer.Limits, admit: @escaping (PeerCredentials, SessionHandler) -> Void) {
        self.limits = limits
        self.admit = admit
    }

    // MARK: Opening

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let peer = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable { (socket: CInt) in
            PeerCredentials(of: socket)
        }
        if let peer, let peer { admit(peer, self) } else { context.close(promise: nil) }
    }

    /// The event loop, to answer later; `nil` once the channel is closed.
    var eventLoop: (any EventLoop)? { context?.eventLoop }

    /// A send queue that wakes this handler.
    func makeSendQueue() -> SendQueue? {
        guard let loop = context?.eventLoop else { return nil }
        let handler = NIOLoopBound(self, eventLoop: loop)
        return SendQueue { loop.execute { handler.value.wake() } }
    }

    func open(_ session: Session) {
        guard let context else { return session.channelClosed() }
        self.session = session
        context.eventLoop.assertInEventLoop()
        wake()
    }

    /// Says why there is no session, and closes.
    func refuse(_ end: ServerMessage.End) {
        guard let context else { return }
        isClosing = true
        let line = context.channel.allocator.buffer(bytes: ServerMessage.end(id: 0, end).wire)
        // One line fits into the socket's buffer: there is nothing to wait for.
        context.writeAndFlush(wrapOutboundOut(line), promise: nil)
        context.close(promise: nil)
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if isHeld || isClosing { isReadWanted = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // There may be no session yet: with the end of the input come all bytes before it, even without a `read`.
        if isClosing || session?.isEnding == true { return }
        var bytes = unwrapInboundIn(data)
        splitter.append(&bytes)
        takeLines()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            isInputOver = true
            wake()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func takeLines() {
        guard let session, let context, !isClosing else { return }
        var bytes = 0
        for _ in 0..<Self.linesAtOnce where bytes < Self.bytesAtOnce {
            guard session.takesLines else {
                isHeld = true
                return
            }
            switch splitter.next(isInputOver: isInputOver) {
            case .line(let line):
                bytes += line.count
                session.receive(line)
            case .tooLong:
                session.receiveTooLong()
                isHeld = true
                return
            case nil:
                isHeld = false
                if isInputOver { session.receiveEnd() }
                return
            }
        }
        // Other sessions get their turn.
        isHeld = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute { handler.value.wake() }
    }

    // MARK: Writing

    /// Checks what there is to do: write, take lines, read, close.
    private func wake() {
        guard let session, let context, !isClosing else { return }
        session.sendQueue.beginTurn()
        takeLines()
        session.sayFarewell()
        write()
        if session.isEnding { startEnding(context) }
        if session.isOver { return close() }
        if isReadWanted, !isHeld {
            isReadWanted = false
            context.read()
        }
    }

    private func write() {
        guard let session, let context, let bytes = session.sendQueue.take() else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenSuccess {
            handler.value.stallTimer?.cancel()
            handler.value.stallTimer = nil
            session.sendQueue.written()
            // Not at once, since a peer that reads fast would make this call itself without an end.
            handler.value.context?.eventLoop.execute { handler.value.wake() }
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
        if session.sendQueue.isBeingWritten { watchForStall(context, buffered: nil) }
    }

    /// Closes the channel when the peer has taken nothing for too long. Only armed while something waits.
    private func watchForStall(_ context: ChannelHandlerContext, buffered before: Int?) {
        let now = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        if let before, before == now { return close() }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        stallTimer = context.eventLoop.scheduleTask(in: limits.stall) {
            guard let context = handler.value.context, handler.value.stallTimer != nil else { return }
            handler.value.watchForStall(context, buffered: now)
        }
    }

    // MARK: Ending

    /// Commands have some time to end; then their ends are said without them.
    private func startEnding(_ context: ChannelHandlerContext) {
        guard endTimer == nil, let session else { return }
        isHeld = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        endTimer = context.eventLoop.scheduleTask(in: limits.grace) {
            session.abandon()
            session.sayFarewell()
            // A peer that does not read its last lines has had its time.
            handler.value.write()
            handler.value.close()
        }
    }

    private func close() {
        isClosing = true
        context?.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        over()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { over() }

    private func over() {
        isClosing = true
        stallTimer?.cancel()
        stallTimer = nil
        endTimer?.cancel()
        context = nil
        session?.channelClosed()
        session = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer is gone, or no more can be sent to it.
        context.close(promise: nil)
    }
}
