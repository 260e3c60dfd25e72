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
    private let sockets: HandedOverSockets
    private let logger: Logger

    /// How long answers that were begun may take at the end.
    private static let timeout = Duration.seconds(10)
    private static let retryWait = Duration.seconds(10)

    /// - Parameter connections: How many may be open at once.
    init(_ daemon: Daemon, renderer: any PageRendering, sockets: HandedOverSockets, connections: Int, logger: Logger) {
        self.daemon = daemon
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
            logger.error("no pages: there is no key for their forms", metadata: ["reason": "\(error)"])
            server = nil
        }
        metrics = MetricsServer(dependencies: daemon.dependencies) { [daemon] in
            daemon.health
        } collect: { [daemon, server] in
            await daemon.metricFamilies() + registry.families + (server?.connectionMetrics ?? [])
        }
    }

    func run() async throws {
        let (server, metrics, sockets, logger, registry) = (server, metrics, sockets, logger, daemon.registry)
        // Each change after the one before it.
        let (changes, continuation) = AsyncStream.makeStream(of: HTTPConfiguration.self)
        await daemon.configuration.followHTTP { continuation.yield($0) }
        let sleep = daemon.dependencies.sleep
        await withGracefulShutdownHandler {
            var retry: Task<Void, Never>?
            for await change in changes {
                retry?.cancel()
                if let server {
                    await server.apply(Self.settings(change.web, sockets, logger))
                    registry.pages.url = server.base
                }
                await metrics.apply(Self.address(change.metrics, sockets, logger))
                guard case .failed? = server?.status else { continue }
                // Who has the place may be about to go, as after a restart.
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

    private static func settings(
        _ web: WebConfiguration?, _ sockets: HandedOverSockets, _ logger: Logger
    ) -> WebSettings? {
        guard let web else { return nil }
        do throws(HandedOverSockets.Failure) {
            guard let listen = try ListenAddress(web.listen, handedOver: sockets, named: "web") else {
                logger.error("no pages: `web` has no `listen`, and systemd hands over no socket named web")
                return nil
            }
            return WebSettings(listen: listen, base: web.baseURL, proxies: TrustedProxies(web.trustedProxies))
        } catch {
            logger.error("no pages", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}

extension WebService {
    private static func address(
        _ metrics: MetricsConfiguration?, _ sockets: HandedOverSockets, _ logger: Logger
    ) -> ListenAddress? {
        guard let metrics else { return nil }
        do throws(HandedOverSockets.Failure) {
            let address = try ListenAddress(metrics.listen, handedOver: sockets, named: "metrics")
            if address == nil {
                logger.error("no metrics: `metrics` has no `listen`, and systemd hands over no socket named metrics")
            }
            return address
        } catch {
            logger.error("no metrics", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}

extension ListenAddress {
    /// Where to listen: at what the service manager hands over, or where the configuration says.
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
