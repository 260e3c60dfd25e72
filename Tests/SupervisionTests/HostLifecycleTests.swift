import Invites
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite struct HostLifecycleTests {
    var random = ControlledDependencies().entropy

    private func time(_ seconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: seconds * 1000) }

    @Test mutating func troubleIsTimedFromItsStartAndToldByItsLatestReason() throws {
        var life = HostLifecycle(now: time(0))
        #expect(life.state == .running)
        #expect(life.lastTrouble == nil)
        let first = try #require(life.failed("full", now: time(10), using: &random))
        #expect(first >= .milliseconds(500) && first <= .seconds(1))
        #expect(life.state == .quarantined && life.lastTrouble == "full" && life.since == time(10))
        #expect(life.retryAt == time(10).advanced(by: first))
        let second = try #require(life.retryFailed("locked", now: time(12), using: &random))
        #expect(second >= .seconds(1) && second <= .seconds(2))
        #expect(life.state == .quarantined && life.lastTrouble == "locked" && life.since == time(10))
        #expect(life.retryAt == time(12).advanced(by: second))
        let recovered = life.recovered(now: time(20))
        #expect(recovered)
        #expect(life.state == .running && life.retryAt == nil)
        #expect(life.since == time(20))
        #expect(life.lastTrouble == "locked")
    }

    @Test mutating func aFullDiskIsReadAndTidied() {
        var life = HostLifecycle(now: time(0))
        #expect([StorageUse.reading, .storing, .removing].allSatisfy(life.allows))
        _ = life.failed("full", isFull: true, now: time(1), using: &random)
        #expect(life.allows(.reading) && life.allows(.removing) && !life.allows(.storing))
        // What is wrong besides is not waited for in every command.
        _ = life.retryFailed("damaged", now: time(2), using: &random)
        #expect(![StorageUse.reading, .storing, .removing].contains(where: life.allows))
        _ = life.retryFailed("full", isFull: true, now: time(3), using: &random)
        #expect(life.allows(.reading))
        _ = life.failed("it does not answer", now: time(4), using: &random)
        #expect(!life.allows(.reading))
        life.stop(now: time(5))
        #expect(![StorageUse.reading, .storing, .removing].contains(where: life.allows))
    }

    @Test mutating func inQuarantineOneRetryIsDueAtATime() {
        var life = HostLifecycle(now: time(0))
        #expect(life.failed("full", now: time(1), using: &random) != nil)
        #expect(life.failed("full", now: time(2), using: &random) == nil)
        #expect(life.state == .quarantined && life.lastTrouble == "full" && life.since == time(1))
    }

    @Test mutating func waitsGrowUpToABoundUntilAnInviteIsStored() throws {
        var life = HostLifecycle(now: time(0))
        var waits = [try #require(life.failed("io", now: time(0), using: &random))]
        for _ in 0..<20 { waits.append(try #require(life.retryFailed("io", now: time(1), using: &random))) }
        #expect(waits.allSatisfy { $0 <= .seconds(300) })
        #expect(waits.last.map { $0 >= .seconds(150) } == true)
        // A host that recovers only to fail at its next invite does not start over with the backoff.
        let recovered = life.recovered(now: time(1))
        #expect(recovered)
        #expect(try #require(life.failed("io", now: time(2), using: &random)) >= .seconds(150))
        let recoveredAgain = life.recovered(now: time(3))
        #expect(recoveredAgain)
        life.succeeded()
        #expect(try #require(life.failed("io", now: time(4), using: &random)) <= .seconds(1))
    }

    @Test mutating func aLateSuccessDoesNotShortenTheQuarantine() throws {
        var life = HostLifecycle(now: time(0))
        _ = life.failed("io", now: time(0), using: &random)
        for _ in 0..<10 { _ = life.retryFailed("io", now: time(1), using: &random) }
        life.succeeded()
        #expect(try #require(life.retryFailed("io", now: time(1), using: &random)) >= .seconds(150))
    }

    @Test mutating func stoppedItStaysStopped() {
        var life = HostLifecycle(now: time(0))
        _ = life.failed("io", now: time(1), using: &random)
        life.stop(now: time(2))
        let recovered = life.recovered(now: time(3))
        #expect(!recovered)
        #expect(life.failed("io", now: time(3), using: &random) == nil)
        #expect(life.retryFailed("io", now: time(1), using: &random) == nil)
        #expect(life.state == .stopped && life.retryAt == nil)
        #expect(life.since == time(2))
    }

    @Test mutating func nothingToRecoverFrom() {
        var life = HostLifecycle(now: time(0))
        let recovered = life.recovered(now: time(3))
        #expect(!recovered)
        #expect(life.since == time(0))
    }
}
