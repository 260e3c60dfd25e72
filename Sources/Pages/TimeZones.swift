internal import Foundation
internal import Invites
internal import Synchronization

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
