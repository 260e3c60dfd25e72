import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import XMPP

@Suite struct ComponentStreamHandlerTests {
    /// Embedded channels close both sides whatever is closed; this notes what a socket's channel would do.
    private final class HalfClosing: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private(set) var isOutputClosed = false

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            if mode == .output {
                isOutputClosed = true
                promise?.succeed()
            } else {
                context.close(mode: mode, promise: promise)
            }
        }
    }

    /// A handler on an embedded channel, and everything around it.
    private final class Stream {
        let channel = EmbeddedChannel()
        let output = HalfClosing()
        let receiver = RecordingReceiver()
        let lines = Recorder<String>()
        let statuses = Recorder<ComponentStatus>()
        let connection: ComponentConnection
        let end: EventLoopFuture<ComponentStreamHandler.End>
        private(set) var reason: DisconnectReason?

        init(limits: ParserLimits = ParserLimits(), before handler: (any ChannelHandler & Sendable)? = nil) throws {
            var options = ComponentOptions(domain: "invites.host.example", host: "127.0.0.1", port: 1, secret: "s3cr3t")
            options.limits = limits
            let lines = lines
            let statuses = statuses
            let logger = Logger(label: "test") { _ in RecordingLogHandler(lines: lines) }
            connection = ComponentConnection(
                options, outlet: Outlet(), receiver: receiver, group: MultiThreadedEventLoopGroup.singleton,
                logger: logger, statusChanged: { statuses.record($0) })
            let ended = channel.eventLoop.makePromise(of: ComponentStreamHandler.End.self)
            end = ended.futureResult
            try channel.pipeline.syncOperations.addHandler(output)
            if let handler { try channel.pipeline.syncOperations.addHandler(handler) }
            try channel.pipeline.syncOperations.addHandler(
                ComponentStreamHandler(connection, logger: logger, ended: ended))
            end.assumeIsolated().whenSuccess { self.reason = $0.reason }
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        func close() { _ = try? channel.finish(acceptAlreadyClosed: true) }

        /// Opens the stream and discards what was sent for that.
        func ready() throws {
            try receive(streamHeader)
            try receive("<handshake/>")
            _ = try sent()
        }

        func receive(_ text: String) throws {
            try channel.writeInbound(ByteBuffer(string: text))
            channel.embeddedEventLoop.run()
        }

        func sent() throws -> String {
            channel.embeddedEventLoop.run()
            var text = ""
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
            return text
        }

        /// The last value of the channel's auto-read option.
        var mayRead: Bool? {
            channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }?.value as? Bool
        }

        /// The server does not close the connection: it is not waited for long, and may send meanwhile.
        func waitForTheServersEnd() throws {
            channel.embeddedEventLoop.run()
            #expect(output.isOutputClosed)
            pass(1)
            try receive("<message/>")
            #expect(channel.isActive)
            pass(1)
            #expect(!channel.isActive)
        }

        func pass(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }
    }

    @Test func handshakeAndFirstStanzasInOnePacket() throws {
        let stream = try Stream()
        defer { stream.close() }
        #expect(try stream.sent().hasPrefix("<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept'"))
        try stream.receive(streamHeader)
        #expect(
            try stream.sent()
                == "<handshake>\(ComponentStreamMachine.digest(streamID: "1", secret: "s3cr3t"))</handshake>")
        try stream.receive(
            "<handshake/><iq id='1' type='get' from='a.example' to='invites.host.example'><q/></iq><message from='b.example'/><pres"
        )
        #expect(
            stream.receiver.events.values == [
                .connected,
                .stanzas([
                    .iq(
                        IQ(
                            from: try JID("a.example"), to: try JID("invites.host.example"), id: "1",
                            body: .get(Element("q", namespace: Namespaces.component)))),
                    .message(Message(from: try JID("b.example"), to: nil, children: [])),
                ]),
            ])
        try stream.receive("ence from='c.example'/>")
        #expect(stream.receiver.stanzas.count == 3)
        #expect(stream.statuses.values == [.connected])
        #expect(stream.connection.status == .connected)
        #expect(!stream.lines.values.joined().contains("s3cr3t"))
    }

    @Test func whatOneReadBringsIsDeliveredTogether() throws {
        let stream = try Stream()
        defer { stream.close() }
        try stream.ready()
        try stream.receive(String(repeating: "<message/>", count: 50))
        guard case .stanzas(let stanzas)? = stream.receiver.events.values.last else {
            Issue.record("nothing came")
            return
        }
        #expect(stanzas.count == 50)
    }

    @Test func malformedRequestsAreAnswered() throws {
        let stream = try Stream()
        defer { stream.close() }
        try stream.ready()
        try stream.receive("<iq type='set' id='1' from='a@b/c' to='invites.a.example'><q/><q/></iq>")
        #expect(
            try stream.sent().hasPrefix(
                "<iq type='error' id='1' from='invites.a.example' to='a@b/c'><error type='modify'><bad-request "))
        // Never without a `from`: ejabberd ends the stream for that.
        try stream.receive("<iq type='set' id='2' from='a@b/c' to='@'><q/></iq><iq type='get' id='3' from='a@b/c'/>")
        let sent = try stream.sent()
        #expect(sent.contains("<iq type='error' id='2' from='invites.host.example' to='a@b/c'>"))
        #expect(sent.contains("<jid-malformed "))
        #expect(sent.contains("<iq type='error' id='3' from='invites.host.example' to='a@b/c'>"))
        #expect(stream.receiver.stanzas.isEmpty)
    }

    @Test(arguments: [
        "<iq type='result' id='nobody' from='a@b'/>", "<iq type='error' id='nobody' from='a@b'/>",
        "<iq type='get' id='1'><q/></iq>", "<message from='@'/>", "<odd xmlns='urn:odd'/>", "<handshake/>",
    ])
    func whatCannotBeAnsweredIsDropped(xml: String) throws {
        let stream = try Stream()
        defer { stream.close() }
        try stream.ready()
        let before = stream.lines.values.count
        try stream.receive(xml)
        #expect(try stream.sent() == "")
        #expect(stream.receiver.stanzas.isEmpty)
        #expect(stream.lines.values.count == before + 1)
    }

    @Test func aFloodOfNonsenseIsNoFloodOfLog() throws {
        let stream = try Stream()
        defer { stream.close() }
        try stream.ready()
        let before = stream.lines.values.count
        try stream.receive(String(repeating: "<odd/>", count: 500))
        #expect(stream.lines.values.count == before + 20)
        stream.pass(10)
        try stream.receive("<odd/>")
        #expect(stream.lines.values.last?.contains("480") == true)
    }

    @Test func oversizedRequestsAreAnswered() throws {
        let stream = try Stream(limits: ParserLimits(stanzaBytes: 200))
        defer { stream.close() }
        try stream.ready()
        let text = String(repeating: "text", count: 100)
        try stream.receive("<iq type='set' id='1' from='a@b/c' to='invites.a.example'><q>\(text)</q></iq>")
        let sent = try stream.sent()
        #expect(
            sent.hasPrefix(
                "<iq type='error' id='1' from='invites.a.example' to='a@b/c'><error type='modify'><policy-violation "))
        try stream.receive("<iq type='get' id='2' from='a@b/c'><q>\(text)</q></iq>")
        #expect(try stream.sent().hasPrefix("<iq type='error' id='2' from='invites.host.example' to='a@b/c'>"))
        for unanswerable in [
            "<message from='a@b/c'", "<iq type='result' id='1' from='a@b/c'", "<iq type='get' from='a@b/c'",
            "<iq type='get' id='1'", "<iq type='get' id='1' from='@'",
        ] {
            try stream.receive("\(unanswerable)><q>\(text)</q></\(unanswerable.hasPrefix("<iq") ? "iq" : "message")>")
        }
        #expect(try stream.sent() == "")
        try stream.receive("<message/>")
        #expect(stream.receiver.stanzas.count == 1)
    }

    /// What ejabberd relays when a user's prefix is declared in that user's stream header only.
    @Test func aRequestWithAnUndeclaredPrefixIsAnsweredAndTheStreamLives() throws {
        let stream = try Stream()
        defer { stream.close() }
        try stream.ready()
        try stream.receive("<iq type='set' id='1' from='a@b/c' to='invites.a.example'><command q:x='1'/></iq>")
        #expect(
            try stream.sent().hasPrefix(
                "<iq type='error' id='1' from='invites.a.example' to='a@b/c'><error type='modify'><bad-request "))
        try stream.receive("<message><q:x/></message><message/>")
        #expect(stream.receiver.stanzas.count == 1)
        #expect(try stream.sent() == "")
    }

    @Test(arguments: DelegationVersion.allCases)
    func aDelegatedRequestThatIsNotReadIsAnsweredInItsEnvelope(version: DelegationVersion) throws {
        let stream = try Stream(limits: ParserLimits(stanzaBytes: 2000))
        defer { stream.close() }
        try stream.ready()
        for (payload, condition) in [
            ("<command xmlns='urn:c'>\(String(repeating: "text", count: 1000))</command>", "policy-violation"),
            ("<command xmlns='urn:c' a='\(String(repeating: "text", count: 1000))'/>", "policy-violation"),
            ("<command xmlns='urn:c' q:x='1'/>", "bad-request"),
        ] {
            try stream.receive(
                "<iq type='set' id='outer' from='a.example' to='invites.host.example'><delegation xmlns='\(version.rawValue)'>"
                    + "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='set' id='inner' "
                    + "from='alice@a.example/x' to='a.example'>\(payload)</iq></forwarded></delegation></iq>")
            let answer = try element(stream.sent())
            #expect(answer["type"] == "result" && answer["id"] == "outer" && answer["to"] == "a.example")
            let inner = answer.child("delegation", namespace: version.rawValue)?
                .child("forwarded", namespace: Namespaces.forward)?.child("iq", namespace: Namespaces.client)
            #expect(inner?["type"] == "error" && inner?["id"] == "inner" && inner?["to"] == "alice@a.example/x")
            #expect(inner?.firstChild?.firstChild?.name == condition)
        }
    }

    @Test func aServerThatDoesNotReadIsNotRead() async throws {
        let stream = try Stream()
        defer { stream.close() }
        try stream.ready()
        stream.channel.isWritable = false
        stream.channel.pipeline.fireChannelWritabilityChanged()
        #expect(stream.mayRead == false)
        stream.channel.isWritable = true
        stream.channel.pipeline.fireChannelWritabilityChanged()
        #expect(stream.mayRead == true)
        await stream.connection.drain()
        stream.channel.pipeline.fireChannelWritabilityChanged()
        #expect(stream.mayRead == false)
    }

    @Test func theHandshakeMayNotTakeForEver() throws {
        let stream = try Stream()
        defer { stream.close() }
        stream.pass(9)
        try stream.receive(streamHeader)
        #expect(stream.reason == nil)
        stream.pass(1)
        #expect(stream.reason == .handshakeTimeout)
    }

    @Test func afterTheHandshakeItsTimerIsGone() throws {
        let stream = try Stream()
        defer { stream.close() }
        try stream.ready()
        stream.pass(11)
        #expect(stream.reason == nil)
    }

    @Test func shutDownWritesWhatIsGatheredFirst() throws {
        let stream = try Stream()
        try stream.ready()
        stream.connection.outlet.send("one")
        stream.connection.outlet.send("two")
        stream.channel.pipeline.fireUserInboundEventTriggered(ComponentConnection.Leave(reason: .shutDown))
        #expect(try stream.sent().withoutPadding == "<one/><two/></stream:stream>")
        #expect(stream.reason == .shutDown)
        try stream.waitForTheServersEnd()
        stream.connection.outlet.send("three")
        #expect(stream.connection.outlet.dropped == 1)
    }

    /// A socket that takes nothing.
    private final class Stuck: ChannelOutboundHandler, Sendable {
        typealias OutboundIn = ByteBuffer
        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            promise.map { $0.futureResult.whenFailure { _ in } }
            held.record(promise)
        }
        let held = Recorder<EventLoopPromise<Void>?>()
    }

    @Test func theLastWordsMayTakeALittleWhile() throws {
        let stuck = Stuck()
        let stream = try Stream(before: stuck)
        try stream.ready()
        stream.channel.pipeline.fireUserInboundEventTriggered(ComponentConnection.Leave(reason: .shutDown))
        stream.pass(1)
        #expect(stream.channel.isActive)
        stuck.held.values.last??.succeed()
        try stream.waitForTheServersEnd()
    }

    @Test func butNotForEver() throws {
        let stuck = Stuck()
        let stream = try Stream(before: stuck)
        try stream.ready()
        stream.channel.pipeline.fireUserInboundEventTriggered(ComponentConnection.Leave(reason: .shutDown))
        stream.pass(2)
        #expect(!stream.channel.isActive)
        for promise in stuck.held.values { promise?.succeed() }
    }

    @Test func whatCannotBeReadEndsTheStreamWithItsReason() throws {
        let stream = try Stream()
        try stream.ready()
        try stream.receive("<message/>")
        try stream.receive("<!-- -->")
        #expect(
            try stream.sent()
                == "<stream:error><restricted-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                + "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>comments are not allowed</text></stream:error>"
                + "</stream:stream>")
        #expect(stream.reason == .protocolViolation(StreamError(.restrictedXML, text: "comments are not allowed")))
        #expect(stream.receiver.stanzas.count == 1)
        try stream.waitForTheServersEnd()
    }

    @Test func aLostConnectionEndsTheStream() throws {
        let stream = try Stream()
        try stream.ready()
        try stream.receive("<message/>")
        stream.close()
        #expect(stream.reason == .connectionLost)
        #expect(stream.receiver.stanzas.count == 1)
    }

    @Test func theServersEndIsAnswered() throws {
        let stream = try Stream()
        try stream.ready()
        try stream.receive("<message/></stream:stream>")
        #expect(try stream.sent() == "</stream:stream>")
        #expect(stream.reason == .closedByServer)
        #expect(stream.receiver.stanzas.count == 1)
        try stream.waitForTheServersEnd()
    }
}
