import NIOCore
import NIOPosix

/// Ports of the loopback interface.
enum LoopbackPort {
    /// A port that was free a moment ago.
    static func free() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        defer { channel.close(promise: nil) }
        guard let port = channel.localAddress?.port else { throw BenchError("no free port") }
        return port
    }

    /// Returns once something listens there.
    static func awaitListener(
        _ port: Int, process: ChildProcess, within limit: Duration = .seconds(20)
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end {
            if let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            {
                try await channel.close()
                return
            }
            guard RunningProcesses.contains(process.pid) else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchError("nothing listens on port \(port):\n\(process.lastWords)")
    }
}
