import NIOCore
import TestSupport
import Testing

@testable import XMPP

/// No bytes at all may trap, and cutting them differently may not change what is read.
@Suite struct StreamParserFuzzTests {
    private static let seeds = [
        streamHeader + "<handshake/><iq id='1' type='get'><q a='&amp;'>x&lt;<![CDATA[y]]></q></iq></stream:stream>",
        streamHeader + "<message xml:lang='en'><body>é🦊</body><p:x xmlns:p='urn:p' p:y=''/></message> <presence/>",
        "<?xml version='1.0' encoding='utf-8'?><stream:stream xmlns:stream='s'><!-- x --><?pi y?><!DOCTYPE z>&ent;",
        streamHeader + "<a><b><c><d><e><f><g/></f></e></d></c></b></a><iq a='1' b='2' c='3' d='4' e='5'/>",
    ].map { Array($0.utf8) }

    private static let fragments = [
        "<", ">", "/>", "</", "<a>", "</a>", "&", ";", "&amp;", "&#0;", "&#x10FFFF;", "'", "\"", "=", " xmlns=''",
        " xmlns:a='b'",
        "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "<!DOCTYPE", "<!ENTITY a 'b'>", "\0", "\u{FEFF}", "\r", ":",
        "a:b", "xml:",
    ].map { Array($0.utf8) }

    private func mutate(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
            case 1: bytes.insert(contentsOf: random.pick(Self.fragments), at: at)
            case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...20, using: &random)))
            case 3: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 4: bytes.insert(contentsOf: bytes.prefix(at).suffix(30), at: at)
            default: bytes.insert(contentsOf: random.pick(Self.seeds).prefix(at).suffix(50), at: at)
            }
        }
        return bytes
    }

    @Test(arguments: 0..<4)
    func mutatedStreams(seed: Int) {
        let limits = ParserLimits(stanzaBytes: 300, depth: 5, attributes: 4, skippedBytes: 4000)
        var random = SeededGenerator(seed: UInt64(seed))
        var readable = 0
        for round in 0..<5000 {
            let stream = mutate(Self.seeds[seed], using: &random)
            let whole = ParseOutcome(pieces: [stream], limits: limits)
            let pieces = ParseOutcome(pieces: stream.pieces(of: 1...40, using: &random), limits: limits)
            if whole.error == nil {
                readable += 1
                #expect(pieces == whole, "round \(round) of \(seed)")
            } else {
                #expect(pieces.error != nil, "round \(round) of \(seed): \(whole.error as Any)")
            }
            // Every element becomes a stanza or a fault, and is read the same after it was written.
            for element in pieces.elements {
                _ = try? Stanza(element)
                #expect(ParseOutcome(streamHeader + element.xml()).elements == [element], "round \(round) of \(seed)")
            }
        }
        #expect(readable > 50)
    }

    @Test func randomBytes() {
        var random = SeededGenerator(seed: 99)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = ParseOutcome(pieces: bytes.pieces(of: 1...50, using: &random))
            _ = ParseOutcome(pieces: [Array(streamHeader.utf8), bytes])
        }
    }
}
