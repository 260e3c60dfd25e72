package import Accounts
package import Configuration
internal import Invites
internal import Logging
package import Runtime
package import Supervision
package import XMPP

/// The XMPP component: one connection to a server, and the requests of all hosts over it.
package final class ComponentService: Sendable {
    package let settings: DaemonConfiguration.Component
    let connection: ComponentConnection
    let router: Router
    let registry: HostRegistry
    let dependencies: Dependencies
    /// The servers of the hosts, as they are asked for accounts.
    package let servers: HostServers
    private let inFlight: InFlight

    /// Requests that may wait in all. Each is at most one stanza of the parser's limit, so this bounds their memory.
    private static let requestsInFlight = 8192

    /// Makes it, without connecting, and registers it with the hosts.
    ///
    /// - Parameters:
    ///   - redeeming: What answers requests about tokens, where that is not the hosts' services.
    ///   - statusChanged: Called with the status of the connection, at every change, on any thread. It must not block.
    package init(
        _ settings: DaemonConfiguration.Component, registry: HostRegistry, redeeming: (any Redeeming)? = nil,
        dependencies: Dependencies,
        statusChanged: @escaping @Sendable (ComponentStatus) -> Void
    ) {
        self.settings = settings
        self.registry = registry
        self.dependencies = dependencies
        let outlet = Outlet()
        inFlight = InFlight(limit: Self.requestsInFlight)
        servers = HostServers(dependencies)
        router = Router(
            domain: settings.jid.domain, outlet: outlet, inFlight: inFlight,
            refusals: RefusalLog(dependencies, prober: Self.prober(of: settings)), servers: servers,
            redeeming: redeeming ?? HostRedeeming(registry: registry), dependencies: dependencies)
        connection = ComponentConnection(
            ComponentOptions(settings), outlet: outlet, receiver: router, group: dependencies.eventLoop,
            logger: dependencies.logger, now: { dependencies.now().millisecondsSinceEpoch },
            statusChanged: statusChanged)
        let (connection, own) = (connection, settings.jid)
        servers.attach(
            HostServers.Link {
                connection.status == .connected
            } request: { iq, timeout in
                do throws(RequestError) {
                    return .success(try await connection.request(iq, timeout: timeout))
                } catch {
                    return .failure(error)
                }
            } send: { message in
                var message = message
                message.from = own
                return outlet.send(message)
            })
        registry.add(router)
    }

    /// The address from which the route of the hosts' commands is tested; not the component's own, whose requests
    /// Prosody does not delegate.
    static func prober(of settings: DaemonConfiguration.Component) -> JID? {
        try? JID(localpart: "probe", domain: settings.jid.domain, resource: String?.none)
    }

    /// Connects, and connects again, until ``shutDown()``.
    package func run() async { await connection.run() }

    /// The status of the connection to the server.
    package var report: ComponentReport { connection.report }

    /// How many answers, or bundles of them, found no connection.
    package var droppedAnswers: Int { connection.outlet.dropped }

    /// Requests that concern no host.
    package func unroutedCounters() async -> HostCounters { await router.unroutedCounters() }

    /// By service address, the host that has it.
    package var serviceAddresses: [String: String] { router.currentTable.serviceAddresses }

    /// Takes no more requests, and waits for the answers to those accepted, but no longer than the limit.
    package func drain(within limit: Duration) async {
        await connection.drain()
        await waitForAnswers(within: limit)
    }

    /// Ends the connection.
    package func shutDown() { connection.shutDown() }

    /// Ends the connection cleanly, after accepted requests are answered, and connects again. Where it waits for its
    /// next try, it tries at once.
    ///
    /// - Parameter limit: How long the answers may take.
    /// - Returns: The outcome of the attempt.
    package func reconnect(within limit: Duration = .seconds(10)) async -> ComponentReport {
        await connection.pause()
        await waitForAnswers(within: limit)
        return await connection.reconnect()
    }

    private func waitForAnswers(within limit: Duration) async {
        let inFlight = inFlight
        if await !finishes(within: limit, sleep: dependencies.sleep, { await inFlight.waitUntilNone() }) {
            dependencies.logger.warning("left requests unanswered", metadata: ["count": "\(inFlight.count)"])
        }
    }
}

extension ComponentOptions {
    init(_ component: DaemonConfiguration.Component) {
        self.init(
            domain: component.jid.domain, host: component.server.host, port: component.server.port,
            secret: component.secret.revealed)
        // Invitation commands are small; what a request may cost while it waits follows from this.
        limits = ParserLimits(stanzaBytes: 32_768)
    }
}
