import NIOCore
import TestSupport
import Testing

@testable import XMPP

/// A stanza beyond a limit is reported by its outline, and the next one is read as if nothing had been.
@Suite struct StreamParserLimitTests {
    private static let next = "<iq id='next'><q>kept</q></iq>"

    /// Reads a stanza and one more behind it, in one piece, in random pieces and byte by byte.
    private func read(_ stanza: String, limits: ParserLimits = ParserLimits()) throws -> StreamEvent {
        var random = SeededGenerator(seed: 11)
        // The small stanza in front takes the header's bytes.
        let stream = Array((streamHeader + "<a/>" + stanza + Self.next).utf8)
        let whole = ParseOutcome(pieces: [stream], limits: limits)
        #expect(whole.error == nil)
        #expect(try whole.events.last == .element(element(Self.next)))
        for sizes in [1...5000, 60_000...70_000] + (stream.count < 100_000 ? [1...1] : []) {
            let pieces = ParseOutcome(pieces: stream.pieces(of: sizes, using: &random), limits: limits)
            #expect(pieces == whole, "in pieces of \(sizes)")
        }
        try #require(whole.events.count == 4)
        return whole.events[2]
    }

    private func tooLarge(_ outline: String?) throws -> StreamEvent { try refused(.tooLarge, outline) }

    @Test func bytes() throws {
        let text = String(repeating: "x", count: 1000)
        let stanza = "<iq id='1' type='get'><q>\(text)</q></iq>"
        var limits = ParserLimits(stanzaBytes: stanza.utf8.count)
        #expect(try read(stanza, limits: limits) == .element(element(stanza)))
        limits.stanzaBytes -= 1
        #expect(try read(stanza, limits: limits) == tooLarge("<iq id='1' type='get'><q/></iq>"))
        #expect(
            try read("<iq id='1'><![CDATA[\(text)]]></iq>", limits: limits)
                == .element(element("<iq id='1'>\(text)</iq>")))
        #expect(try read("<iq id='1'><![CDATA[\(text)\(text)]]></iq>", limits: limits) == tooLarge("<iq id='1'/>"))
        #expect(
            try read("<iq id='1'>" + String(repeating: "<q/>", count: 300) + "</iq>", limits: limits)
                == tooLarge("<iq id='1'><q/></iq>"))
        #expect(
            try read("<iq id='1'>" + String(repeating: "&amp;", count: 300) + "</iq>", limits: limits)
                == tooLarge("<iq id='1'/>"))
    }

    @Test func depth() throws {
        func nested(_ depth: Int) -> String {
            "<iq id='1'>" + String(repeating: "<q>", count: depth - 1) + "text"
                + String(repeating: "</q>", count: depth - 1) + "</iq>"
        }
        #expect(try read(nested(32)) == .element(element(nested(32))))
        let outline = "<iq id='1'><q><q><q><q/></q></q></q></iq>"
        #expect(try read(nested(33)) == tooLarge(outline))
        #expect(try read(nested(100_000), limits: ParserLimits(stanzaBytes: 4_000_000)) == tooLarge(outline))
        #expect(
            try read(nested(8), limits: ParserLimits(depth: 2)) == tooLarge("<iq id='1'><q><unread xmlns=''/></q></iq>")
        )
    }

    @Test func elements() throws {
        func many(_ count: Int) -> String { "<iq id='1'>" + String(repeating: "<q/>", count: count - 1) + "</iq>" }
        let limits = ParserLimits(elements: 20)
        #expect(try read(many(20), limits: limits) == .element(element(many(20))))
        #expect(try read(many(21), limits: limits) == tooLarge("<iq id='1'><q/></iq>"))
    }

    @Test func aStartTagIsReadForItsAddressesUpToALimit() throws {
        func stanza(_ length: Int) -> String {
            let tag = "<iq id='1' a='"
            return tag + String(repeating: "v", count: length - tag.utf8.count - "'>".utf8.count) + "'></iq>"
        }
        let limits = ParserLimits(stanzaBytes: 1000, addressBytes: 5000)
        guard case .refused(let read) = try read(stanza(5000), limits: limits) else {
            Issue.record("not refused")
            return
        }
        #expect(read.reason == .tooLarge && read.outline?["id"] == "1")
        #expect(try self.read(stanza(5001), limits: limits) == tooLarge(nil))
        #expect(try self.read(stanza(5001).replacing("></iq>", with: "/>"), limits: limits) == tooLarge(nil))
    }

    @Test(arguments: [20_000, 150_000])
    func aStanzaWithSoManyAttributesIsSkippedUnseen(count: Int) throws {
        let attributes = (0..<count).map { " a\($0)='\($0)'" }.joined()
        // libxml2 compares each attribute with all before it: it never gets to see them.
        let limits = ParserLimits(stanzaBytes: 10_000_000, addressBytes: 10_000_000)
        #expect(try read("<iq id='1'\(attributes)/>", limits: limits) == tooLarge(nil))
        #expect(try read("<iq id='1'\(attributes)><q/></iq>", limits: limits) == tooLarge(nil))
        #expect(
            try read("<iq id='1'><q><r\(attributes)/></q></iq>", limits: limits)
                == tooLarge("<iq id='1'><q><unread xmlns=''/></q></iq>"))
        let declarations = (0..<count).map { " xmlns:n\($0)='urn:\($0)'" }.joined()
        #expect(
            try read("<iq id='1'><q\(declarations)/></iq>", limits: limits)
                == tooLarge("<iq id='1'><unread xmlns=''/></iq>"))
    }

    /// The bytes of a stanza that are within its limits are all that libxml2 is given.
    @Test func whatIsSkippedIsNotParsed() throws {
        let parser = StreamParser(limits: ParserLimits(stanzaBytes: 1000))
        _ = try parser.read(ByteBuffer(string: streamHeader + "<iq id='1'>" + String(repeating: "<q>", count: 1000)))
        // Not even XML.
        #expect(try parser.read(ByteBuffer(string: "<& a=1 b>\0" + String(repeating: "</q>", count: 1001))).isEmpty)
        #expect(
            try parser.read(ByteBuffer(string: "</iq><iq/>"))
                == [tooLarge("<iq id='1'><q><q><q><q/></q></q></q></iq>"), .element(element("<iq/>"))])
    }

    @Test func aStanzaMayBeAsLongAsItTakesToSkipIt() throws {
        let parser = StreamParser()
        _ = try parser.read(ByteBuffer(string: streamHeader + "<iq id='1'><q a='"))
        let piece = ByteBuffer(repeating: UInt8(ascii: ">"), count: 65_536)
        for _ in 0..<1023 { #expect(try parser.read(piece).isEmpty) }
        #expect(
            try parser.read(ByteBuffer(string: "'/></iq>")) == [tooLarge("<iq id='1'><unread xmlns=''/></iq>")])
        #expect(try parser.read(ByteBuffer(string: Self.next)) == [.element(element(Self.next))])
    }

    @Test func depthThatNeverEndsEndsTheStream() {
        let text = streamHeader + String(repeating: "<q>", count: 23_000_000)
        var random = SeededGenerator(seed: 2)
        let outcome = ParseOutcome(pieces: text.utf8.pieces(of: 65_536...65_536, using: &random))
        #expect(outcome.error?.condition == .policyViolation)
    }

    @Test func attributes() throws {
        func wide(_ count: Int, inner: Bool) -> String {
            let attributes = (0..<count).map { " a\($0)='\($0)'" }.joined()
            return inner ? "<iq id='1'><q\(attributes)>text<r/></q>text</iq>" : "<iq\(attributes)><q/></iq>"
        }
        #expect(try read(wide(64, inner: true)) == .element(element(wide(64, inner: true))))
        #expect(try read(wide(64, inner: false)) == .element(element(wide(64, inner: false))))
        #expect(try read(wide(65, inner: true)) == tooLarge("<iq id='1'><unread xmlns=''/></iq>"))
        for count in [65, 512] {
            guard case .refused(let stanza) = try read(wide(count, inner: false)), let outline = stanza.outline else {
                Issue.record("\(count) attributes")
                return
            }
            #expect(outline.attributes.count == count && outline.firstChild == nil)
        }
        #expect(try read(wide(513, inner: false)) == tooLarge(nil))
        let empty = wide(65, inner: false).replacing("><q/></iq>", with: "/>")
        guard case .refused(let stanza) = try read(empty) else {
            Issue.record("an empty one")
            return
        }
        #expect(stanza.outline?.attributes.count == 65)
        func declaring(_ count: Int) -> String {
            "<iq><q" + (0..<count).map { " xmlns:n\($0)='urn:\($0)'" }.joined() + "/></iq>"
        }
        #expect(try read(declaring(64)) == .element(element("<iq><q/></iq>")))
        #expect(try read(declaring(65)) == tooLarge("<iq><unread xmlns=''/></iq>"))
    }

    @Test func aLongAttribute() throws {
        let value = String(repeating: "v", count: 300_000)
        #expect(try read("<iq id='1'><q a='\(value)'/></iq>") == tooLarge("<iq id='1'><unread xmlns=''/></iq>"))
        // The stanza's own start tag is kept whole: it has the addresses for the answer.
        let event = try read("<iq id='1' from='a@b/c' type='get' a='\(value.prefix(262_000))'>\(value)</iq>")
        guard case .refused(let stanza) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(stanza.outline?["from"] == "a@b/c")
    }

    @Test(arguments: [49_999, 60_000, 200_000])
    func aLongName(length: Int) throws {
        // libxml2's own limit ends the document at 50,000 bytes of name.
        let name = String(repeating: "n", count: length)
        let isTooLong = 2 * length > 262_144
        #expect(
            try read("<iq id='1'><\(name)>t</\(name)></iq>")
                == (isTooLong
                    ? tooLarge("<iq id='1'><\(name)/></iq>")
                    : .element(element("<iq id='1'><\(name)>t</\(name)></iq>"))))
        #expect(
            try read("<iq id='1'><q xmlns='urn:\(name)'/></iq>")
                == .element(element("<iq id='1'><q xmlns='urn:\(name)'/></iq>")))
        #expect(try read("<iq id='1'><q \(name)='1'/></iq>") == .element(element("<iq id='1'><q \(name)='1'/></iq>")))
    }

    @Test func oneOversizedStanzaAfterAnother() throws {
        var text = streamHeader
        var expected: [StreamEvent] = []
        for index in 0..<200 {
            switch index % 4 {
            case 0:
                text +=
                    "<iq id='\(index)'>" + String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
                    + "</iq>"
            case 1: text += "<iq id='\(index)'>" + String(repeating: "text ", count: 100) + "</iq>"
            case 2: text += "<iq id='\(index)'><q" + (0..<20).map { " a\($0)=''" }.joined() + "/></iq>"
            default: text += "<iq id='\(index)'><q/></iq> "
            }
            switch index % 4 {
            case 0: expected.append(try tooLarge("<iq id='\(index)'><a><a><a><a/></a></a></a></iq>"))
            case 1: expected.append(try tooLarge("<iq id='\(index)'/>"))
            case 2: expected.append(try tooLarge("<iq id='\(index)'><unread xmlns=''/></iq>"))
            default: expected.append(try .element(element("<iq id='\(index)'><q/></iq>")))
            }
        }
        let limits = ParserLimits(stanzaBytes: 480, depth: 30, attributes: 16)
        var random = SeededGenerator(seed: 3)
        for sizes in [1...1, 1...99, 100...10_000, 1_000_000...1_000_000] {
            let outcome = ParseOutcome(pieces: text.utf8.pieces(of: sizes, using: &random), limits: limits)
            #expect(outcome.error == nil)
            #expect(Array(outcome.events.dropFirst()) == expected)
        }
    }

    @Test(arguments: ["<iq><body>", "<iq a='", "<iq ", "<", "<iq><![CDATA["])
    func aStanzaThatNeverEndsEndsTheStream(start: String) {
        let limits = ParserLimits(stanzaBytes: 1000, addressBytes: 5000, skippedBytes: 100_000)
        let parser = StreamParser(limits: limits)
        var fed = 0
        let error = #expect(throws: StreamError.self) {
            _ = try parser.read(ByteBuffer(string: streamHeader + "<a/>" + start))
            while fed < 300_000 {
                fed += 1000
                _ = try parser.read(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1000))
            }
        }
        #expect(error?.condition == .policyViolation)
        #expect((99_000...101_000).contains(fed))
    }

    @Test func keepalivesDoNotAddUp() throws {
        let parser = StreamParser(limits: ParserLimits(stanzaBytes: 100, skippedBytes: 1000))
        _ = try parser.read(ByteBuffer(string: streamHeader))
        for _ in 0..<5000 { #expect(try parser.read(ByteBuffer(string: " ")).isEmpty) }
        #expect(try parser.read(ByteBuffer(string: Self.next)).count == 1)
    }

    @Test func aHeaderThatNeverEndsEndsTheStream() {
        let parser = StreamParser(limits: ParserLimits(addressBytes: 10_000))
        let error = #expect(throws: StreamError.self) {
            _ = try parser.read(ByteBuffer(string: "<stream "))
            for _ in 0..<100 { _ = try parser.read(ByteBuffer(repeating: UInt8(ascii: "x"), count: 1000)) }
        }
        #expect(error?.condition == .policyViolation)
    }
}
