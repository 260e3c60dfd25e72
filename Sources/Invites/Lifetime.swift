/// How long an invite is good for: whole seconds, from one second to ten years.
///
/// It is written as numbers with a unit, from the largest unit to the smallest, each unit at most once:
/// `90s`, `30m`, `12h`, `7d`, `2w`, `1d12h`.
package struct Lifetime: Hashable, Sendable {
    /// The length in seconds, `1...315_360_000`.
    package let seconds: Int64

    /// The longest lifetime, 3,650 days.
    package static let maximum = Lifetime(validSeconds: 3_650 * Unit.day.seconds)
    /// 24 hours.
    package static let day = Lifetime(validSeconds: Unit.day.seconds)
    /// 30 days.
    package static let month = Lifetime(validSeconds: 30 * Unit.day.seconds)
    /// Seven days: the default of an invite.
    package static let week = Lifetime(validSeconds: Unit.week.seconds)

    /// Reads a lifetime as it is written in a configuration file.
    ///
    /// - Throws: ``LifetimeError`` when `text` is not one; its description says what would have been.
    package init(_ text: String) throws(LifetimeError) {
        var total: Int64 = 0
        var previous: Unit?
        var rest = text.utf8[...]
        repeat {
            let count = try Self.readCount(from: &rest)
            guard let letter = rest.popFirst() else { throw .missingUnit }
            guard let unit = Unit(rawValue: Character(Unicode.Scalar(letter))) else { throw .malformed }
            if let previous, unit.seconds >= previous.seconds { throw .wrongOrder }
            previous = unit
            // Both factors are bounded, and each unit occurs once: this stays far from overflowing.
            total += count * unit.seconds
        } while !rest.isEmpty
        guard total >= 1 else { throw .tooShort }
        guard total <= Self.maximum.seconds else { throw .tooLong }
        seconds = total
    }

    private init(validSeconds: Int64) {
        seconds = validSeconds
    }

    /// Takes the digits that `text` starts with, and bounds their value by the longest lifetime in seconds.
    private static func readCount(from text: inout Substring.UTF8View) throws(LifetimeError) -> Int64 {
        let digits = text.prefix { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }
        guard !digits.isEmpty else { throw .malformed }
        text = text[digits.endIndex...]
        var count: Int64 = 0
        for digit in digits {
            count = count * 10 + Int64(digit - UInt8(ascii: "0"))
            guard count <= maximum.seconds else { throw .tooLong }
        }
        return count
    }

    private enum Unit: Character, CaseIterable {
        case week = "w"
        case day = "d"
        case hour = "h"
        case minute = "m"
        case second = "s"

        var seconds: Int64 {
            switch self {
            case .week: 604_800
            case .day: 86_400
            case .hour: 3_600
            case .minute: 60
            case .second: 1
            }
        }
    }
}

extension Lifetime: CustomStringConvertible {
    /// The lifetime as ``init(_:)`` reads it, in its one canonical form: weeks alone when it is whole weeks, otherwise
    /// from days to seconds, each at most once and none that is zero: `2w`, `10d`, `1d12h`, `1m30s`.
    package var description: String {
        if seconds % Unit.week.seconds == 0 { return "\(seconds / Unit.week.seconds)w" }
        var text = ""
        var rest = seconds
        for unit in Unit.allCases.dropFirst() where rest >= unit.seconds {
            text += "\(rest / unit.seconds)\(unit.rawValue)"
            rest %= unit.seconds
        }
        return text
    }
}

/// Why a text is not a ``Lifetime``.
package enum LifetimeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Something other than numbers, each followed by one of the units.
    case malformed
    /// A number without a unit at the end.
    case missingUnit
    /// A smaller unit before a larger one, or the same unit twice.
    case wrongOrder
    /// Nothing at all, as `0s`.
    case tooShort
    /// More than ten years.
    case tooLong

    /// What is wrong and what was meant, to follow the place and the text in a message.
    package var description: String {
        switch self {
        case .malformed:
            "not a length of time: write numbers with a unit, w, d, h, m or s, such as 7d, 12h or 1d12h"
        case .missingUnit:
            "a length of time needs a unit after the number: w, d, h, m or s, such as 7d or 12h"
        case .wrongOrder:
            "the units of a length of time go from large to small, each at most once, such as 1d12h"
        case .tooShort:
            "too short: a length of time is at least 1s"
        case .tooLong:
            "too long: a length of time is at most 3650d"
        }
    }
}
