import Foundation
import TestSupport
import Testing

@testable import XMPP

@Suite struct DateTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (-1000, "1969-12-31T23:59:59Z"),
            (-1001, "1969-12-31T23:59:58Z"),
            (999, "1970-01-01T00:00:00Z"),
            (1_000_000_000_000, "2001-09-09T01:46:40Z"),
            (951_782_399_000, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (1_509_936_975_000, "2017-11-06T02:56:15Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
            (-62_135_596_800_001, "0001-01-01T00:00:00Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59Z"),
            (253_402_300_800_000, "9999-12-31T23:59:59Z"),
            (.min, "0001-01-01T00:00:00Z"),
            (.max, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func knownMoments(milliseconds: Int64, text: String) {
        #expect(DateTime.format(millisecondsSinceEpoch: milliseconds) == text)
    }

    @Test func agreesWithFoundation() {
        // From 1600 on; before, Foundation's calendar is not the proleptic Gregorian one.
        var random = SeededGenerator(seed: 82)
        for _ in 0..<2000 {
            let seconds = Int64.random(in: -11_676_096_000...253_402_300_799, using: &random)
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            #expect(DateTime.format(millisecondsSinceEpoch: seconds * 1000) == date.formatted(.iso8601))
        }
    }

    @Test(
        arguments: [
            ("2026-11-28T18:00:00.000Z", 1_795_888_800_000), ("2026-11-28T18:00:00Z", 1_795_888_800_000),
            ("2026-11-28T19:30:00.12345+01:30", 1_795_888_800_123), ("1969-12-31T23:59:59.9Z", -100),
            ("2000-02-29T00:00:00-00:00", 951_782_400_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ] as [(String, Int64)])
    func isRead(text: String, milliseconds: Int64) { #expect(DateTime.parse(text) == milliseconds) }

    @Test(arguments: [
        "", "yesterday", "2026-11-28", "2026-11-28T18:00:00", "2026-11-28T18:00:00z", "2026-11-28T18:00:00.Z",
        "2026-11-28T18:00:00Z ", "2026-13-28T18:00:00Z", "2026-02-29T18:00:00Z", "2026-11-28T24:00:00Z",
        "2026-11-28T18:60:00Z", "2026-11-28T18:00:60Z", "0000-11-28T18:00:00Z", "2026-11-28T18:00:00+25:00",
        "２026-11-28T18:00:00Z", "2026-11-28T18:00:00." + String(repeating: "1", count: 100) + "Z",
    ]) func isNoMoment(_ text: String) { #expect(DateTime.parse(text) == nil) }

    @Test func whatIsWrittenWithMillisecondsIsRead() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<1000 {
            let milliseconds = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &generator)
            #expect(DateTime.parse(DateTime.formatWithMilliseconds(milliseconds)) == milliseconds)
        }
    }
}
