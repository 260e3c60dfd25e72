@testable import Invites
@testable import Shell
@testable import Supervision

struct DurationTarget: FuzzTarget {
    static let name = "duration"
    static let holds = "a length of time that is written is read back, and no moment or length is beyond its type"
    static let flags = ["-max_len=256"]

    func run(_ input: UnsafeRawBufferPointer) {
        let text = String(decoding: input, as: UTF8.self)
        // The same bytes as numbers, for what files, clocks and the protocol give.
        let numbers = (0..<3).map { index in
            (0..<8).reduce(Int64(0)) { number, byte in
                let place = index * 8 + byte
                return number << 8 | (place < input.count ? Int64(input[place]) : 0)
            }
        }
        if let lifetime = try? Lifetime(text) {
            check(lifetime)
            expectSum(Timestamp(millisecondsSinceEpoch: numbers[0]), lifetime)
        }
        let longest = Lifetime.maximum.seconds
        let seconds = 1 + Int64(bitPattern: numbers[1].magnitude % UInt64(longest))
        check(expectNoError("\(seconds)s is refused") { try Lifetime("\(seconds)s") })
        expect((try? Lifetime("\(longest + seconds)s")) == nil, "\(longest + seconds)s is accepted")

        // A length whose seconds are beyond their type cannot be written anywhere.
        let duration =
            Duration.seconds(max(min(numbers[1], .max - 1), .min + 1)) + .nanoseconds(numbers[2] % 1_000_000_000)
        let later = Timestamp(millisecondsSinceEpoch: numbers[0]).advanced(by: duration)
        if duration >= .zero {
            expect(later.millisecondsSinceEpoch >= numbers[0], "\(duration) after \(numbers[0]) is \(later)")
        } else {
            expect(later.millisecondsSinceEpoch <= numbers[0], "\(duration) before \(numbers[0]) is \(later)")
        }
        for number in numbers {
            for text in [
                Cell.seconds(number), Cell.bytes(number), Cell.decimal(Double(bitPattern: UInt64(bitPattern: number))),
            ] {
                expect(text.isHarmless && !text.isEmpty, "\(number) is shown as \(text.debugDescription)")
            }
        }
        for precision in [Cell.Precision.minutes, .seconds, .timeOfDay] {
            expect(Cell.time(text, precision)?.isHarmless ?? true, "\(text.debugDescription) is shown as a time")
        }
    }

    private func check(_ lifetime: Lifetime) {
        expect((1...Lifetime.maximum.seconds).contains(lifetime.seconds), "\(lifetime.seconds) seconds were accepted")
        let again = expectNoError("\(lifetime) is not read again") { try Lifetime(lifetime.description) }
        expect(again == lifetime && again.hashValue == lifetime.hashValue, "\(lifetime) is read again as \(again)")
        expect(same(again.description, lifetime.description), "\(lifetime) is written again as \(again)")
    }

    private func expectSum(_ start: Timestamp, _ lifetime: Lifetime) {
        let end = start.advanced(by: lifetime)
        let isLast = end.millisecondsSinceEpoch == .max
        expect(end > start || isLast, "\(lifetime) after \(start) is \(end)")
        expect(!(end < start) && (end == start || start < end), "\(start) and \(end) have no order")
        let byDuration = start.advanced(by: Duration.seconds(lifetime.seconds))
        expect(byDuration == end, "\(lifetime) after \(start) is \(end) and \(byDuration)")
    }
}
