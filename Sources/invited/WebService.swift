import Configuration
import Daemon
import Logging
import Pages
import Reconfiguration
import Runtime
import ServiceLifecycle
import Supervision
import Web

/// Serves pages and metrics, where the configuration wants any. Without them, everything else works all the same.
struct WebService: Service {
    private let daemon: Daemon
    private let server: WebServer?
    private let metrics: MetricsServer
    private let renderer: PageRenderer
    private let sockets: HandedOverSockets
    private let logger: Logger

    /// How long answers that were begun may take at the end.
    private static let timeout = Duration.seconds(10)
    private static let retryWait = Duration.seconds(10)

    /// What the configuration wants.
    private struct Change: Sendable {
        let configuration: HTTPConfiguration
        let number: Int
    }

    /// - Parameters:
    ///   - renderer: With the built-in pages.
    ///   - connections: How many may be open at once.
    init(_ daemon: Daemon, renderer: PageRenderer, sockets: HandedOverSockets, connections: Int, logger: Logger) {
        self.daemon = daemon
        self.renderer = renderer
        self.sockets = sockets
        self.logger = logger
        let registry = MetricRegistry()
        var entropy = daemon.dependencies.entropy
        do throws(FileError) {
            let key = try SealKey.load(from: daemon.settings.stateDirectory, using: &entropy)
            server = WebServer(
                daemon.pageHosts, renderer: renderer, key: key, mostConnections: connections,
                metrics: registry, dependencies: daemon.dependencies)
        } catch {
            logger.error("pages are not served: there is no key for their forms", metadata: ["reason": "\(error)"])
            server = nil
        }
        metrics = MetricsServer(dependencies: daemon.dependencies) { [daemon] in
            daemon.health
        } collect: { [daemon, server] in
            await daemon.metricFamilies() + registry.families + (server?.connectionMetrics ?? [])
        }
    }

    func run() async throws {
        // Each change after the one before it.
        let (changes, continuation) = AsyncStream.makeStream(of: Change.self)
        await daemon.configuration.followHTTP { continuation.yield(Change(configuration: $0, number: $1)) }
        let sleep = daemon.dependencies.sleep
        await withGracefulShutdownHandler {
            var retry: Task<Void, Never>?
            for await change in changes {
                retry?.cancel()
                let report = await apply(change.configuration)
                daemon.configuration.listeners.report(report, after: change.number)
                guard isRefusedPlace else { continue }
                // The process that has the place may be about to end, as after a restart.
                retry = Task {
                    guard (try? await sleep(Self.retryWait)) != nil else { return }
                    continuation.yield(change)
                }
            }
            retry?.cancel()
        } onGracefulShutdown: {
            continuation.finish()
        }
        await server?.shutDown(within: Self.timeout)
        await metrics.shutDown()
    }

    /// Whether a place could not be had.
    private var isRefusedPlace: Bool {
        for status in [server?.status, metrics.status] { if case .failed? = status { return true } }
        return false
    }

    private func apply(_ configuration: HTTPConfiguration) async -> HTTPListeners.Report {
        var report = HTTPListeners.Report()
        report.files = use(configuration.web)
        let pages = place(of: configuration.web.map(\.listen), "web")
        if let server {
            let settings = pages.address.flatMap { address in
                configuration.web.map {
                    WebSettings(listen: address, base: $0.baseURL, proxies: TrustedProxies($0.trustedProxies))
                }
            }
            report.pages = HTTPListeners.State(await server.apply(settings))
            daemon.registry.pages.url = server.base
        } else if configuration.web != nil {
            report.pages = .failed("there is no key for their forms")
        }
        if let trouble = pages.trouble { report.pages = .failed(trouble) }
        let place = place(of: configuration.metrics.map(\.listen), "metrics")
        await metrics.apply(place.address)
        report.metrics = place.trouble.map { .failed($0) } ?? HTTPListeners.State(metrics.status)
        return report
    }

    /// Has pages made of the provider's own files, if there are any.
    ///
    /// - Returns: That they cannot be used; then pages stay as they are.
    private func use(_ web: WebConfiguration?) -> String? {
        guard let web else { return nil }
        if !web.sources.isEmpty, web.pages == nil { return "the provider's own pages have mistakes, and are not used" }
        let design = web.pages?.design ?? .builtIn
        guard renderer.design !== design else { return nil }
        renderer.design = design
        logger.notice("pages are made of other files", metadata: ["files": "\(web.pages?.digest ?? "built in")"])
        return nil
    }

    /// Where to listen, as the configuration and the service manager say.
    ///
    /// - Parameter wanted: `nil` for nowhere.
    private func place(of wanted: ListenPlace??, _ name: String) -> (address: ListenAddress?, trouble: String?) {
        guard let wanted else { return (nil, nil) }
        do throws(HandedOverSockets.Failure) {
            if let address = try ListenAddress(wanted, handedOver: sockets, named: name) { return (address, nil) }
            let trouble = "`\(name)` has no `listen`, and systemd hands over no socket named \(name)"
            return (nil, logged(trouble, name))
        } catch {
            return (nil, logged("\(error)", name))
        }
    }

    private func logged(_ trouble: String, _ name: String) -> String {
        let what = name == "web" ? "pages" : "metrics"
        logger.error("\(what) are not served as configured", metadata: ["reason": "\(trouble)"])
        return trouble
    }
}

extension HTTPListeners.State {
    fileprivate init(_ status: WebServer.Status) {
        self =
            switch status {
            case .off: .off
            case .listening(let address): .listening(address)
            case .failed(let reason): .failed(reason)
            }
    }
}

extension ListenAddress {
    /// Where to listen: at the socket that the service manager passes, or where the configuration says.
    init?(
        _ place: ListenPlace?, handedOver sockets: HandedOverSockets, named name: String
    ) throws(HandedOverSockets.Failure) {
        if let descriptor = try sockets.descriptor(named: name) {
            self = .handedOver(descriptor)
            return
        }
        switch place {
        case .tcp(let address)?: self = .tcp(host: address.host, port: address.port)
        case .unix(let path)?: self = .unix(path)
        case nil: return nil
        }
    }
}
