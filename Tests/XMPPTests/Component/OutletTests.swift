import NIOCore
import NIOEmbedded
import TestSupport
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
        for number in 0..<100 { outlet.send("a\(number)") }
        outlet.send(XMLWriter())
        #expect(try written() == [])
        channel.embeddedEventLoop.run()
        #expect(try written() == [(0..<100).map { "<a\($0)/>" }.joined() + "    "])
        outlet.send(IQ(from: try JID("c"), to: try JID("a@b"), id: "1", body: .result(nil)))
        channel.embeddedEventLoop.run()
        #expect(try written().map(\.withoutPadding) == ["<iq type='result' id='1' from='c' to='a@b'/>"])
        #expect(outlet.dropped == 0)
    }

    @Test func withoutAConnectionItIsDroppedAndCounted() throws {
        defer { _ = try? channel.finish() }
        outlet.send("a")
        outlet.attach(channel)
        outlet.send("b")
        outlet.detach()
        outlet.send("c")
        channel.embeddedEventLoop.run()
        #expect(try written() == [])
        #expect(outlet.dropped == 2)
    }

    @Test func nothingOfAnEarlierConnectionReachesALaterOne() throws {
        defer { _ = try? channel.finish() }
        let later = EmbeddedChannel()
        defer { _ = try? later.finish() }
        outlet.attach(channel)
        outlet.send("old")
        outlet.detach()
        outlet.attach(later)
        outlet.send("new")
        channel.embeddedEventLoop.run()
        #expect(try written() == [])
        later.embeddedEventLoop.run()
        #expect(try later.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } == "<new/>    ")
    }

    @Test func aServerThatPutsOffTagsReadsThemAll() throws {
        defer { _ = try? channel.finish() }
        outlet.attach(channel)
        var reader = DeferringReader()
        var sent = 0
        var generator = SeededGenerator(seed: 4)
        for round in 0..<3000 {
            for _ in 0...Int.random(in: 0...2, using: &generator) {
                var writer = XMLWriter()
                for _ in 0...Int.random(in: 0...1, using: &generator) {
                    writer.write(generator.element(depth: Int.random(in: 0...2, using: &generator)))
                }
                sent += writer.text.count { $0 == "<" }
                outlet.send(writer)
            }
            channel.embeddedEventLoop.run()
            var bytes = try written().joined().utf8[...]
            while !bytes.isEmpty {
                let piece = bytes.prefix(Int.random(in: 1...bytes.count, using: &generator))
                reader.read(piece)
                bytes = bytes[piece.endIndex...]
            }
            try #require(reader.isDone && reader.tags == sent, "round \(round)")
        }
    }

    /// How long an id is, is the user's choice; Prosody reads 8 KiB at a time.
    @Test(arguments: [100, 8_000, 8_192, 9_000, 16_500, 24_000, 33_000, 70_000, 140_000, 250_000])
    func anAnswerIsReadHoweverLongItsId(_ length: Int) throws {
        defer { _ = try? channel.finish() }
        outlet.attach(channel)
        let asked = IQ(
            from: try JID("a@b/c"), to: try JID("c"), id: String(repeating: "i", count: length),
            body: .get(Element("q", namespace: "urn:q")))
        for answer in [asked.result(), asked.error(StanzaError(.badRequest, text: "no"))] {
            outlet.send(answer)
            channel.embeddedEventLoop.run()
            let text = try written().joined()
            #expect(text.utf8.count < 2 * length + 400)
            var reader = DeferringReader()
            var bytes = text.utf8[...]
            while !bytes.isEmpty {
                reader.read(bytes.prefix(8192))
                bytes = bytes.dropFirst(8192)
            }
            #expect(reader.isDone)
        }
    }
}
