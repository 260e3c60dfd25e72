import NIOCore

/// One stream on the wire that runs its dialog and ends.
final class DialogClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let dialog: StreamDialog
    private let finished: EventLoopPromise<Void>
    private var opening: String? = ""
    private var scanner = IQScanner()
    private var next = 0
    /// The bytes received since the last request, and the answer as far as it was received.
    private var received = ""
    private var outcome: (isError: Bool, isComplete: Bool)?

    init(_ dialog: StreamDialog, finished: EventLoopPromise<Void>) {
        self.dialog = dialog
        self.finished = finished
    }

    func channelActive(context: ChannelHandlerContext) {
        send(dialog.header, context: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let before = opening {
            let text = before + String(buffer: bytes)
            opening = text
            guard text.contains("</stream:features>") else { return }
            opening = nil
            sendNext(context: context)
            return
        }
        received += String(buffer: bytes)
        var answer: (isError: Bool, isComplete: Bool)?
        scanner.feed(&bytes) { tag in
            guard tag.number(prefix: StreamDialog.idPrefix) == next else { return }
            answer = (tag.has("type", "error"), tag.bytes.dropLast().last == UInt8(ascii: "/"))
        }
        outcome = answer ?? outcome
        guard let outcome, outcome.isComplete || received.hasSuffix("</iq>") else { return }
        let request = dialog.requests[next]
        let isRight = request.refusal.map { outcome.isError && received.contains("<\($0) ") } ?? !outcome.isError
        guard isRight else {
            end(.failure(BenchError("not the answer to \(request.payload): \(received)")), context: context)
            return
        }
        (self.outcome, received) = (nil, "")
        next += 1
        sendNext(context: context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finished.fail(BenchError("the server closed a stream before login"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.failure(error), context: context)
    }

    private func sendNext(context: ChannelHandlerContext) {
        if next < dialog.requests.count {
            send(dialog.request(next), context: context)
        } else {
            send("</stream:stream>", context: context)
            end(.success(()), context: context)
        }
    }

    private func end(_ result: Result<Void, any Error>, context: ChannelHandlerContext) {
        finished.completeWith(result)
        context.close(promise: nil)
    }

    private func send(_ text: String, context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
