import Testing

@testable import Control

@Suite struct JournalAllowanceTests {
    private let hour: Int64 = 3_600_000

    @Test func whoHasWrittenTooMuchWaitsUntilThereIsSomethingLeft() {
        var allowance = JournalAllowance()
        #expect(allowance.delay(of: 1000, at: 0) == 0)
        allowance.charge(JournalAllowance.most - 1, to: 1000, at: 0)
        #expect(allowance.delay(of: 1000, at: 0) == 0)
        // The last change takes what it needs.
        allowance.charge(JournalAllowance.most / 24, to: 1000, at: 0)
        let delay = allowance.delay(of: 1000, at: 0)
        #expect(abs(delay - hour) < 1000)
        #expect(allowance.delay(of: 1000, at: delay - 1000) > 0)
        #expect(allowance.delay(of: 1000, at: delay) == 0)
        #expect(allowance.delay(of: 1001, at: 0) == 0)
    }

    @Test func noMoreThanOneFileIsSavedUp() {
        var allowance = JournalAllowance()
        allowance.charge(JournalAllowance.most / 2, to: 1000, at: 0)
        allowance.charge(JournalAllowance.most, to: 1000, at: 1000 * hour)
        #expect(allowance.delay(of: 1000, at: 1000 * hour) > 0)
        #expect(allowance.delay(of: 1000, at: 1001 * hour) == 0)
    }

    @Test func ofUsersWhoHaveAllOfItNothingIsKept() {
        var allowance = JournalAllowance()
        for user: UInt32 in 0..<100 { allowance.charge(100, to: user, at: 0) }
        allowance.charge(100, to: 1000, at: 24 * hour)
        var one = JournalAllowance()
        one.charge(100, to: 1000, at: 24 * hour)
        #expect(allowance == one)
    }
}
