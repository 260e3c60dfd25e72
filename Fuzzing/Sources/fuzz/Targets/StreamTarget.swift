import NIOCore

@testable import XMPP

/// The first line of an input says how to cut the rest: each of its bytes is the length of a piece, over and over. With
/// an `s` in front, limits are small.
struct StreamTarget: FuzzTarget {
    static let name = "stream"
    static let holds =
        "a stream is read the same however it is cut and whenever the parser is renewed, within its limits, and as it is written"
    static let flags = ["-max_len=4096"]

    private static let smallLimits = ParserLimits(
        stanzaBytes: 300, depth: 5, attributes: 4, elements: 12, addressBytes: 400, addressAttributes: 6,
        skippedBytes: 2000)
    private static let header =
        "<stream:stream xmlns='\(Namespaces.component)' xmlns:stream='\(Namespaces.streams)' id='1'>"

    func run(_ input: UnsafeRawBufferPointer) {
        var input = Input(input)
        var lengths = input.lineBytes()
        let isSmall = lengths.first == UInt8(ascii: "s")
        if isSmall { lengths.removeFirst() }
        let limits = isSmall ? Self.smallLimits : ParserLimits()
        let bytes = input.bytes()

        let whole = Reading(of: [bytes[...]], limits)
        let pieces = Reading(of: cut(bytes, lengths), limits)
        let renewed = Reading(of: cut(bytes, lengths), limits, internedBytesBeforeRenewal: 0)
        for other in [pieces, renewed] {
            // libxml2 reports errors in text when more of it arrives, which does not happen in a skipped stanza.
            if whole.error != other.error, whole.skips || other.skips { continue }
            switch (whole.error, other.error) {
            case (nil, nil):
                expect(other == whole, "\(whole)\nbut in pieces\n\(other)")
            case (nil, _):
                // Given the whole, libxml2 may wait for the end of a section, say, before it parses what is in it.
                expect(whole.events.last != .closed, "\(whole)\nbut in pieces\n\(other)")
            default:
                // What is in one piece with the error is lost with it. In others libxml2 may still wait.
                expect(other.error != nil || other.failsLater, "\(whole)\nbut in pieces\n\(other)")
            }
        }
        expect(
            renewed.events.starts(with: pieces.events) || pieces.events.starts(with: renewed.events),
            "\(pieces)\nbut renewed\n\(renewed)")
        for event in pieces.events { check(event, limits) }
    }

    private func cut(_ bytes: [UInt8], _ lengths: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        var next = 0
        while !rest.isEmpty {
            let length = lengths.isEmpty ? 1 : max(1, Int(lengths[next % lengths.count]))
            pieces.append(rest.prefix(length))
            rest = rest.dropFirst(length)
            next += 1
        }
        return pieces
    }

    private func check(_ event: StreamEvent, _ limits: ParserLimits) {
        switch event {
        case .opened(let header, _):
            expect(header.content.isEmpty, "the header has content: \(header)")
        case .element(let element):
            var count = 0
            check(element, depth: 1, &count, limits)
            expect(count <= limits.elements, "\(count) elements: \(element)")
            let again = Reading(of: [Array((Self.header + element.xml()).utf8)[...]], ParserLimits())
            expect(again.events.count == 2 && again.events.last == event, "\(element) is written as \(element.xml())")
            _ = try? Stanza(element)
        case .refused(let stanza):
            guard let outline = stanza.outline else { return }
            expect(outline.isOutline(levels: RefusedStanza.outlineDepth), "no outline: \(outline)")
            expect(outline.attributes.count <= limits.addressAttributes, "too many attributes: \(outline)")
            _ = try? Stanza(outline)
        case .closed:
            break
        }
    }

    private func check(_ element: Element, depth: Int, _ count: inout Int, _ limits: ParserLimits) {
        count += 1
        expect(depth <= limits.depth, "too deep: \(element)")
        expect(element.attributes.count <= limits.attributes, "too many attributes: \(element)")
        expect(!element.name.isEmpty, "no name: \(element)")
        for child in element.children { check(child, depth: depth + 1, &count, limits) }
    }
}

/// What a parser made of a stream.
private struct Reading: Equatable {
    var events: [StreamEvent] = []
    var error: StreamError?
    /// Whether a stanza was skipped, or is.
    private(set) var skips = false
    /// Whether it ends in an error once all that may be open is closed, and nothing that is.
    private(set) var failsLater = false

    static func == (a: Self, b: Self) -> Bool { a.events == b.events && a.error == b.error }

    init(
        of pieces: [ArraySlice<UInt8>], _ limits: ParserLimits,
        internedBytesBeforeRenewal: Int = StreamParser.internedBytesBeforeRenewal
    ) {
        let parser = StreamParser(limits: limits, internedBytesBeforeRenewal: internedBytesBeforeRenewal)
        do throws(StreamError) {
            for piece in pieces { events += try parser.read(ByteBuffer(bytes: piece)) }
        } catch {
            self.error = error
        }
        skips =
            parser.scanner.isSkipping
            || events.contains { if case .refused(let stanza) = $0 { stanza.reason == .tooLarge } else { false } }
        failsLater = (try? parser.read(ByteBuffer(string: ";'\">]]><x/></y></z>"))) == nil
    }
}

extension Element {
    fileprivate func isOutline(levels: Int) -> Bool {
        guard let first = content.first else { return true }
        guard content.count == 1, levels > 1, case .element(let child) = first else { return false }
        return child.isOutline(levels: levels - 1)
    }
}
