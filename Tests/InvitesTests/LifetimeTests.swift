import Invites
import TestSupport
import Testing

@Suite struct LifetimeTests {
    @Test(arguments: [
        ("1s", 1), ("90s", 90), ("30m", 1_800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600),
        ("1d12h", 129_600), ("1w1d1h1m1s", 694_861), ("36h", 129_600), ("1h90m", 9_000), ("3650d", 315_360_000),
        ("007d", 604_800), ("0d1s", 1),
    ])
    func reads(text: String, seconds: Int64) throws {
        #expect(try Lifetime(text).seconds == seconds)
    }

    @Test(arguments: [
        ("", LifetimeError.malformed), ("d", .malformed), ("-1d", .malformed), (" 7d", .malformed), ("7d ", .malformed),
        ("7 d", .malformed), ("7x", .malformed), ("7D", .malformed), ("1.5h", .malformed), ("٧d", .malformed),
        ("forever", .malformed), ("7", .missingUnit), ("1d12", .missingUnit), ("12h1d", .wrongOrder),
        ("1d1d", .wrongOrder), ("0s", .tooShort), ("0w0d", .tooShort), ("3651d", .tooLong), ("3650d1s", .tooLong),
        ("315360001s", .tooLong), ("99999999999999999999999999w", .tooLong), ("9223372036854775807w", .tooLong),
        ("315360000w315360000d315360000h315360000m315360000s", .tooLong),
    ])
    func refuses(text: String, error: LifetimeError) {
        #expect(throws: error) { try Lifetime(text) }
    }

    @Test(arguments: [
        ("604800s", "1w"), ("14d", "2w"), ("10d", "10d"), ("36h", "1d12h"), ("90s", "1m30s"), ("3650d", "3650d"),
        ("1w1d", "8d"), ("86399s", "23h59m59s"),
    ])
    func printsItsCanonicalForm(text: String, canonical: String) throws {
        #expect(try Lifetime(text).description == canonical)
    }

    @Test func printsWhatItReadsBack() throws {
        var generator = SeededGenerator(seed: 1)
        for bits in 0..<20_000 {
            let bound = min(Lifetime.maximum.seconds, 1 << Int64(bits % 29))
            let lifetime = try Lifetime("\(Int64.random(in: 1...bound, using: &generator))s")
            #expect(try Lifetime(lifetime.description) == lifetime)
        }
    }

    @Test func refusesOrReadsBackAnythingElse() throws {
        var generator = SeededGenerator(seed: 2)
        let letters = Array("0123456789wdhms ")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &generator)).compactMap { _ in
                    letters.randomElement(using: &generator)
                })
            guard let lifetime = try? Lifetime(text) else { continue }
            #expect((1...Lifetime.maximum.seconds).contains(lifetime.seconds))
            #expect(try Lifetime(lifetime.description) == lifetime)
        }
    }

    @Test func advancesTimeWithoutOverflow() {
        let start = Timestamp(millisecondsSinceEpoch: 1_000)
        #expect(start.advanced(by: .week).millisecondsSinceEpoch == 604_801_000)
        #expect(Timestamp(millisecondsSinceEpoch: .max - 5).advanced(by: .maximum).millisecondsSinceEpoch == .max)
        #expect(start < start.advanced(by: .week))
    }
}
