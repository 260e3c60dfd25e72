import TestSupport
import Testing

@testable import Runtime

@Suite struct FileShortageTests {
    @Test func itIsLoggedOnceAnHour() throws {
        let world = ControlledDependencies()
        let dependencies = world.surroundings
        for _ in 0..<1000 { dependencies.recordFileShortage() }
        #expect(world.log.items.count == 1)
        #expect(world.log.items.first?.hasPrefix("error too many files are open") == true, "\(world.log.items)")
        world.advance(byMilliseconds: 3_600_000)
        dependencies.recordFileShortage()
        #expect(world.log.items.last?.contains("held_back=999") == true, "\(world.log.items)")
    }

    @Test func itIsReportedForAnHourAfterTheLastTime() {
        let world = ControlledDependencies()
        let dependencies = world.surroundings
        #expect(dependencies.fileShortage.last(now: world.now) == nil)
        let first = world.now
        dependencies.recordFileShortage()
        world.advance(byMilliseconds: 3_600_000)
        #expect(dependencies.fileShortage.last(now: world.now) == first)
        world.advance(byMilliseconds: 1)
        #expect(dependencies.fileShortage.last(now: world.now) == nil)
        let second = world.now
        dependencies.recordFileShortage()
        #expect(dependencies.fileShortage.last(now: world.now) == second)
    }
}
