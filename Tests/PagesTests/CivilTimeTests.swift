import Foundation
import Invites
import Testing

@testable import Pages

@Suite struct CivilTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_795_903_910_000, "2026-11-28T22:11:50Z"), (4_107_542_399_999, "2100-02-28T23:59:59Z"),
            (Int64.max, "9999-12-31T23:59:59Z"), (Int64.min, "0001-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func theCalendarIsTheUsualOne(milliseconds: Int64, expected: String) {
        #expect(CivilTime(Timestamp(millisecondsSinceEpoch: milliseconds), offset: 0).iso8601 == expected)
    }

    @Test func itAgreesWithFoundation() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: -20_000, through: 60_000, by: 7) {
            let seconds = day * 86_400 + 43_210
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(seconds)))
            let time = CivilTime(Timestamp(millisecondsSinceEpoch: Int64(seconds) * 1000), offset: 0)
            #expect(time.year == parts.year && time.month == parts.month && time.day == parts.day)
        }
    }

    @Test func zonesHaveTheirSummer() {
        let zones = TimeZones()
        let winter = Timestamp(millisecondsSinceEpoch: 1_795_903_910_000)
        let summer = Timestamp(millisecondsSinceEpoch: 1_782_864_000_000)
        #expect(zones.offset(of: "Europe/Berlin", at: winter) == (3600, "Europe/Berlin"))
        #expect(zones.offset(of: "Europe/Berlin", at: summer) == (7200, "Europe/Berlin"))
        #expect(zones.offset(of: "UTC", at: summer) == (0, "UTC"))
        #expect(zones.offset(of: "Nowhere/At_All", at: summer) == (0, "UTC"))
    }
}
