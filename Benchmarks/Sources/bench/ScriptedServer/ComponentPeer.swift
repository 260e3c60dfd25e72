import Foundation
import NIOCore

/// The server's end of one component's connection.
final class ComponentPeer: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// The orders that it accepts, as user events.
    enum Order: Sendable {
        case ask(DelegatedRequests, EventLoopPromise<String>)
        /// Send these bytes with a request behind them, and say how many nanoseconds later that has its invitation.
        case follow(ByteBuffer, DelegatedRequests, EventLoopPromise<Int64>)
        case pump(DelegatedRequests, window: Int, tally: Tally)
        case pace(DelegatedRequests, Pacing, EventLoopPromise<[Int64]>)
        /// Say hello for every host, and say how many nanoseconds later all are answered. What the component asks the hosts to set
        /// from then on is counted.
        case greet(pushes: Tally, EventLoopPromise<Int64>)
        /// Ask about bad tokens of a host, beside the other load, and say when all are answered.
        case check(host: String, Pacing, EventLoopPromise<Int>)
        /// Send no more, and say when all that was sent is answered.
        case drain(EventLoopPromise<Void>)
    }

    private enum Load {
        case none
        case asking(EventLoopPromise<String>, received: String)
        case following(EventLoopPromise<Int64>, since: NIODeadline, received: String)
        case pumping(DelegatedRequests, Tally)
        case draining(Tally, EventLoopPromise<Void>)
        case pacing(PacedRun)
    }

    private var login = ComponentLogin()
    private var load = Load.none
    private var hellos: ModuleHellos?
    private var pushes: Tally?
    private var checks: PacedChecks?
    private var scanner = IQScanner()
    private var next = 0
    private var outstanding = 0
    private let hosts: [String]
    private let connected: () -> Void

    init(hosts: [String], connected: @escaping () -> Void) {
        self.hosts = hosts
        self.connected = connected
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard login.isDone else {
            if let answer = login.receive(String(buffer: bytes)) {
                send(ByteBuffer(string: answer), context: context)
            }
            if login.isDone {
                send(ComponentLogin.announcements(hosts: hosts), context: context)
                connected()
            }
            return
        }
        if case .asking(let answer, let received) = load {
            let text = received + String(buffer: bytes)
            load = .asking(answer, received: text)
            if text.contains("</delegation></iq>") || text.contains("</error></iq>") {
                load = .none
                answer.succeed(text)
            }
        }
        if case .following(let answer, let start, let received) = load {
            let text = received + String(buffer: bytes)
            // It may be cut anywhere; what is refused before it is of no interest.
            load = .following(answer, since: start, received: String(text.suffix(16)))
            if text.contains("preauth=") {
                load = .none
                answer.succeed((.now() - start).nanoseconds)
            }
        }
        var output = ByteBuffer()
        scanner.feed(&bytes) { take($0, output: &output) }
        if output.readableBytes > 0 {
            send(output, context: context)
        }
        finishIfDone()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let gone = BenchError("the component closed its connection")
        hellos?.fail(gone)
        checks?.fail(gone)
        switch load {
        case .none, .pumping: break
        case .asking(let answer, _): answer.fail(gone)
        case .following(let answer, _, _): answer.fail(gone)
        case .draining(_, let drained): drained.fail(gone)
        case .pacing(let run): run.finished.fail(gone)
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event as? Order {
        case .ask(let requests, let answer):
            load = .asking(answer, received: "")
            send(requests, count: 1, context: context)
        case .follow(var bytes, let requests, let answer):
            load = .following(answer, since: .now(), received: "")
            requests.write(next, into: &bytes)
            next += 1
            outstanding += 1
            send(bytes, context: context)
        case .pump(let requests, let window, let tally):
            load = .pumping(requests, tally)
            send(requests, count: window, context: context)
        case .pace(let requests, let pacing, let finished):
            load = .pacing(PacedRun(requests: requests, pacing: pacing, first: next, finished: finished))
            sendDue(context: context)
        case .greet(let pushes, let answered):
            self.pushes = pushes
            hellos = ModuleHellos(count: hosts.count, answered: answered)
            var buffer = context.channel.allocator.buffer(capacity: hosts.count * 640)
            for (number, host) in hosts.enumerated() { ModuleRequest.writeHello(number, of: host, into: &buffer) }
            send(buffer, context: context)
        case .check(let host, let pacing, let finished):
            checks = PacedChecks(host: host, pacing: pacing, finished: finished)
            sendDueChecks(context: context)
        case .drain(let drained):
            if case .pumping(_, let tally) = load {
                load = .draining(tally, drained)
                finishIfDone()
            } else {
                drained.succeed()
            }
        case nil:
            break
        }
        promise?.succeed()
    }

    /// Counts an answer and follows it with a new request, or answers a question of the component's own.
    private func take(_ tag: IQTag, output: inout ByteBuffer) {
        if tag.has("type", "get") || tag.has("type", "set") {
            if tag.has("type", "set") { pushes?.countResult() }
            ComponentLogin.acknowledge(tag, into: &output)
            return
        }
        hellos?.take(tag)
        checks?.take(tag)
        // An answer holds the client's inside; one without is the outer stanza's own error.
        let isError = tag.has("type", "error")
        let number =
            tag.number(prefix: CommandRequest.Delegated.innerPrefix)
            ?? (isError ? tag.number(prefix: CommandRequest.Delegated.outerPrefix) : nil)
        guard let number else { return }
        outstanding -= 1
        switch load {
        case .none, .asking, .following:
            break
        case .pumping(let requests, let tally):
            isError ? tally.countError() : tally.countResult()
            requests.write(next, into: &output)
            next += 1
            outstanding += 1
        case .draining(let tally, _):
            isError ? tally.countError() : tally.countResult()
        case .pacing(let run):
            run.answered(number, isError: isError)
        }
    }

    private func finishIfDone() {
        switch load {
        case .draining(_, let drained) where outstanding == 0:
            load = .none
            drained.succeed()
        case .pacing(let run) where run.isComplete:
            load = .none
            run.finish()
        default:
            break
        }
    }

    private func sendDue(context: ChannelHandlerContext) {
        guard case .pacing(let run) = load else { return }
        send(run.requests, count: run.takeDue(), context: context)
        guard !run.isSent else { return }
        context.eventLoop.assumeIsolated().scheduleTask(in: Pacing.tick) { self.sendDue(context: context) }
    }

    private func sendDueChecks(context: ChannelHandlerContext) {
        guard let checks else { return }
        var buffer = context.channel.allocator.buffer(capacity: 1024)
        checks.writeDue(into: &buffer)
        if buffer.readableBytes > 0 { send(buffer, context: context) }
        guard !checks.isSent else { return }
        context.eventLoop.assumeIsolated().scheduleTask(in: Pacing.tick) { self.sendDueChecks(context: context) }
    }

    private func send(_ requests: DelegatedRequests, count: Int, context: ChannelHandlerContext) {
        guard count > 0 else { return }
        var buffer = context.channel.allocator.buffer(capacity: count * 512)
        for _ in 0..<count {
            requests.write(next, into: &buffer)
            next += 1
        }
        outstanding += count
        send(buffer, context: context)
    }

    private func send(_ buffer: ByteBuffer, context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
}
