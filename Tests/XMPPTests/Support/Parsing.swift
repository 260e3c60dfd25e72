import NIOCore
import TestSupport

@testable import XMPP

/// What a parser made of a stream: the events up to its end or its error.
struct ParseOutcome: Equatable, Sendable {
    var events: [StreamEvent] = []
    var error: StreamError?

    /// Feeds a stream to a new parser, piece by piece.
    init(pieces: some Sequence<some Sequence<UInt8>>, limits: ParserLimits = ParserLimits()) {
        let parser = StreamParser(limits: limits)
        for piece in pieces {
            do {
                events += try parser.read(ByteBuffer(bytes: piece))
            } catch {
                self.error = error
                return
            }
        }
    }

    /// Feeds a stream to a new parser in one piece.
    init(_ text: String, limits: ParserLimits = ParserLimits()) {
        self.init(pieces: [text.utf8], limits: limits)
    }

    /// The elements of the first level.
    var elements: [Element] {
        events.compactMap { if case .element(let element) = $0 { element } else { nil } }
    }

    /// One line an event, for golden files.
    var transcript: String {
        var lines = events.map { event in
            switch event {
            case .opened(let header, let namespace): "opened \(header.xml(inside: "")) for '\(namespace)'"
            case .element(let element): "element \(element.xml(inside: ""))"
            case .refused(let stanza):
                "refused, \(stanza.reason): \(stanza.outline.map { $0.xml(inside: "") } ?? "nothing of it")"
            case .closed: "closed"
            }
        }
        if let error { lines.append("error \(error)") }
        return lines.joined(separator: "\n")
    }
}

let streamHeader =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
    + "xmlns:stream='http://etherx.jabber.org/streams' id='1' from='invites.host.example'>"

/// An element of a component stream that was not read, with this outline.
func refused(_ reason: RefusedStanza.Reason, _ outline: String?) throws -> StreamEvent {
    .refused(RefusedStanza(reason, outline: try outline.map(element)))
}

/// The element that a text is parsed to on a component stream.
func element(_ xml: String) throws -> Element {
    let outcome = ParseOutcome(streamHeader + xml)
    if let error = outcome.error { throw error }
    guard outcome.elements.count == 1 else { throw StreamError(.badFormat, text: "not one element: \(xml)") }
    return outcome.elements[0]
}

extension Sequence<UInt8> {
    /// The bytes in pieces of random sizes.
    func pieces(of sizes: ClosedRange<Int>, using random: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = Array(self)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: sizes, using: &random))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
