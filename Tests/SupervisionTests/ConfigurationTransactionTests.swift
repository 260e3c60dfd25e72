import Invites
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite struct ConfigurationTransactionTests {
    private typealias Transaction = ConfigurationTransaction
    private typealias Record = ConfigurationTransaction.Record
    private typealias Pending = ConfigurationTransaction.Pending

    private let deadline = Timestamp(millisecondsSinceEpoch: 5000)
    private var pending: Record { Record(running: 3, pending: Pending(back: 2, deadline: 5000)) }

    @Test func anApplyTakesTheNextNumber() throws {
        var transaction = Transaction(record: Record(running: 2), latest: 4)
        let move = try transaction.applying(isSame: false, confirmedBy: nil)
        #expect(move.record == Record(running: 5) && !move.isDurableFirst)
        #expect(transaction.record.running == 2 && transaction.generation == 0)
        transaction.commit(move)
        #expect(transaction.latest == 5 && transaction.generation == 1)
        let same = try transaction.applying(isSame: true, confirmedBy: deadline)
        #expect(same.record == Record(running: 5) && !same.isDurableFirst)
        // Plans of other callers stay valid.
        transaction.commit(same)
        #expect(transaction.generation == 1)
    }

    @Test func whatWaitsIsOnTheDiskFirstAndKeepsOthersOut() throws {
        var transaction = Transaction(record: Record(running: 2, rejected: "bad"), latest: 2)
        let move = try transaction.applying(isSame: false, confirmedBy: deadline)
        #expect(move.isDurableFirst)
        #expect(move.record == Record(running: 3, pending: Pending(back: 2, deadline: 5000), rejected: "bad"))
        transaction.commit(move)
        #expect(transaction.needed == [2, 3] && transaction.deadline == deadline)
        #expect(throws: ConfigurationRefusal.pending(until: deadline)) {
            try transaction.applying(isSame: false, confirmedBy: nil)
        }
        let confirmed = try transaction.confirming()
        #expect(confirmed.isDurableFirst && confirmed.record == Record(running: 3))
        transaction.commit(confirmed)
        #expect(throws: ConfigurationRefusal.self) { try transaction.confirming() }
        #expect(transaction.deadline == nil)
    }

    @Test func anApplyTakesBackThatFilesWereRejected() throws {
        let transaction = Transaction(record: Record(running: 2, rejected: "bad"), latest: 3)
        for isSame in [false, true] {
            let move = try transaction.applying(isSame: isSame, confirmedBy: nil)
            // Otherwise a power cut would bring back what the operator has just left.
            #expect(move.isDurableFirst && move.record.rejected == nil)
        }
    }

    @Test func anUndoGoesBackToBeforeWhatWaitsOrTheLastOrWhereItIsTold() throws {
        let waiting = Transaction(record: pending, latest: 3)
        #expect(
            try waiting.undoing(to: nil, before: 1, among: [1, 2, 3], files: "new").record
                == Record(running: 2, rejected: "new"))
        #expect(
            try waiting.undoing(to: 1, before: 2, among: [1, 2, 3], files: "new").record
                == Record(running: 1, rejected: "new"))
        let idle = Transaction(record: Record(running: 7, rejected: "old"), latest: 9)
        // Not 5, which was undone itself.
        #expect(
            try idle.undoing(to: nil, before: 3, among: [3, 5, 8], files: nil).record
                == Record(running: 3, rejected: "old"))
        #expect(
            try idle.undoing(to: 8, before: 3, among: [3, 5, 8], files: "x").record
                == Record(running: 8, rejected: "x"))
        for (number, before, kept) in [
            (nil, nil, [5, 7, 8]), (nil, 5, [7, 8]), (nil, 7, [7]), (4, 3, [3, 5]), (7, 3, [7]),
        ] as [(Int?, Int?, [Int])] {
            #expect(throws: ConfigurationRefusal.self) {
                try idle.undoing(to: number, before: before, among: kept, files: nil)
            }
        }
        var undone = idle
        undone.commit(try idle.undoing(to: nil, before: 5, among: [5], files: nil))
        // Numbers are never given twice.
        #expect(try undone.applying(isSame: false, confirmedBy: nil).record.running == 10)
    }

    @Test func aStartTakesTheFilesUnlessTheyWereUndoneOrNeverConfirmed() {
        let kept = [1: "one", 2: "two", 3: "three"]
        func start(_ record: Record?, _ files: String) -> Transaction.Start {
            Transaction.start(record, files: files, kept: kept)
        }
        #expect(start(nil, "one") == .files)
        #expect(start(Record(running: 1), "two") == .files)
        #expect(start(Record(running: 2, rejected: "three"), "three") == .snapshot(2))
        #expect(start(Record(running: 2, rejected: "three"), "mended") == .files)
        #expect(start(pending, "three") == .snapshot(2))
        #expect(start(pending, "edited meanwhile") == .snapshot(2))
        // The operator has put the old files back.
        #expect(start(pending, "two") == .files)
    }

    @Test func afterARecoveryTheNextStartDoesTheSame() {
        let kept = [2: "two", 3: "three"]
        let (recovered, isNew) = Transaction.started(
            .snapshot(2), files: "three", kept: kept, previous: pending)
        #expect(recovered.record == Record(running: 2, rejected: "three") && !isNew && recovered.latest == 3)
        #expect(
            Transaction.start(recovered.record, files: "three", kept: kept) == .snapshot(2))
        #expect(Transaction.start(recovered.record, files: "other", kept: kept) == .files)
    }

    @Test func aStartGivesANumberOnlyToWhatIsNew() {
        let kept = [2: "two", 3: "three", 5: "three"]
        func started(_ record: Record?, _ files: String) -> (Record, Bool) {
            let (transaction, isNew) = Transaction.started(.files, files: files, kept: kept, previous: record)
            return (transaction.record, isNew)
        }
        #expect(started(Record(running: 3), "three") == (Record(running: 3), false))
        #expect(started(nil, "three") == (Record(running: 5), false))
        #expect(started(Record(running: 2, rejected: "three"), "new") == (Record(running: 6), true))
        // What ran has never reached the disk.
        #expect(started(Record(running: 9), "new") == (Record(running: 10), true))
        #expect(Transaction.started(.files, files: "a", kept: [:], previous: nil).transaction.record.running == 1)
    }
}
