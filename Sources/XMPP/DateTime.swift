/// XEP-0082 dates and times.
package enum DateTime {
    /// A moment as the DateTime profile writes it in UTC: `2026-11-22T16:10:53Z` (XEP-0082 §3.2).
    ///
    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z; fractions of a second are cut off, and years beyond 1…9999
    ///   are clamped to them.
    package static func format(millisecondsSinceEpoch milliseconds: Int64) -> String {
        let earliest: Int64 = -62_135_596_800
        let latest: Int64 = 253_402_300_799
        var seconds = milliseconds / 1000
        if milliseconds % 1000 < 0 { seconds -= 1 }
        seconds = min(max(seconds, earliest), latest)
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        // Days to civil date in the proleptic Gregorian calendar, counting years from March (Howard Hinnant's method).
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

        var text = ""
        text.reserveCapacity(20)
        func append(_ value: Int64, width: Int) {
            let digits = String(value)
            for _ in digits.utf8.count..<max(width, digits.utf8.count) { text += "0" }
            text += digits
        }
        append(year, width: 4)
        text += "-"
        append(month, width: 2)
        text += "-"
        append(day, width: 2)
        text += "T"
        append(rest / 3600, width: 2)
        text += ":"
        append(rest / 60 % 60, width: 2)
        text += ":"
        append(rest % 60, width: 2)
        text += "Z"
        return text
    }
}
