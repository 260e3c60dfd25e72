internal import Foundation
internal import Invites
internal import Synchronization

/// How long something lasts, and until when, in the words of one language.
struct ExpiryTimes: Sendable {
    let texts: any PageTexts
    let language: Int
    let zones: TimeZones

    private static let minute = 60
    private static let hour = 3600
    private static let day = 86_400

    /// Such as "for three more days": in the largest unit of which there are two, rounded down, so that nobody is promised more.
    func remaining(until end: Timestamp, from now: Timestamp) -> String {
        let (difference, overflow) = end.millisecondsSinceEpoch.subtractingReportingOverflow(now.millisecondsSinceEpoch)
        let seconds = overflow ? .max : Int(max(0, difference) / 1000)
        let (unit, count) = Self.unit(of: seconds)
        return texts.counted("expires_in_\(unit)", count, in: language)
    }

    static func unit(of seconds: Int) -> (unit: String, count: Int) {
        switch seconds {
        case ..<(2 * hour): ("minutes", max(1, seconds / minute))
        case ..<(2 * day): ("hours", seconds / hour)
        default: ("days", seconds / day)
        }
    }

    /// Such as "30 seconds" or "2 minutes", rounded up.
    func waiting(seconds: Int) -> String {
        let seconds = min(max(1, seconds), Self.day)
        return seconds < 2 * Self.minute
            ? texts.counted("wait_seconds", seconds, in: language)
            : texts.counted("wait_minutes", (seconds + Self.minute - 1) / Self.minute, in: language)
    }

    /// Such as "1 December 2026, 22:11 (Europe/Berlin)".
    func pointInTime(_ time: Timestamp, zone: String) -> String {
        let (offset, name) = zones.offset(of: zone, at: time)
        return "\(texts.pointInTime(CivilTime(time, offset: offset), in: language)) (\(name))"
    }
}

/// Time zones by the names that hosts give them.
final class TimeZones: Sendable {
    private let zones = Mutex<[String: TimeZone?]>([:])

    /// More names than hosts have at once are looked up each time.
    private static let most = 1024

    /// How many seconds a zone is east of UTC at a time, and its name; UTC where there is no such zone.
    func offset(of identifier: String, at time: Timestamp) -> (seconds: Int, name: String) {
        if identifier == "UTC" { return (0, "UTC") }
        let zone = zones.withLock { zones in
            if let zone = zones[identifier] { return zone }
            let zone = TimeZone(identifier: identifier)
            if zones.count < Self.most { zones[identifier] = .some(zone) }
            return zone
        }
        guard let zone else { return (0, "UTC") }
        let date = Date(timeIntervalSince1970: Double(time.millisecondsSinceEpoch) / 1000)
        return (zone.secondsFromGMT(for: date), identifier)
    }
}
