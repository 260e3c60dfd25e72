import NIOCore
import TestSupport
import Testing

@testable import XMPP

/// libxml2 stores every name for the life of a parser; ``StreamParser`` continues in a new one before that takes much.
@Suite struct StreamParserRenewalTests {
    @Test func everNewNamesDoNotUseItUp() throws {
        let parser = StreamParser()
        var random = SeededGenerator(seed: 5)
        _ = try parser.read(ByteBuffer(string: streamHeader))
        let filler = String(repeating: "n", count: 40_000)
        var fed = 0
        var sent = 0
        var received = 0
        while fed < 104_857_600 {
            var stanzas = ByteBuffer()
            for _ in 0..<100 {
                stanzas.writeString("<iq id='\(sent)'><n\(sent)\(filler)/></iq>")
                sent += 1
            }
            fed += stanzas.readableBytes
            while stanzas.readableBytes > 0 {
                let length = Int.random(in: 1...min(stanzas.readableBytes, 65_536), using: &random)
                guard let piece = stanzas.readSlice(length: length) else { break }
                for event in try parser.read(piece) {
                    guard case .element(let element) = event, element["id"] == "\(received)",
                        element.firstChild?.name.utf8.count == 40_001 + "\(received)".utf8.count
                    else {
                        Issue.record("instead of \(received)")
                        return
                    }
                    received += 1
                }
            }
        }
        #expect(received == sent)
    }

    @Test(arguments: [
        streamHeader,
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='urn:&lt;p&gt; &apos;q&quot;&#10;' p:x='1'>",
        "<s:stream xmlns='jabber:component:accept' xmlns:s='http://etherx.jabber.org/streams' xmlns:p='urn:p'>",
        "<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:component:accept' xmlns:p='not a uri'>",
    ])
    func whatIsSentIsReadAcrossRenewals(header: String) throws {
        var random = SeededGenerator(seed: 6)
        let tail =
            header.hasPrefix("<s:") ? "</s:stream>" : header.hasPrefix("<stream ") ? "</stream>" : "</stream:stream>"
        let hasPrefix = header.contains("xmlns:p=")
        var stream = ByteBuffer(string: header)
        var names: [String] = []
        for index in 0..<20_000 {
            let name =
                "\(random.pick(["a", "b", "ö"]))\(index)\(String(repeating: "z", count: Int.random(in: 0...400, using: &random)))"
            names.append(name)
            stream.writeString("<iq id='\(name)'>")
            if hasPrefix, index % 3 == 0 { stream.writeString("<p:\(name)/>") }
            stream.writeString("<\(name) \(name)='&amp;'>é</\(name)></iq>")
            if index % 7 == 0 { stream.writeString(" \n") }
        }
        stream.writeString(tail)
        let parser = StreamParser()
        var index = 0
        var ends = 0
        var prefixNamespaces: Set<String> = []
        while stream.readableBytes > 0 {
            let length = min(stream.readableBytes, Int.random(in: 1...3000, using: &random))
            guard let piece = stream.readSlice(length: length) else { break }
            for event in try parser.read(piece) {
                switch event {
                case .opened: break
                case .closed: ends += 1
                case .refused(let stanza): Issue.record("\(stanza)")
                case .element(let element):
                    let name = names[index]
                    let children = Array(element.children)
                    let last = children.last
                    guard element["id"] == name, last?.name == name, last?[name] == "&", last?.text == "é" else {
                        Issue.record("at \(index): \(element)")
                        return
                    }
                    if children.count == 2 { prefixNamespaces.insert(children[0].namespace) }
                    index += 1
                }
            }
        }
        #expect(index == names.count)
        #expect(ends == 1)
        #expect(prefixNamespaces.count == (hasPrefix ? 1 : 0))
        if header.contains("&#10;") { #expect(prefixNamespaces == ["urn:<p> 'q\"\n"]) }
    }

    @Test func everySplitAroundARenewal() throws {
        // The first stanza wears the parser out; the renewal is where it ends.
        let worn = "<iq id='worn'><n" + String(repeating: "n", count: 1_100_000) + "/></iq>"
        let after = " <p:iq id='1'>é&amp;<![CDATA[]]]]></p:iq>\r\n<iq id='2'/></stream:stream>"
        let header = streamHeader.dropLast() + " xmlns:p='urn:p'>"
        let limits = ParserLimits(stanzaBytes: 2_000_000)
        let expected = ParseOutcome(header + worn + after, limits: limits)
        #expect(expected.events.count == 5 && expected.error == nil)
        let stream = Array((header + worn + after).utf8)
        for split in (stream.count - after.utf8.count - 8)...stream.count {
            let outcome = ParseOutcome(pieces: [stream[..<split], stream[split...]], limits: limits)
            #expect(outcome == expected, "split at \(split)")
        }
    }

    @Test func aParserThatIsWornOutWithTheStreamsEndEndsOnce() {
        let worn = "<iq><n" + String(repeating: "n", count: 1_100_000) + "/></iq></stream:stream>"
        let outcome = ParseOutcome(
            streamHeader + worn, limits: ParserLimits(stanzaBytes: 2_000_000))
        #expect(outcome.error == nil)
        #expect(outcome.events.filter { $0 == .closed }.count == 1)
    }

    @Test func anOversizedStanzaWearsAParserOutToo() throws {
        let parser = StreamParser()
        _ = try parser.read(ByteBuffer(string: streamHeader))
        for round in 0..<200 {
            let names = (0..<30).map { "<n\(round)x\($0)\(String(repeating: "n", count: 10_000))/>" }.joined()
            let events = try parser.read(ByteBuffer(string: "<iq id='\(round)'>\(names)</iq><iq/>"))
            #expect(events.count == 2)
            guard case .refused? = events.first, case .element? = events.last else {
                Issue.record("round \(round)")
                return
            }
        }
    }
}
