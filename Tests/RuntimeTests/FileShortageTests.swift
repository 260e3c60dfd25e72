import TestSupport
import Testing

@testable import Runtime

@Suite struct FileShortageTests {
    @Test func itIsLoggedOnceAnHour() throws {
        let controlled = ControlledDependencies()
        let dependencies = controlled.dependencies
        for _ in 0..<1000 { dependencies.recordFileShortage() }
        #expect(controlled.log.items.count == 1)
        #expect(
            controlled.log.items.first?.hasPrefix("error too many files are open") == true, "\(controlled.log.items)")
        controlled.advance(byMilliseconds: 3_600_000)
        dependencies.recordFileShortage()
        #expect(controlled.log.items.last?.contains("held_back=999") == true, "\(controlled.log.items)")
    }

    @Test func itIsReportedForAnHourAfterTheLastTime() {
        let controlled = ControlledDependencies()
        let dependencies = controlled.dependencies
        #expect(dependencies.fileShortage.last(now: controlled.now) == nil)
        let first = controlled.now
        dependencies.recordFileShortage()
        controlled.advance(byMilliseconds: 3_600_000)
        #expect(dependencies.fileShortage.last(now: controlled.now) == first)
        controlled.advance(byMilliseconds: 1)
        #expect(dependencies.fileShortage.last(now: controlled.now) == nil)
        let second = controlled.now
        dependencies.recordFileShortage()
        #expect(dependencies.fileShortage.last(now: controlled.now) == second)
    }
}
