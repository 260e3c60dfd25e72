extension DateTime {
    /// A moment with its milliseconds: `2026-11-22T16:10:53.123Z`.
    package static func formatWithMilliseconds(_ milliseconds: Int64) -> String {
        let rest = ((milliseconds % 1000) + 1000) % 1000
        let fraction = String(1000 + rest).dropFirst()
        return "\(format(millisecondsSinceEpoch: milliseconds).dropLast()).\(fraction)Z"
    }

    /// Reads a moment of the DateTime profile (XEP-0082 §3.2), in any zone; fractions beyond milliseconds are cut off.
    ///
    /// - Returns: Milliseconds since 1970-01-01T00:00:00Z; `nil` for anything else, and for leap seconds.
    package static func parse(_ text: String) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        var rest = Array(text.utf8)[...]

        func number(_ width: Int) -> Int64? {
            guard rest.count >= width else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(width) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            rest = rest.dropFirst(width)
            return value
        }
        func sign(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest = rest.dropFirst()
            return true
        }

        guard let year = number(4), year >= 1, sign("-"), let month = number(2), (1...12).contains(month), sign("-"),
            let day = number(2), (1...days(of: month, in: year)).contains(day), sign("T"), let hour = number(2),
            hour < 24, sign(":"), let minute = number(2), minute < 60, sign(":"), let second = number(2), second < 60
        else { return nil }
        var milliseconds: Int64 = 0
        if sign(".") {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty else { return nil }
            for index in 0..<3 {
                let digit = digits.dropFirst(index).first ?? UInt8(ascii: "0")
                milliseconds = milliseconds * 10 + Int64(digit - UInt8(ascii: "0"))
            }
            rest = rest.dropFirst(digits.count)
        }
        var offset: Int64 = 0
        if !sign("Z") {
            let isEast = sign("+")
            guard isEast || sign("-"), let hours = number(2), hours < 24, sign(":"), let minutes = number(2),
                minutes < 60
            else { return nil }
            offset = (isEast ? 1 : -1) * (hours * 60 + minutes)
        }
        guard rest.isEmpty else { return nil }
        let minutes = (daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute - offset
        return (minutes * 60 + second) * 1000 + milliseconds
    }

    private static func days(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Civil date to days in the proleptic Gregorian calendar, counting years from March (Howard Hinnant's method).
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
