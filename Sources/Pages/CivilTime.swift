internal import Invites

/// A point in time as a calendar and a clock show it: proleptic Gregorian, at a fixed distance from UTC.
struct CivilTime: Hashable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int

    /// - Parameter offset: Seconds east of UTC.
    init(_ time: Timestamp, offset: Int) {
        // Years of five digits are far enough, and nothing overflows.
        let bounded = min(max(time.millisecondsSinceEpoch, -62_135_596_800_000), 253_402_300_799_000)
        let seconds = Int(bounded >= 0 ? bounded / 1000 : (bounded - 999) / 1000) + min(max(offset, -86_400), 86_400)
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = seconds - days * 86_400
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: eras of 400 years from March 0000.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `2026-11-28T22:11:50Z`, if it was made with an offset of 0 (RFC 3339).
    var iso8601: String {
        "\(Self.padded(year, 4))-\(Self.padded(month))-\(Self.padded(day))T\(clock):\(Self.padded(second))Z"
    }

    /// `22:11`.
    var clock: String { "\(Self.padded(hour)):\(Self.padded(minute))" }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
