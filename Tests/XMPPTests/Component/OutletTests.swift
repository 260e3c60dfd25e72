import NIOCore
import NIOEmbedded
import Testing

@testable import XMPP

@Suite struct OutletTests {
    private let channel = EmbeddedChannel()
    private let outlet = Outlet()

    private func written() throws -> [String] {
        var writes: [String] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { writes.append(String(buffer: buffer)) }
        return writes
    }

    @Test func whatIsSentTogetherIsWrittenTogether() throws {
        defer { _ = try? channel.finish() }
        outlet.attach(channel)
        for number in 0..<100 { outlet.send(ByteBuffer(string: "<a\(number)/>")) }
        outlet.send(ByteBuffer())
        #expect(try written() == [])
        channel.embeddedEventLoop.run()
        #expect(try written() == [(0..<100).map { "<a\($0)/>" }.joined()])
        outlet.send(IQ(from: try JID("c"), to: try JID("a@b"), id: "1", body: .result(nil)))
        channel.embeddedEventLoop.run()
        #expect(try written() == ["<iq type='result' id='1' from='c' to='a@b'/>"])
        #expect(outlet.dropped == 0)
    }

    @Test func sendingDoesNotChangeTheSendersBuffer() throws {
        defer { _ = try? channel.finish() }
        outlet.attach(channel)
        let stanza = ByteBuffer(string: "<a/>")
        outlet.send(stanza)
        outlet.send(stanza)
        #expect(String(buffer: stanza) == "<a/>")
        channel.embeddedEventLoop.run()
        #expect(try written() == ["<a/><a/>"])
    }

    @Test func withoutAConnectionItIsDroppedAndCounted() throws {
        defer { _ = try? channel.finish() }
        outlet.send(ByteBuffer(string: "<a/>"))
        outlet.attach(channel)
        outlet.send(ByteBuffer(string: "<b/>"))
        outlet.detach()
        outlet.send(ByteBuffer(string: "<c/>"))
        channel.embeddedEventLoop.run()
        #expect(try written() == [])
        #expect(outlet.dropped == 2)
    }

    @Test func nothingOfAnEarlierConnectionReachesALaterOne() throws {
        defer { _ = try? channel.finish() }
        let later = EmbeddedChannel()
        defer { _ = try? later.finish() }
        outlet.attach(channel)
        outlet.send(ByteBuffer(string: "<old/>"))
        outlet.detach()
        outlet.attach(later)
        outlet.send(ByteBuffer(string: "<new/>"))
        channel.embeddedEventLoop.run()
        #expect(try written() == [])
        later.embeddedEventLoop.run()
        #expect(try later.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } == "<new/>")
    }
}
