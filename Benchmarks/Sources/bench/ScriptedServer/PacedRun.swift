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
    private var answers = 0
    private var errors = 0
    /// In the order in which the requests were due.
    private var latencies: [Int64]

    init(requests: DelegatedRequests, pacing: Pacing, first: Int, finished: EventLoopPromise<[Int64]>) {
        self.requests = requests
        self.pacing = pacing
        self.first = first
        self.finished = finished
        latencies = Array(repeating: 0, count: pacing.count)
    }

    var isSent: Bool { sent == pacing.count }
    var isComplete: Bool { isSent && answers == sent }

    /// How many requests to send now.
    func takeDue() -> Int {
        let due = pacing.due(at: .now(), start: start)
        defer { sent = due }
        return due - sent
    }

    func answered(_ number: Int, isError: Bool) {
        let number = number - first
        guard latencies.indices.contains(number) else { return }
        answers += 1
        if isError { errors += 1 }
        latencies[number] = (NIODeadline.now() - pacing.dueTime(of: number, start: start)).nanoseconds
    }

    func finish() {
        if errors > 0 {
            finished.fail(BenchError("\(errors) of \(sent) paced requests were answered by an error"))
        } else {
            finished.succeed(latencies)
        }
    }
}
