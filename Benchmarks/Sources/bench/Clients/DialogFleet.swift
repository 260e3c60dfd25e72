import NIOCore
import NIOPosix

/// Twenty clients, each of which opens one stream after the other.
struct DialogFleet: Sendable {
    static let streams = 20

    let port: Int

    /// Runs so many dialogs, and returns how long that took.
    func run(_ count: Int, _ dialog: @escaping @Sendable (Int) -> StreamDialog) async throws -> Duration {
        let numbers = Numbers(count: count)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        return try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.streams {
                    group.addTask {
                        while let number = numbers.next() {
                            try await hold(dialog(number), loop: loop)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func hold(_ dialog: StreamDialog, loop: any EventLoop) async throws {
        let finished = loop.makePromise(of: Void.self)
        let timeout = loop.scheduleTask(in: .seconds(60)) {
            finished.fail(BenchError("a stream before login was not answered within a minute"))
        }
        defer { timeout.cancel() }
        do {
            _ = try await ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(DialogClient(dialog, finished: finished))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            finished.fail(error)
        }
        try await finished.futureResult.get()
    }
}
