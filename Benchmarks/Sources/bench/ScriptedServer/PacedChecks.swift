import NIOCore

/// Bad tokens of one host that are asked about at a fixed rate, whether or not answers arrive.
final class PacedChecks {
    let host: String
    private let pacing: Pacing
    private let finished: EventLoopPromise<Int>
    private let start = NIODeadline.now()
    private var sent = 0
    private var refused = 0

    init(host: String, pacing: Pacing, finished: EventLoopPromise<Int>) {
        self.host = host
        self.pacing = pacing
        self.finished = finished
    }

    var isSent: Bool { sent == pacing.count }

    /// Writes those that have become due.
    func writeDue(into buffer: inout ByteBuffer) {
        let due = pacing.due(at: .now(), start: start)
        for number in sent..<due { ModuleRequest.writeCheck(number, of: host, into: &buffer) }
        sent = due
    }

    /// Takes an answer. After the last one, reports how many there were.
    func take(_ tag: IQTag) {
        guard tag.number(prefix: ModuleRequest.checkPrefix) != nil else { return }
        guard tag.has("type", "error") else {
            return finished.fail(BenchError("a token that is not there was found good"))
        }
        refused += 1
        if refused == pacing.count { finished.succeed(refused) }
    }

    func fail(_ error: any Error) {
        finished.fail(error)
    }
}
