import Foundation
import Testing

@testable import XMPP

/// Streams in `Fixtures/NAME.xml` and what is read from them in `NAME.expected`, one line an event.
@Suite struct StreamParserGoldenTests {
    static let names = [
        "prosody-handshake", "ejabberd-handshake", "delegated-command", "namespaces", "stream-error", "comment",
        "oversized",
    ]

    static let limits = ParserLimits(stanzaBytes: 700, depth: 8, attributes: 6, skippedBytes: 4096)

    private func fixture(_ name: String) throws -> (stream: [UInt8], expected: String) {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Fixtures")
        let stream = try Data(contentsOf: folder.appending(path: "\(name).xml"))
        let expected = try String(contentsOf: folder.appending(path: "\(name).expected"), encoding: .utf8)
        return (Array(stream), expected.trimmingCharacters(in: .newlines))
    }

    @Test(arguments: names)
    func byteByByte(name: String) throws {
        let (stream, expected) = try fixture(name)
        #expect(ParseOutcome(pieces: stream.map { [$0] }, limits: Self.limits).transcript == expected)
    }

    @Test(arguments: names)
    func everySplit(name: String) throws {
        let (stream, expected) = try fixture(name)
        let whole = ParseOutcome(pieces: [stream], limits: Self.limits)
        if whole.error == nil { #expect(whole.transcript == expected) }
        let complete = ParseOutcome(pieces: stream.map { [$0] }, limits: Self.limits)
        for split in 1..<stream.count {
            let outcome = ParseOutcome(pieces: [stream[..<split], stream[split...]], limits: Self.limits)
            guard outcome.error == complete.error else {
                Issue.record("split at \(split): \(outcome.error as Any)")
                continue
            }
            if complete.error == nil {
                #expect(outcome == complete, "split at \(split)")
            } else {
                // What is in one piece with the error is lost with it.
                #expect(complete.events.starts(with: outcome.events), "split at \(split)")
            }
        }
    }
}
