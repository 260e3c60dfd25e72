import Invites
import TestSupport
import Testing

@testable import Storage

@Suite struct JobQueueTests {
    private func add(_ count: Int) -> Job {
        .store(Job.Storing(rows: count, makesDatabase: true, write: { _ in {} }, fail: { _ in }))
    }

    private var call: Job { .call(.reading) { _ in Job.Outcome(error: nil) {} } }

    private func rows(_ jobs: [Job]) -> [Int] { jobs.map(\.weight) }

    @Test func getsInLineOnceAtATime() throws {
        let queue = Queue(capacity: 10, rowsPerTurn: 1)
        #expect(try queue.append(add(1)))
        #expect(try !queue.append(add(1)))
        #expect(queue.takeTurn().count == 1)
        #expect(try !queue.append(add(1)), "while held, release() gets in line")
        #expect(queue.release())
        #expect(queue.takeTurn().count == 1)
        #expect(queue.release())
        #expect(queue.takeTurn().count == 1)
        #expect(!queue.release())
    }

    @Test func groupsWhatIsStoredUpToATurnsRowsAndKeepsTheOrder() throws {
        let queue = Queue(capacity: 100, rowsPerTurn: 10)
        for job in [add(4), add(5), add(2), call, add(1), add(20), add(1)] { _ = try queue.append(job) }
        var turns: [[Int]] = []
        repeat { turns.append(rows(queue.takeTurn())) } while queue.release()
        #expect(turns == [[4, 5], [2], [1], [1], [20], [1]])
    }

    @Test func refusesRowsBeyondItsCapacity() throws {
        let queue = Queue(capacity: 10, rowsPerTurn: 10)
        _ = try queue.append(add(9))
        #expect(throws: StoreError.overloaded) { try queue.append(add(2)) }
        _ = try queue.append(call)
        #expect(throws: StoreError.overloaded) { try queue.append(call) }
        #expect(rows(queue.takeTurn()) == [9])
        _ = try queue.append(add(9))
        #expect(throws: StoreError.overloaded) { try queue.append(add(1)) }
    }

    @Test func aClaimKeepsTurnsOutUntilItIsReleased() throws {
        let queue = Queue(capacity: 10, rowsPerTurn: 10)
        #expect(try queue.append(call))
        #expect(queue.claim())
        #expect(!queue.claim())
        #expect(queue.takeTurn().isEmpty)
        #expect(queue.release(), "the turn that was missed is made up for")
        #expect(queue.takeTurn().count == 1)
        #expect(!queue.claim())
        #expect(!queue.release())
    }

    @Test func finishesWithItsLastJob() throws {
        let queue = Queue(capacity: 2, rowsPerTurn: 10)
        _ = try queue.append(add(2))
        #expect(!queue.finish(with: .close {}))
        #expect(throws: StoreError.closed) { try queue.append(call) }
        #expect(rows(queue.takeTurn()) == [2])
        #expect(queue.release())
        #expect(rows(queue.takeTurn()) == [0])
        #expect(!queue.release())
        #expect(queue.abandon().isEmpty)
    }
}

/// A queue that expectations can change.
private final class Queue {
    private var queue: JobQueue

    init(capacity: Int, rowsPerTurn: Int) { queue = JobQueue(capacity: capacity, rowsPerTurn: rowsPerTurn) }

    func append(_ job: Job) throws -> Bool { try queue.append(job) }
    func finish(with job: Job) -> Bool { queue.finish(with: job) }
    func takeTurn() -> [Job] { queue.takeTurn() }
    func claim() -> Bool { queue.claim() }
    func release() -> Bool { queue.release() }
    func abandon() -> [Job] { queue.abandon() }
}
