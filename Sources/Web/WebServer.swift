package import Invites
internal import Logging
internal import NIOCore
internal import NIOPosix
package import Pages
package import Runtime
internal import Synchronization

/// Serves the pages where the configuration says, and somewhere else as soon as it says so.
package final class WebServer: Sendable {
    /// The status of the server, for people.
    package enum Status: Hashable, Sendable, CustomStringConvertible {
        case off
        case listening(String)
        /// It is not where it should be, and why.
        case failed(String)

        package var description: String {
            switch self {
            case .off: "off"
            case .listening(let address): "listening on \(address)"
            case .failed(let reason): reason
            }
        }
    }

    private struct State: Sendable {
        var settings: WebSettings?
        var listener: HTTPListener?
        var status = Status.off
        /// Ends when all changes that were requested are done.
        var turn: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let hosts: any WebHosts
    private let renderer: any PageRendering
    private let key: SealKey
    private let limits = WebLimits()
    private let untrustedProxies = UntrustedProxies()
    private let metrics: WebMetrics
    private let mostConnections: Int
    private let dependencies: Dependencies

    /// How long answers that were begun may take when the place is left.
    private static let drainTime = Duration.seconds(10)

    /// - Parameter mostConnections: How many may be open at once.
    package init(
        _ hosts: any WebHosts, renderer: any PageRendering, key: SealKey, mostConnections: Int,
        metrics: MetricRegistry, dependencies: Dependencies
    ) {
        self.metrics = WebMetrics(metrics)
        self.hosts = hosts
        self.renderer = renderer
        self.key = key
        self.mostConnections = mostConnections
        self.dependencies = dependencies
    }

    package var status: Status { state.withLock { $0.status } }

    /// Below which URL there are pages now; `nil` while there are none.
    package var base: BaseURL? { state.withLock { $0.listener == nil ? nil : $0.settings?.base } }

    /// Applies other settings: first it listens at the new place, then it leaves the old one. Where it cannot listen,
    /// it stays where it was, and says so.
    ///
    /// - Parameter settings: `nil` to serve nothing.
    /// - Returns: The server's status then.
    @discardableResult package func apply(_ settings: WebSettings?) async -> Status {
        let task = state.withLock { state in
            let previous = state.turn
            let task = Task { [self] in
                await previous?.value
                return await change(to: settings)
            }
            state.turn = Task { _ = await task.value }
            return task
        }
        return await task.value
    }

    private func change(to settings: WebSettings?) async -> Status {
        let (old, listener, before) = state.withLock { ($0.settings, $0.listener, $0.status) }
        guard let settings else {
            state.withLock { ($0.settings, $0.listener, $0.status) = (nil, nil, .off) }
            guard before != .off else { return .off }
            await listener?.drain(within: Self.drainTime, sleep: dependencies.sleep)
            dependencies.logger.notice("pages are off")
            return .off
        }
        if let listener, settings.listen == old?.listen {
            let status = Status.listening(listener.boundAddress)
            // Another place that could not be had is wanted no more.
            state.withLock { ($0.settings, $0.status) = (settings, status) }
            if settings != old {
                dependencies.logger.notice("pages have other settings", metadata: ["base": "\(settings.base)"])
            }
            return status
        }
        do throws(HTTPListener.Failure) {
            let new = try await listen(settings)
            let status = Status.listening(new.boundAddress)
            state.withLock { ($0.settings, $0.listener, $0.status) = (settings, new, status) }
            dependencies.logger.notice(
                "pages are served", metadata: ["address": "\(new.boundAddress)", "base": "\(settings.base)"])
            await listener?.drain(within: Self.drainTime, sleep: dependencies.sleep)
            return status
        } catch {
            let kept = listener.map { "; pages stay at \($0.boundAddress)" } ?? ""
            let status = Status.failed("\(error)\(kept)")
            state.withLock { state in
                state.status = status
                // Where it still listens, the rest of the settings holds.
                if listener != nil { state.settings = settings.at(old?.listen) }
            }
            // It is tried again, for as long as it takes.
            if status != before {
                dependencies.logger.error("pages are not served as configured", metadata: ["reason": "\(status)"])
            }
            return status
        }
    }

    private func listen(_ settings: WebSettings) async throws(HTTPListener.Failure) -> HTTPListener {
        let connections = HTTPConnections(HTTPConnections.Limits(all: mostConnections))
        let (dependencies, metrics) = (dependencies, metrics)
        return try await HTTPListener.start(
            settings.listen, connections: connections,
            isUnlimited: { [weak self] peer in
                (self?.state.withLock { $0.settings } ?? settings).proxies.trusts(peer)
            },
            group: MultiThreadedEventLoopGroup.singleton,
            now: { dependencies.now().millisecondsSinceEpoch / 1_000 },
            ranOutOfFiles: dependencies.recordFileShortage, refused: metrics.rejected,
            responder: HTTPResponder(
                atOnce: { [weak self] request, peer in self?.respondAtOnce(to: request, from: peer, settings) },
                { [weak self] request, peer in
                    await self?.respond(to: request, from: peer, settings) ?? .plain(.serviceUnavailable)
                }))
    }

    private func respondAtOnce(
        to request: HTTPRequest, from peer: HTTPPeer, _ fallback: WebSettings
    ) -> HTTPResponse? {
        let start = NIODeadline.now()
        let app = app(fallback)
        noticeProxy(request, from: peer, app.settings.proxies)
        let route = app.route(of: request)
        guard let response = app.respondAtOnce(to: request, for: route, from: peer) else { return nil }
        metrics.answered(
            WebMetrics.Page(route), response.status, nanoseconds: (NIODeadline.now() - start).nanoseconds)
        return response
    }

    private func respond(
        to request: HTTPRequest, from peer: HTTPPeer, _ fallback: WebSettings
    ) async -> HTTPResponse {
        let start = NIODeadline.now()
        let app = app(fallback)
        let route = app.route(of: request)
        let response = await app.respond(to: request, for: route, from: peer)
        metrics.answered(
            WebMetrics.Page(route), response.status, nanoseconds: (NIODeadline.now() - start).nanoseconds)
        return response
    }

    private func noticeProxy(_ request: HTTPRequest, from peer: HTTPPeer, _ proxies: TrustedProxies) {
        guard let address = untrustedProxies.notice(request, from: peer, proxies) else { return }
        dependencies.logger.warning(
            "a proxy is not in trusted_proxies: all of its visitors count as one",
            metadata: ["address": "\(address)"])
    }

    private func app(_ fallback: WebSettings) -> WebApp {
        WebApp(
            settings: state.withLock { $0.settings } ?? fallback, hosts: hosts, renderer: renderer, key: key,
            limits: limits, dependencies: dependencies)
    }

    /// How many connections there are, and how many were refused.
    package var connectionMetrics: [MetricFamily] {
        guard let connections = state.withLock({ $0.listener })?.connections else { return [] }
        return [
            MetricFamily(
                "invited_http_connections", .gauge, "Open connections for pages.",
                [MetricFamily.Sample(Double(connections.count))]),
            MetricFamily(
                "invited_http_connections_refused_total", .counter, "Connections that were too many.",
                [MetricFamily.Sample(Double(connections.refusedCount))]),
        ]
    }

    /// Answers what was begun, and ends.
    package func shutDown(within limit: Duration) async {
        let listener = state.withLock { state in
            defer { (state.settings, state.listener, state.status) = (nil, nil, .off) }
            return state.listener
        }
        await listener?.drain(within: limit, sleep: dependencies.sleep)
    }
}

extension WebSettings {
    fileprivate func at(_ address: ListenAddress?) -> WebSettings {
        var settings = self
        if let address { settings.listen = address }
        return settings
    }
}
