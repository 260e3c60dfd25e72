internal import Invites
internal import Logging
internal import NIOPosix
package import Runtime
internal import Synchronization

/// The daemon's health, in a word.
package struct Health: Hashable, Sendable {
    package var isGood: Bool
    /// In a line.
    package var text: String

    package init(isGood: Bool, text: String) {
        self.isGood = isGood
        self.text = text
    }
}

/// Serves metrics at `/metrics`, and the daemon's health at `/health`, at an address of their own.
package final class MetricsServer: Sendable {
    private struct State: Sendable {
        var listener: HTTPListener?
        var status = WebServer.Status.off
        var turn: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let collect: @Sendable () async -> [MetricFamily]
    private let health: @Sendable () async -> Health
    private let dependencies: Dependencies

    private static let mostConnections = 16
    private static let drainTime = Duration.seconds(2)

    /// - Parameters:
    ///   - collect: Returns all metrics.
    ///   - health: Returns the daemon's health.
    package init(
        dependencies: Dependencies, health: @escaping @Sendable () async -> Health,
        collect: @escaping @Sendable () async -> [MetricFamily]
    ) {
        self.dependencies = dependencies
        self.health = health
        self.collect = collect
    }

    package var status: WebServer.Status { state.withLock { $0.status } }

    /// Moves to another place, or none. Where it cannot listen, it stays where it was, and the log says so.
    package func apply(_ address: ListenAddress?) async {
        let task = state.withLock { state in
            let previous = state.turn
            let task = Task { [self] in
                await previous?.value
                await change(to: address)
            }
            state.turn = task
            return task
        }
        await task.value
    }

    private func change(to address: ListenAddress?) async {
        let (old, before) = state.withLock { ($0.listener, $0.status) }
        if address == old?.address {
            state.withLock { $0.status = old.map { .listening($0.boundAddress) } ?? .off }
            return
        }
        do throws(HTTPListener.Failure) {
            var new: HTTPListener?
            if let address { new = try await listen(address) }
            state.withLock { ($0.listener, $0.status) = (new, new.map { .listening($0.boundAddress) } ?? .off) }
            if let new {
                dependencies.logger.notice("metrics are served", metadata: ["address": "\(new.boundAddress)"])
            } else {
                dependencies.logger.notice("metrics are off")
            }
            await old?.drain(within: Self.drainTime, sleep: dependencies.sleep)
        } catch {
            let kept = old.map { "; metrics stay at \($0.boundAddress)" } ?? ""
            let status = WebServer.Status.failed("\(error)\(kept)")
            state.withLock { $0.status = status }
            // It is tried again, for as long as it takes.
            if status != before {
                dependencies.logger.error(
                    "metrics are not served as configured", metadata: ["reason": "\(status)"])
            }
        }
    }

    private func listen(_ address: ListenAddress) async throws(HTTPListener.Failure) -> HTTPListener {
        let dependencies = dependencies
        return try await HTTPListener.start(
            address, connections: HTTPConnections(HTTPConnections.Limits(all: Self.mostConnections)),
            isUnlimited: { _ in true }, group: MultiThreadedEventLoopGroup.singleton,
            now: { dependencies.now().millisecondsSinceEpoch / 1_000 },
            ranOutOfFiles: dependencies.recordFileShortage, refused: { _ in },
            responder: HTTPResponder { [weak self] request, _ in
                await self?.respond(to: request) ?? .plain(.serviceUnavailable)
            })
    }

    private func respond(to request: HTTPRequest) async -> HTTPResponse {
        let path = RequestTarget(request.target, host: nil)?.path
        guard path == "/metrics" || path == "/health" else { return .plain(.notFound) }
        guard request.method == .get || request.method == .head else {
            return .plain(.methodNotAllowed, [("Allow", "GET, HEAD")])
        }
        if path == "/health" {
            let health = await health()
            return HTTPResponse(
                health.isGood ? .ok : .serviceUnavailable,
                [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store")],
                body: Array("\(health.text)\n".utf8))
        }
        let text = await collect().map(\.text).joined()
        return HTTPResponse(
            .ok, [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")],
            body: Array(text.utf8))
    }

    /// Ends.
    package func shutDown() async {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        await listener?.drain(within: Self.drainTime, sleep: dependencies.sleep)
    }
}
