import NIOCore
import NIOPosix

/// Requests pages at a fixed rate, whether or not answers arrive. Time counts from when a page was due, so that a stall
/// shows in all that it held up.
final class PacedPages {
    static let connections = 32

    private let requests: [HTTPExchange.Request]
    private let pacing: Pacing
    private let loop: any EventLoop
    private let finished: EventLoopPromise<[Int64]>
    /// The one that has waited longest is taken first, so that none brings more requests than a connection may.
    private var free: CircularBuffer<HTTPExchange>
    private let start = NIODeadline.now()
    private var due = 0
    private var sent = 0
    private var answered = 0
    private var latencies: [Int64]

    private init(
        _ requests: [HTTPExchange.Request], _ pacing: Pacing, _ connections: [HTTPExchange], loop: any EventLoop,
        finished: EventLoopPromise<[Int64]>
    ) {
        (self.requests, self.pacing, self.loop, self.finished) = (requests, pacing, loop, finished)
        free = CircularBuffer(connections)
        latencies = Array(repeating: 0, count: pacing.count)
    }

    /// Asks for the pages in turn.
    ///
    /// - Returns: How long each took, in nanoseconds.
    /// - Throws: When one was not answered with success.
    static func run(
        _ requests: [HTTPExchange.Request], at port: Int, perSecond: Double, duration: Duration
    ) async throws -> [Int64] {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        var connections: [HTTPExchange] = []
        for _ in 0..<Self.connections { connections.append(try await HTTPExchange.connect(to: port, on: loop)) }
        let open = connections
        let pacing = Pacing(perSecond: perSecond, duration: duration)
        let finished = loop.makePromise(of: [Int64].self)
        let timeout = loop.scheduleTask(in: .nanoseconds(Int64(duration / .nanoseconds(1))) + .seconds(30)) {
            finished.fail(BenchError("pages are missing half a minute after the last one was due"))
        }
        return try await finally {
            timeout.cancel()
            for connection in open { await connection.close() }
        } _: {
            loop.execute { PacedPages(requests, pacing, open, loop: loop, finished: finished).tick() }
            return try await finished.futureResult.get()
        }
    }

    private func tick() {
        due = pacing.due(at: .now(), start: start)
        sendDue()
        guard sent < pacing.count else { return }
        loop.assumeIsolated().scheduleTask(in: Pacing.tick) { self.tick() }
    }

    private func sendDue() {
        while sent < due, let connection = free.popFirst() {
            let number = sent
            sent += 1
            let answer = loop.makePromise(of: HTTPExchange.Response.self)
            answer.futureResult.assumeIsolated().whenComplete { self.take($0, number, connection) }
            connection.send(requests[number % requests.count], answer)
        }
    }

    private func take(_ result: Result<HTTPExchange.Response, any Error>, _ number: Int, _ connection: HTTPExchange) {
        switch result {
        case .failure(let error): finished.fail(error)
        case .success(let response) where response.status != 200:
            finished.fail(BenchError("a page was answered with \(response.status): \(response.text.prefix(400))"))
        case .success(let response):
            latencies[number] = (NIODeadline.now() - pacing.dueTime(of: number, start: start)).nanoseconds
            answered += 1
            if response["connection"]?.lowercased() == "close" {
                return finished.fail(BenchError("the server ends connections while it is measured"))
            }
            free.append(connection)
            if answered == pacing.count { return finished.succeed(latencies) }
            sendDue()
        }
    }
}
