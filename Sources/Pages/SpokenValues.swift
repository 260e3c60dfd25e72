internal import Invites
internal import Languages

/// Times and numbers in the words of one language.
struct SpokenValues: Sendable {
    let texts: Texts
    let zones: TimeZones

    private static let hour = 3600
    private static let day = 86_400

    /// Such as "Valid for 3 more days, until 1 December 2026, 22:11 (Europe/Berlin).": in the largest unit of which there are
    /// two. What is left of the last unit counts as a whole one if little of it is gone, so that a link for a week is
    /// one for 7 days also when it is opened: an hour of a day, 5 minutes of an hour, half a minute of a minute.
    func validity(until end: Timestamp, from now: Timestamp, zone: String) -> String {
        let seconds = Self.seconds(from: now, to: end)
        let time = moment(end, zone: zone)
        if seconds < 60 { return texts.text(.landingValidMoments, [.time: time]) }
        let (days, hours) = ((seconds + Self.hour) / Self.day, (seconds + 300) / Self.hour)
        if days >= 2 { return texts.text(.landingValidDays, [.time: time], count: days) }
        if hours >= 2 { return texts.text(.landingValidHours, [.time: time], count: hours) }
        return texts.text(.landingValidMinutes, [.time: time], count: (seconds + 30) / 60)
    }

    /// Such as "It was valid until 1 December 2026, 22:11 (Europe/Berlin), 3 days ago.": in the largest unit of which
    /// two have passed.
    func expiry(at end: Timestamp, now: Timestamp, zone: String) -> String {
        let seconds = Self.seconds(from: end, to: now)
        let time = moment(end, zone: zone)
        return switch seconds {
        case ..<60: texts.text(.problemExpiredText, [.time: time])
        case ..<(2 * Self.hour): texts.text(.problemExpiredMinutes, [.time: time], count: seconds / 60)
        case ..<(2 * Self.day): texts.text(.problemExpiredHours, [.time: time], count: seconds / Self.hour)
        default: texts.text(.problemExpiredDays, [.time: time], count: seconds / Self.day)
        }
    }

    /// None where the end is before the start.
    private static func seconds(from start: Timestamp, to end: Timestamp) -> Int {
        let (difference, overflow) = end.millisecondsSinceEpoch.subtractingReportingOverflow(
            start.millisecondsSinceEpoch)
        return overflow ? Int(Int32.max) : Int(clamping: min(max(0, difference) / 1000, Int64(Int32.max)))
    }

    /// Such as "1 December 2026, 22:11 (Europe/Berlin)".
    func moment(_ time: Timestamp, zone: String) -> String {
        let (offset, name) = zones.offset(of: zone, at: time)
        let civil = CivilTime(time, offset: offset)
        let date = texts.text(
            .timeDate,
            [.day: String(civil.day), .month: texts[Self.months[civil.month - 1]], .year: String(civil.year)])
        return texts.text(.timeMoment, [.date: date, .clock: civil.clock, .zone: name])
    }

    /// By their number less 1.
    private static let months: [TextKey] = [
        .timeMonth1, .timeMonth2, .timeMonth3, .timeMonth4, .timeMonth5, .timeMonth6, .timeMonth7, .timeMonth8,
        .timeMonth9,
        .timeMonth10, .timeMonth11, .timeMonth12,
    ]

    func passwordHint(_ length: Int) -> String { texts.text(.formPasswordHint, count: length) }

    func passwordShort(_ length: Int) -> String { texts.text(.formPasswordShort, count: length) }

    /// Such as "Please try again in 2 minutes.", rounded up.
    func retry(afterSeconds seconds: Int) -> String {
        texts.text(.problemTooManyText, count: (min(max(1, seconds), Self.day) + 59) / 60)
    }
}
