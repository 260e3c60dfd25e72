import NIOCore

/// One client on the wire: logs in, asks once to see that answers are right, then keeps a window of commands in flight.
final class CommandClient: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// The orders that it accepts, as user events.
    enum Order: Sendable {
        /// Ask once and hand back the answer's text.
        case ask(EventLoopPromise<String>)
        /// Keep so many in flight until the connection closes.
        case pump(window: Int, tally: Tally)
    }

    private enum Phase {
        case loggingIn(ClientLogin, EventLoopPromise<Void>)
        case idle
        case asking(EventLoopPromise<String>, received: String)
        case pumping(Tally)
    }

    private var phase: Phase
    private var scanner = IQScanner()
    private var next = 0
    private let request: CommandRequest.FromClient

    init(login: ClientLogin, loggedIn: EventLoopPromise<Void>, commandsTo address: String) {
        phase = .loggingIn(login, loggedIn)
        request = CommandRequest.FromClient(to: address)
    }

    func channelActive(context: ChannelHandlerContext) {
        if case .loggingIn(let login, _) = phase {
            send(ByteBuffer(string: login.header), context: context)
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event as? Order {
        case .ask(let answer):
            phase = .asking(answer, received: "")
            sendRequests(1, context: context)
        case .pump(let window, let tally):
            phase = .pumping(tally)
            sendRequests(window, context: context)
        case nil:
            break
        }
        promise?.succeed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .loggingIn(var login, let loggedIn):
            let step = login.receive(String(buffer: bytes))
            phase = .loggingIn(login, loggedIn)
            take(step, loggedIn: loggedIn, context: context)
        case .idle:
            break
        case .asking(let answer, let received):
            let text = received + String(buffer: bytes)
            if text.contains("</iq>") {
                phase = .idle
                answer.succeed(text)
            } else {
                phase = .asking(answer, received: text)
            }
        case .pumping(let tally):
            sendRequests(count(&bytes, tally: tally), context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .loggingIn(_, let loggedIn): loggedIn.fail(BenchError("the server closed a client's connection"))
        case .asking(let answer, _): answer.fail(BenchError("the server closed a client's connection"))
        case .idle, .pumping: break
        }
    }

    private func take(_ step: ClientLogin.Step, loggedIn: EventLoopPromise<Void>, context: ChannelHandlerContext) {
        switch step {
        case .wait:
            break
        case .send(let text):
            send(ByteBuffer(string: text), context: context)
        case .done:
            phase = .idle
            loggedIn.succeed()
        case .failed(let why):
            phase = .idle
            loggedIn.fail(BenchError("a client could not log in: \(why)"))
        }
    }

    private func count(_ bytes: inout ByteBuffer, tally: Tally) -> Int {
        var answered = 0
        scanner.feed(&bytes) { tag in
            guard tag.number(prefix: CommandRequest.FromClient.idPrefix) != nil else { return }
            answered += 1
            if tag.has("type", "result") {
                tally.countResult()
            } else {
                tally.countError()
            }
        }
        return answered
    }

    private func sendRequests(_ count: Int, context: ChannelHandlerContext) {
        guard count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: count * 256)
        for _ in 0..<count {
            request.write(next, into: &buffer)
            next += 1
        }
        send(buffer, context: context)
    }

    private func send(_ buffer: ByteBuffer, context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
}
