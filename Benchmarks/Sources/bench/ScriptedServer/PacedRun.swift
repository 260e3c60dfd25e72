import NIOCore

/// A paced load as it goes on: what was sent, and how long each answer took since its request was due.
///
/// Time counts from when a request was due, not from when it was sent, so that a stall shows in every request that it
/// held up.
final class PacedRun {
    let requests: DelegatedRequests
    let finished: EventLoopPromise<[Int64]>
    private let pacing: Pacing
    private let first: Int
    private let start = NIODeadline.now()
    private var sent = 0
    private var errors = 0
    private var latencies: [Int64] = []

    init(requests: DelegatedRequests, pacing: Pacing, first: Int, finished: EventLoopPromise<[Int64]>) {
        self.requests = requests
        self.pacing = pacing
        self.first = first
        self.finished = finished
        latencies.reserveCapacity(pacing.count)
    }

    var isSent: Bool { sent == pacing.count }
    var isComplete: Bool { isSent && latencies.count + errors == sent }

    /// How many requests to send now.
    func takeDue() -> Int {
        let due = pacing.due(at: .now(), start: start)
        defer { sent = due }
        return due - sent
    }

    func answered(_ number: Int, isError: Bool) {
        guard !isError else {
            errors += 1
            return
        }
        let due = pacing.dueTime(of: number - first, start: start)
        latencies.append((NIODeadline.now() - due).nanoseconds)
    }

    func finish() {
        if errors > 0 {
            finished.fail(BenchError("\(errors) of \(sent) paced requests were answered by an error"))
        } else {
            finished.succeed(latencies)
        }
    }
}
