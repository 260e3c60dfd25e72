import Testing

@testable import Control

@Suite struct UserQuotaTests {
    private func taken(_ quota: UserQuota, _ uid: (Int) -> UInt32, isAdmin: Bool) -> Int {
        var quota = quota
        return (0..<1000).count { quota.acquire(uid($0), isAdmin: isAdmin) }
    }

    @Test(arguments: [0, 1, 4, 5, 20, 54, 85, 100, 246, 319, 320, 1000])
    func sessionsAndArrivalsFitIntoTheConnections(connections: Int) {
        let (sessions, arrivals) = UserQuota.shared(among: connections)
        let admins = taken(sessions, { _ in 0 }, isAdmin: true)
        let others = taken(sessions, UInt32.init, isAdmin: false)
        let arriving = taken(arrivals, UInt32.init, isAdmin: false)
        #expect(admins + arriving <= max(connections, 2))
        #expect((1...64).contains(admins) && (1...admins).contains(others) && (1...256).contains(arriving))
        #expect(connections < 6 || others < admins, "some are kept for admins")
        #expect(taken(sessions, { _ in 7 }, isAdmin: false) <= min(16, max(admins / 4, 1)))
    }

    @Test func manyConnectionsAreWhatTheyWere() {
        let (sessions, arrivals) = UserQuota.shared(among: 320)
        #expect(taken(sessions, { _ in 0 }, isAdmin: true) == 64)
        #expect(taken(sessions, UInt32.init, isAdmin: false) == 56)
        #expect(taken(sessions, { _ in 7 }, isAdmin: false) == 16)
        #expect(taken(arrivals, UInt32.init, isAdmin: false) == 256)
        #expect(taken(arrivals, { _ in 7 }, isAdmin: false) == 16)
    }

    @Test func theQuotaIsSharedAndSomeIsReserved() {
        var quota = UserQuota()
        func take(_ uid: UInt32, isAdmin: Bool = false) -> Bool { quota.acquire(uid, isAdmin: isAdmin) }
        // One user takes no more than a share.
        #expect((0..<20).count { _ in take(1000) } == 16)
        // All users together leave some.
        for uid: UInt32 in 1001...1010 { for _ in 0..<16 { _ = take(uid) } }
        #expect(!take(2000))
        #expect((0..<20).count { _ in take(0, isAdmin: true) } == 8)
        quota.release(1000)
        #expect(take(0, isAdmin: true))
        quota.release(0)
        quota.release(1000)
        quota.release(3000)
        // The reserved ones are all taken, and still no other user gets one.
        #expect(!take(1001))
        for _ in 0..<8 { quota.release(1001) }
        #expect(take(1001))
    }
}
