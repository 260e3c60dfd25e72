import NIOCore
import Testing

@testable import XMPP

@Suite struct StreamParserTests {
    @Test func aStanzaIsReportedWithItsLastByte() throws {
        let parser = StreamParser()
        var seen: [(offset: Int, event: StreamEvent)] = []
        let text = streamHeader + "<iq id='1'><q>a&gt;</q></iq><message/> <presence ></presence></stream:stream>"
        for (offset, byte) in text.utf8.enumerated() {
            for event in try parser.read(ByteBuffer(bytes: [byte])) { seen.append((offset, event)) }
        }
        let ends = ["<iq id='1'><q>a&gt;</q></iq>", "<message/>", " <presence ></presence>", "</stream:stream>"]
        var expected = [streamHeader.utf8.count - 1]
        for end in ends { expected.append(expected[expected.count - 1] + end.utf8.count) }
        #expect(seen.map(\.offset) == expected)
        #expect(seen.map(\.event).last == .closed)
    }

    @Test func nothingToReadIsNothingRead() throws {
        let parser = StreamParser()
        #expect(try parser.read(ByteBuffer()).isEmpty)
        #expect(try parser.read(ByteBuffer(string: streamHeader)).count == 1)
        #expect(try parser.read(ByteBuffer()).isEmpty)
    }

    @Test(
        arguments: [
            ("<!-- x --><iq/>", .restrictedXML),
            ("<iq><!-- x --></iq>", .restrictedXML),
            ("<?php x?>", .restrictedXML),
            ("<iq><?x?></iq>", .restrictedXML),
            ("<iq>&nbsp;</iq>", .restrictedXML),
            ("<iq a='&nbsp;'/>", .restrictedXML),
            ("<!DOCTYPE x><iq/>", .restrictedXML),
            ("<iq><!ENTITY a 'b'></iq>", .restrictedXML),
            ("<![IGNORE[x]]><iq/>", .restrictedXML),
            ("<iq></message>", .notWellFormed),
            ("<iq a=1/>", .notWellFormed),
            ("<iq a='1' a='2'/>", .notWellFormed),
            ("<iq a='<'/>", .notWellFormed),
            ("<iq>& ;</iq>", .notWellFormed),
            ("<iq>]]></iq>", .notWellFormed),
            ("<iq>&#0;</iq>", .notWellFormed),
            ("<iq>&#xFFFE;</iq>", .notWellFormed),
            ("<iq>\u{1}</iq>", .notWellFormed),
            ("<iq>\u{FFFF}</iq>", .notWellFormed),
            ("<1/>", .notWellFormed),
            ("< iq/>", .notWellFormed),
            ("<?xml version='1.0'?>", .restrictedXML),
            ("text", .badFormat),
            ("<iq/>text<iq/>", .badFormat),
            ("<![CDATA[x]]>", .badFormat),
            ("&amp;", .badFormat),
            ("\u{A0}", .badFormat),
        ] as [(String, StreamError.Condition)])
    func endsTheStream(stanzas: String, condition: StreamError.Condition) {
        let whole = ParseOutcome(streamHeader + stanzas + "<iq/>")
        #expect(whole.error?.condition == condition, "\(whole.error as Any)")
        #expect(whole.events.isEmpty)
        let bytewise = ParseOutcome(pieces: (streamHeader + stanzas + "<iq/>").utf8.map { [$0] })
        #expect(bytewise.error?.condition == condition, "\(bytewise.error as Any)")
    }

    @Test(
        arguments: [
            ("<!DOCTYPE x [<!ENTITY a 'b'>]><stream/>", .restrictedXML),
            ("<!DOCTYPE x SYSTEM 'file:///etc/passwd'><stream/>", .restrictedXML),
            ("<?xml version='1.0'?><!-- x --><stream/>", .restrictedXML),
            ("<?xml version='1.0'?><?x?><stream/>", .restrictedXML),
            ("text", .notWellFormed),
            ("HTTP/1.1 400 Bad Request\r\n\r\n", .notWellFormed),
        ] as [(String, StreamError.Condition)])
    func endsTheStreamBeforeItsHeader(text: String, condition: StreamError.Condition) {
        #expect(ParseOutcome(text).error?.condition == condition)
        #expect(ParseOutcome(pieces: text.utf8.map { [$0] }).error?.condition == condition)
    }

    @Test func billionLaughs() {
        var text = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>"
        for level in 1..<10 {
            let previous = level == 1 ? "lol" : "lol\(level - 1)"
            text += "<!ENTITY lol\(level) '" + String(repeating: "&\(previous);", count: 10) + "'>"
        }
        text += "]><lolz>&lol9;</lolz>"
        #expect(ParseOutcome(text).error?.condition == .restrictedXML)
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3, 0x28], [0x80],
            [0xE2, 0x82, 0x3C],
        ] as [[UInt8]])
    func invalidUTF8EndsTheStream(bytes: [UInt8]) {
        for stanza in [("<iq>", "</iq>"), ("<iq a='", "'/>"), ("<iq><x", "/></iq>")] {
            let stream = Array(streamHeader.utf8) + Array(stanza.0.utf8) + bytes + Array((stanza.1 + "<iq/>").utf8)
            let whole = ParseOutcome(pieces: [stream])
            #expect(whole.error != nil, "\(stanza): \(whole.elements)")
            #expect(ParseOutcome(pieces: stream.map { [$0] }).error != nil, "\(stanza)")
        }
    }

    @Test func aNULEndsTheStream() {
        for stanza in ["<iq>\0</iq>", "<iq a='\0'/>", "\0", "<iq\0/>"] {
            let whole = ParseOutcome(streamHeader + stanza + "<iq/>")
            #expect(whole.error != nil, "\(stanza): \(whole.elements)")
        }
    }

    @Test func onlyUTF8IsRead() {
        let text = "<stream xmlns='s'><iq/></stream>"
        let big = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let little = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        for stream in [big, little, [0xFE, 0xFF] + big, [0xFF, 0xFE] + little] {
            #expect(ParseOutcome(pieces: [stream]).error != nil)
            #expect(ParseOutcome(pieces: stream.map { [$0] }).error != nil)
        }
        // Declared as something else, it is still UTF-8.
        let latin = ParseOutcome(
            "<?xml version='1.0' encoding='ISO-8859-1'?>" + text.replacing("<iq/>", with: "<iq>é</iq>"))
        #expect(latin.elements.first?.text == "é")
    }

    @Test(arguments: [
        ("<iq a='&amp;&lt;&gt;&quot;&apos;'>&amp;&lt;&gt;&quot;&apos;</iq>", "&<>\"'"),
        ("<iq a='&#38;&#x1F98A;&#10;'>&#38;&#x1F98A;&#10;</iq>", "&🦊\n"),
        ("<iq a='&amp;amp;'><![CDATA[&amp;]]></iq>", "&amp;"),
        ("<iq a='&lt;b&gt;'><![CDATA[<]]>b&gt;</iq>", "<b>"),
        ("<iq a=\"it's\">it's</iq>", "it's"),
        ("<iq a='\u{FFFD}\u{10FFFF}'>\u{FFFD}\u{10FFFF}</iq>", "\u{FFFD}\u{10FFFF}"),
    ])
    func readsReferencesAndCDATA(xml: String, text: String) throws {
        let read = try element(xml)
        #expect(read["a"] == text)
        #expect(read.content == [.text(text)])
    }

    @Test func lineEndsAndAttributeSpacesAreNormalized() throws {
        let read = try element("<iq a='1\t2\n3\r\n4'>1\r\n2\r3\n</iq>")
        #expect(read["a"] == "1 2 3 4")
        #expect(read.text == "1\n2\n3\n")
    }

    @Test(arguments: ["not a uri", "%%", "relative", "urn:délai", "1:2", "://", "a b:c", "http://[", ""])
    func aNamespaceNeedNotBeAURI(namespace: String) throws {
        // A server relays whatever its users send; none of that may end the stream, which all share.
        let read = try element("<iq><x xmlns='\(namespace)'><y/></x></iq>")
        #expect(read.firstChild?.namespace == namespace)
        #expect(read.firstChild?.firstChild?.namespace == namespace)
        guard !namespace.isEmpty else { return }
        #expect(try element("<iq><p:x xmlns:p='\(namespace)'/></iq>").firstChild?.namespace == namespace)
        #expect(
            try ParseOutcome(streamHeader + "<iq><p:x/><x xmlns='\(namespace)'/></iq>").events.last
                == refused(.namespace, "<iq><x xmlns=''/></iq>"))
    }

    @Test(arguments: ["xml:lang='!!'", "xml:space='!!'", "xml:id='1 1'", "xml:base='%%'"])
    func oddValuesOfXMLsOwnAttributesAreRead(attribute: String) throws {
        #expect(try element("<iq \(attribute)/>").attributes.first?.namespace == Namespaces.xml)
    }

    @Test func everyLaterReadThrowsTheSame() throws {
        let parser = StreamParser()
        let bad = ByteBuffer(string: streamHeader + "<!-- -->")
        let first = try #require(#expect(throws: StreamError.self) { try parser.read(bad) })
        #expect(first.condition == .restrictedXML)
        #expect(throws: first) { try parser.read(ByteBuffer(string: "<iq/>")) }
        #expect(throws: first) { try parser.read(ByteBuffer()) }
    }

    @Test func nothingMayFollowTheEndOfTheStream() {
        #expect(ParseOutcome(streamHeader + "</stream:stream>\r\n ").error == nil)
        #expect(ParseOutcome(streamHeader + "</stream:stream><iq/>").error?.condition == .notWellFormed)
    }

    @Test func theHeaderIsReadAsWritten() throws {
        let outcome = ParseOutcome("<stream xmlns='urn:s' xml:lang='de' xmlns:a='urn:a' a:b='c'/>")
        guard case .opened(let header, _)? = outcome.events.first else {
            Issue.record("no header")
            return
        }
        #expect(header.is("stream", "urn:s"))
        #expect(header.language == "de")
        #expect(header.attributes.contains(.init(name: "b", namespace: "urn:a", value: "c")))
        #expect(outcome.events.last == .closed)
    }

    @Test func aParserLetGoInTheMiddleIsFreed() throws {
        weak var gone: StreamParser?
        do {
            let parser = StreamParser()
            _ = try parser.read(ByteBuffer(string: streamHeader + "<iq><a><b>"))
            gone = parser
        }
        #expect(gone == nil)
    }
}
