internal import Logging
internal import NIOCore

/// Drives one component stream on its event loop: bytes in, stanzas up; the decisions are
/// ``ComponentStreamMachine``'s.
final class ComponentStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How the stream ended.
    struct End: Sendable {
        let reason: DisconnectReason
        let wasReady: Bool
    }

    /// How long the server may take to close the connection, once all has been written.
    private static let timeout = TimeAmount.seconds(2)

    private let options: ComponentOptions
    private let connection: ComponentConnection
    private let logger: Logger
    private let ended: EventLoopPromise<End>
    private var machine: ComponentStreamMachine
    private let parser: StreamParser
    private var wasReady = false
    private var batch: [Stanza] = []
    private var lastRead = NIODeadline.uptimeNanoseconds(0)
    private var isPinging = false
    private var silenceTimer: Scheduled<Void>?
    private var handshakeTimer: Scheduled<Void>?
    private var throttle = LogThrottle()

    init(_ connection: ComponentConnection, logger: Logger, ended: EventLoopPromise<End>) {
        options = connection.options
        self.connection = connection
        self.logger = logger
        self.ended = ended
        machine = ComponentStreamMachine(domain: options.domain, secret: options.secret)
        parser = StreamParser(limits: options.limits)
    }

    func channelActive(context: ChannelHandlerContext) {
        lastRead = context.eventLoop.now
        let loop = context.loopBound
        handshakeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.handshakeTimeout)) {
            if !self.machine.isReady { self.perform(self.machine.timedOut(), loop.value) }
        }
        perform(machine.connected(), context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = context.eventLoop.now
        isPinging = false
        do {
            for event in try parser.read(unwrapInboundIn(data)) {
                perform(machine.received(event), context)
            }
        } catch {
            deliver()
            perform(machine.failed(error), context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // While a server does not read its answers, no more requests are read: what is queued here stays bounded.
        let mayRead = context.channel.isWritable && !connection.isDraining
        context.channel.setOption(.autoRead, value: mayRead).whenFailure { _ in }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deliver()
        perform(machine.disconnected(), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("socket error", metadata: ["error": "\(error)"])
        perform(machine.disconnected(), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let end = event as? ComponentConnection.Leave {
            connection.outlet.flush(context.channel)
            perform(machine.leave(end.reason), context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func perform(_ actions: [ComponentStreamMachine.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .send(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .becomeReady:
                becomeReady(context)
            case .deliver(let element):
                receive(element, context)
            case .refuse(let stanza):
                refuse(stanza, context)
            case .close(let farewell, let reason):
                finish(farewell, reason, context)
            }
        }
    }

    private func becomeReady(_ context: ChannelHandlerContext) {
        wasReady = true
        handshakeTimer?.cancel()
        connection.outlet.attach(context.channel)
        connection.becameReady(context.channel)
        if connection.isDraining { context.channel.setOption(.autoRead, value: false).whenFailure { _ in } }
        watchSilence(context)
    }

    private func watchSilence(_ context: ChannelHandlerContext) {
        let loop = context.loopBound
        silenceTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.silence / 2)) {
            guard self.machine.isReady else { return }
            self.checkSilence(loop.value)
            self.watchSilence(loop.value)
        }
    }

    /// White space keeps middleboxes from closing the connection; a silent server is pinged.
    private func checkSilence(_ context: ChannelHandlerContext) {
        let silent = context.eventLoop.now - lastRead
        if silent >= TimeAmount(options.silence) * 2 {
            perform(machine.timedOut(), context)
        } else if silent >= TimeAmount(options.silence), !isPinging {
            isPinging = true
            connection.ping()
        } else {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: " ")), promise: nil)
        }
    }

    private func receive(_ element: Element, _ context: ChannelHandlerContext) {
        do {
            let stanza = try Stanza(element)
            connection.outlet.tap.received(element, stanza)
            if case .iq(let iq) = stanza, !iq.isRequest {
                if !connection.requests.resolve(iq) {
                    note("dropped an answer that nobody waits for", context)
                }
            } else {
                batch.append(stanza)
            }
        } catch {
            connection.outlet.tap.received(element)
            switch error {
            case .refused(let answer):
                note("refused a malformed request", context)
                sendRefusal(answer)
            case .unanswerable(let why):
                note("dropped \(why)", context)
            }
        }
    }

    /// Answers a request that was not read from what is known of it: a delegated one inside its envelope, since a server
    /// forwards nothing else (XEP-0355 §4.3).
    private func refuse(_ refused: RefusedStanza, _ context: ChannelHandlerContext) {
        switch refused.reason {
        case .tooLarge: note("refused a stanza beyond the limits", context)
        case .namespace: note("refused a stanza with a wrong name or an undeclared prefix", context)
        }
        guard let outline = refused.outline else { return }
        connection.outlet.tap.received(outline)
        do {
            guard case .iq(let iq) = try Stanza(outline), iq.isRequest else { return }
            if let delegated = try? DelegatedRequest(iq) {
                sendRefusal(delegated.wrap(delegated.request.error(refused.reason.error)))
            } else {
                sendRefusal(iq.error(refused.reason.error))
            }
        } catch {
            if case .refused(let answer) = error { sendRefusal(answer) }
        }
    }

    /// Sends an error from the address of the request or, where that cannot be parsed, from our own: a stanza without
    /// `from` makes some servers end the stream.
    private func sendRefusal(_ answer: IQ) {
        var answer = answer
        if answer.from == nil { answer.from = try? JID(options.domain) }
        connection.outlet.send(answer)
    }

    private func deliver() {
        guard !batch.isEmpty else { return }
        connection.receiver.receive(batch)
        batch.removeAll(keepingCapacity: true)
    }

    private func finish(_ farewell: String?, _ reason: DisconnectReason, _ context: ChannelHandlerContext) {
        silenceTimer?.cancel()
        handshakeTimer?.cancel()
        connection.outlet.detach()
        connection.requests.disconnect()
        ended.succeed(End(reason: reason, wasReady: wasReady))
        let channel = context.channel
        guard let farewell else {
            channel.close(promise: nil)
            return
        }
        // A drained connection reads nothing, not even that it was closed.
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
        // Closing drops what the socket has not taken yet, so that is waited for first; then for the server, which
        // closes after its own farewell (RFC 6120 §4.4). Until it does, only our side is closed: what it still sent to a
        // closed socket would reset the connection, and drop the answers that it has not read yet. Neither is waited
        // for long.
        let loop = context.eventLoop
        let deadline = loop.scheduleTask(in: TimeAmount(options.farewellTimeout)) { channel.close(promise: nil) }
        let written = loop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in
            deadline.cancel()
            channel.close(mode: .output, promise: nil)
            loop.scheduleTask(in: Self.timeout) { channel.close(promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: farewell)), promise: written)
    }

    private func note(_ what: String, _ context: ChannelHandlerContext) {
        let now = Int64(clamping: context.eventLoop.now.uptimeNanoseconds / 1_000_000)
        let (isAdmitted, heldBack) = throttle.admit(now: now)
        guard isAdmitted else { return }
        logger.notice("\(what)", metadata: heldBack > 0 ? ["held_back": "\(heldBack)"] : [:])
    }
}

extension ChannelHandlerContext {
    fileprivate var loopBound: NIOLoopBound<ChannelHandlerContext> { NIOLoopBound(self, eventLoop: eventLoop) }
}
