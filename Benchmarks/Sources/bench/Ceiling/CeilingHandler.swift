import NIOCore

/// Logs in as a component, then answers commands with a constant form.
final class CeilingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case awaitingHeader(received: String)
        case awaitingHandshake(received: String)
        case open
    }

    private let jid: String
    private let secret: String
    private let way: Ceiling.Way
    private var phase = Phase.awaitingHeader(received: "")
    private var scanner = IQScanner()
    private var answers = ConstantAnswers()

    init(jid: String, secret: String, way: Ceiling.Way) {
        self.jid = jid
        self.secret = secret
        self.way = way
    }

    func channelActive(context: ChannelHandlerContext) {
        send(
            """
            <?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
            xmlns:stream='http://etherx.jabber.org/streams' to='\(jid)'>
            """, context: context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .awaitingHeader(let received):
            let text = received + String(buffer: bytes)
            guard let id = text.firstMatch(of: /<stream:stream[^>]*\sid=['"]([^'"]*)/)?.output.1 else {
                phase = .awaitingHeader(received: text)
                return
            }
            let digest = ComponentHandshake.digest(streamID: String(id), secret: secret)
            send("<handshake>\(digest)</handshake>", context: context)
            phase = .awaitingHandshake(received: "")
        case .awaitingHandshake(let received):
            let text = received + String(buffer: bytes)
            if text.contains("<stream:error") {
                context.close(promise: nil)
            } else if let end = text.firstMatch(of: /<handshake\s*(\/>|>\s*<\/handshake>)/)?.range.upperBound {
                phase = .open
                var rest = ByteBuffer(string: String(text[end...]))
                answer(&rest, context: context)
            } else {
                phase = .awaitingHandshake(received: text)
            }
        case .open:
            answer(&bytes, context: context)
        }
    }

    private func answer(_ bytes: inout ByteBuffer, context: ChannelHandlerContext) {
        var output = context.channel.allocator.buffer(capacity: bytes.readableBytes * 4)
        scanner.feed(&bytes) { tag in
            switch way {
            case .delegated: answers.answerDelegated(tag, into: &output)
            case .direct: answers.answerDirect(tag, into: &output)
            }
        }
        if output.readableBytes > 0 {
            context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        }
    }

    private func send(_ text: String, context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
