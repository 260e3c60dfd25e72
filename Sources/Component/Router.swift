internal import Accounts
internal import Configuration
internal import Logging
internal import NIOCore
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

/// Routes each stanza to its host without waiting for any host; a stanza for none of them is answered here.
final class Router: StanzaReceiver {
    let domain: String
    private let address: JID?
    private let table = SharedRoutingTable()
    private let outlet: Outlet
    private let inFlight: InFlight
    private let logger: Logger
    private let counters = Mutex(RouterCounters())
    private let refusals: RefusalLog
    let servers: HostServers
    private let redeeming: any Redeeming
    private let settings: SettingsPusher
    private let shared: SharedEndpoint
    let dependencies: Dependencies
    /// The endpoints of removed hosts, until what they accepted is answered.
    private let leaving = Mutex<[ObjectIdentifier: HostEndpoint]>([:])

    /// - Parameter domain: The component's own address, which all hosts share.
    init(
        domain: String, outlet: Outlet, inFlight: InFlight, refusals: RefusalLog, servers: HostServers? = nil,
        redeeming: any Redeeming, dependencies: Dependencies
    ) {
        self.domain = domain
        address = try? JID(domain)
        self.outlet = outlet
        self.inFlight = inFlight
        self.refusals = refusals
        self.dependencies = dependencies
        logger = dependencies.logger
        let servers = servers ?? HostServers(dependencies)
        self.servers = servers
        self.redeeming = redeeming
        let table = table
        settings = SettingsPusher(servers: servers, redeeming: redeeming, dependencies: dependencies) {
            table.value.hosts[$0]?.host
        }
        shared = SharedEndpoint(
            table: table, outlet: outlet, inFlight: inFlight, refusals: refusals, servers: servers,
            settings: settings, dependencies: dependencies)
    }

    var currentTable: RoutingTable { table.value }

    /// What was routed and refused so far.
    var counts: RouterCounters { counters.withLock { $0 } }

    /// Requests at the shared address that concern no host, or were refused before they reached one.
    func unroutedCounters() async -> HostCounters {
        let counts = counts
        var all = await shared.currentCounters
        all.requests += counts.refused - counts.overloadedHosts
        all.refused += counts.refused - counts.overloadedHosts
        all.overloaded += counts.overloaded - counts.overloadedHosts
        return all
    }

    func connected() {
        servers.connected()
        warnOfHostsWithoutAccounts()
    }

    func receive(_ stanzas: [Stanza]) {
        let table = currentTable
        for stanza in stanzas {
            switch stanza {
            case .iq(let iq): route(iq, table)
            case .message(let message): note(message, table)
            case .presence: break
            }
        }
    }

    // MARK: IQs

    private func route(_ received: IQ, _ table: RoutingTable) {
        // An answer is never answered.
        guard received.isRequest else { return }
        var iq = received
        // The answer needs a sender: without one, servers end the stream.
        if iq.to == nil { iq.to = address }
        if DelegatedRequest.version(of: iq) != nil {
            routeDelegated(iq, table)
            return
        }
        if iq.request?.namespace == ServerModule.namespace {
            routeModule(iq, table)
            return
        }
        guard let request = InboundRequest(direct: iq) else {
            note("a request without from", iq)
            return
        }
        if let node = nestingNode(of: iq) {
            outlet.send(node.answer(to: iq))
            return
        }
        guard let to = iq.to, to.isDomain else {
            refuse(request, .serviceUnavailable, "a request to an address inside ours")
            return
        }
        if to.domain == domain {
            routeShared(request, table)
        } else if let host = table.serviceAddresses[to.domain], let entry = table.hosts[host] {
            deliver(request, to: entry)
        } else {
            refuse(request, .itemNotFound, "a request to an address that no host has")
        }
    }

    /// The host is the one whose server sent the envelope; a client's own stanza cannot have a bare domain as its
    /// sender.
    private func routeDelegated(_ iq: IQ, _ table: RoutingTable) {
        guard let from = iq.from, from.isDomain || isModule(from) else {
            refuse(iq, .forbidden, "a delegation that no server sent")
            return
        }
        // An envelope is sent to the component (XEP-0355 §4.3); a server that knows it by several addresses may use the
        // host's own, as ejabberd does.
        guard let to = iq.to, to.isDomain, to.domain == domain || table.serviceAddresses[to.domain] == from.domain
        else {
            refuse(iq, .forbidden, "a delegation that was sent to another address")
            return
        }
        // A server that delegates its own components' namespaces also forwards what reaches the shared address.
        let isShared = from.domain == domain
        guard isShared || table.hosts[from.domain] != nil else {
            refuse(iq, .forbidden, "a delegation of a host that is not served")
            return
        }
        let delegated: DelegatedRequest
        do {
            delegated = try DelegatedRequest(iq)
        } catch {
            switch error {
            case .unanswerable(let why): refuse(iq, .badRequest, why)
            case .refused(let answer):
                note("a delegation that is malformed", iq)
                outlet.send(answer)
            }
            return
        }
        guard let request = InboundRequest(delegated), request.to?.domain ?? request.from.domain == from.domain else {
            refuse(iq, .forbidden, "a delegation of another host's request")
            return
        }
        if request.iq.request?.namespace == ServerModule.namespace {
            note("a delegation of what modules ask", request.iq)
            outlet.send(request.refuse(StanzaError(.forbidden)))
        } else if isShared {
            routeShared(request, table)
        } else if let entry = table.hosts[from.domain] {
            // What a module forwards is not delegated by the server.
            if servers.modules[from.domain]?.has(.commands) != true, request.to?.isDomain == true,
                let namespace = request.iq.request?.namespace
            {
                servers.grants.recordDelegated(namespace, host: from.domain)
            }
            deliver(request, to: entry)
        }
    }

    /// At the shared address the sender's domain is the host, except for requests that an admin of several hosts may
    /// send.
    private func routeShared(_ request: InboundRequest, _ table: RoutingTable) {
        let isOwnMatter = request.isCommand && request.iq.request?["node"] == Namespaces.inviteCommand
        if isOwnMatter, request.to?.isDomain == true, let entry = table.hosts[request.from.domain] {
            deliver(request, to: entry)
        } else {
            let request = table.hosts[request.from.domain].map { request.inLanguage(of: $0.host) } ?? request
            accept(request, for: nil) { shared.offer(request) }
        }
    }

    private func deliver(_ request: InboundRequest, to entry: RoutingTable.Entry) {
        let request = request.inLanguage(of: entry.host)
        accept(request, for: entry.host) { entry.endpoint.offer(request, under: entry.host) }
    }

    private func accept(_ request: InboundRequest, for host: Host?, _ offer: () -> StanzaError?) {
        accept(request.iq, for: host, refusedAs: { request.refuse($0) }, offer)
    }

    /// - Parameter refuse: The stanza that answers with an error.
    private func accept(
        _ iq: IQ, for host: Host?, refusedAs refuse: (StanzaError) -> IQ, _ offer: () -> StanzaError?
    ) {
        func turnAway(_ condition: StanzaError.Condition, _ why: String) {
            note(why, iq)
            outlet.send(refuse(StanzaError(condition)))
        }
        guard inFlight.enter() else {
            countOverload(host)
            turnAway(.resourceConstraint, "a request beyond what may wait in all")
            return
        }
        guard let error = offer() else {
            counters.withLock { $0.routed += 1 }
            return
        }
        inFlight.leave()
        if error.condition == .resourceConstraint {
            countOverload(host)
            turnAway(error.condition, "a request beyond what may wait for its host")
        } else {
            turnAway(error.condition, "a request for a host that is just going")
        }
    }

    private func countOverload(_ host: Host?) {
        host?.service.activity.turnedAway()
        counters.withLock { counters in
            counters.overloaded += 1
            if host != nil { counters.overloadedHosts += 1 }
        }
    }

    private func nestingNode(of iq: IQ) -> DelegationNestingNode? {
        guard case .get(let payload) = iq.body, payload.is("query", Namespaces.discoInfo), let node = payload["node"],
            iq.from?.isDomain == true
        else { return nil }
        return DelegationNestingNode(node)
    }

    // MARK: Modules

    /// Whether a module has said that it serves commands from there. A user's address has a localpart.
    private func isModule(_ from: JID) -> Bool {
        guard from.localpart == nil, let module = servers.modules[from.domain] else { return false }
        return module.address == from && module.has(.commands)
    }

    /// A module is trusted for the host whose server sends, and for no other.
    private func routeModule(_ iq: IQ, _ table: RoutingTable) {
        guard let from = iq.from, from.localpart == nil, from.domain != domain, let to = iq.to, to.isDomain,
            to.domain == domain
        else {
            refuse(iq, .forbidden, "what modules ask, of somebody else")
            return
        }
        let request: ServerModuleRequest
        do {
            request = try ServerModuleRequest(iq.body)
        } catch {
            note("a request of a module: \(error)", iq)
            outlet.send(iq.error(error))
            return
        }
        let entry = table.hosts[from.domain]
        if case .hello(let hello) = request { greet(hello, from, iq, entry?.host, table) }
        guard let entry else {
            refuse(iq, .forbidden, "the module of a host that is not served")
            return
        }
        if case .hello = request { return }
        let module = ModuleRequest(iq: iq, request: request)
        accept(iq, for: entry.host, refusedAs: { iq.error($0) }, { entry.endpoint.offer(module, under: entry.host) })
    }

    /// Stores what a module says of itself, and answers at once: when the server starts, all of them say hello. Names
    /// that invites hold are sent later, as they are in databases.
    private func greet(
        _ hello: ServerModule.Hello, _ from: JID, _ iq: IQ, _ host: Host?, _ table: RoutingTable
    ) {
        let module = KnownModule(hello: hello, address: from)
        let settings = host.map { ServerModule.Settings(registration: $0.configuration.registration) }
        servers.modules.record(
            module, host: from.domain, sent: module.isCompatible ? settings : nil, among: ServedHosts(table))
        guard let host, let settings else { return }
        guard module.isCompatible else {
            note("a module: \(module.mismatch)", iq)
            outlet.send(iq.error(StanzaError(.featureNotImplemented, text: module.mismatch)))
            return
        }
        logger.debug("module", metadata: ["host": "\(from.domain)", "module": "\(hello.module)"])
        counters.withLock { $0.routed += 1 }
        outlet.send(iq.result(ServerModuleAnswer.settings(settings).payload))
        redeeming.accountsChanged(on: host)
        self.settings.schedule(from.domain)
    }

    // MARK: Messages

    /// A host's server announces what it grants us in messages of its own (XEP-0355 §4.2, XEP-0356 §4.2).
    private func note(_ message: Message, _ table: RoutingTable) {
        guard message.type != "error", let from = message.from, from.isDomain, from.domain != domain else { return }
        let isServed = table.hosts[from.domain] != nil
        // ejabberd grants to each of our addresses separately, and announces each. All our requests are sent from the
        // component's own; what is delegated may be sent to any.
        let isOwn = message.to == nil || message.to == address
        for child in message.children {
            if let delegation = DelegationGrant(child) {
                servers.grants.record(delegation, host: from.domain, among: ServedHosts(table))
            } else if isOwn, let privilege = PrivilegeGrant(child) {
                servers.grants.record(privilege, host: from.domain, among: ServedHosts(table))
            } else {
                continue
            }
            if isServed { logger.debug("host grants", metadata: servers.grants.metadata(of: from.domain)) }
        }
    }

    // MARK: Refusals

    private func refuse(_ request: InboundRequest, _ condition: StanzaError.Condition, _ why: String) {
        note(why, request.iq)
        outlet.send(request.refuse(StanzaError(condition)))
    }

    private func refuse(_ iq: IQ, _ condition: StanzaError.Condition, _ why: String) {
        note(why, iq)
        if iq.from != nil { outlet.send(iq.error(StanzaError(condition))) }
    }

    private func note(_ why: String, _ iq: IQ) {
        counters.withLock { $0.refused += 1 }
        refusals.note(why, iq)
    }
}

/// What a ``Router`` did so far.
struct RouterCounters: Hashable, Sendable {
    /// Requests brought to a host or to the shared address.
    var routed = 0
    /// Requests refused because too much waited.
    var overloaded = 0
    /// Of them, those that were for a host, and are counted there as well.
    var overloadedHosts = 0
    /// Requests refused or dropped for any reason before a host or the shared address had them.
    var refused = 0
}

extension Router: FrontDoor {
    func hostsChanged(_ change: HostChange) {
        replaceTable(change)
        // The settings of modules may have changed. One may have said hello before its host was configured.
        if !servers.modules.isEmpty {
            for host in change.replaced { settings.schedule(host.name) }
        }
    }

    func invitesChanged(on host: String) { settings.schedule(host) }

    private func replaceTable(_ change: HostChange) {
        let old = currentTable
        // Few changes touch few entries, however many hosts there are.
        if change.removed.isEmpty, change.replaced.count == 1, let host = change.replaced.first,
            let entry = old.hosts[host.name], entry.endpoint.service === host.service
        {
            return table.replace(old.replacing(RoutingTable.Entry(host: host, endpoint: entry.endpoint)))
        }
        var hosts = old.hosts
        var gone: [HostEndpoint] = []
        for host in change.removed {
            if let entry = hosts.removeValue(forKey: host.name) { gone.append(entry.endpoint) }
        }
        for host in change.replaced {
            let endpoint = hosts[host.name].map(\.endpoint).flatMap { $0.service === host.service ? $0 : nil }
            hosts[host.name] = RoutingTable.Entry(host: host, endpoint: endpoint ?? makeEndpoint(host.service))
        }
        leaving.withLock { leaving in
            for endpoint in gone { leaving[ObjectIdentifier(endpoint.service)] = endpoint }
        }
        // New requests are no longer routed to removed endpoints before these are closed.
        table.replace(RoutingTable(hosts))
        for endpoint in gone { endpoint.close() }
    }

    func drain(_ service: HostService) async {
        let leaving = leaving.withLock { $0.removeValue(forKey: ObjectIdentifier(service)) }
        await (leaving ?? currentTable.hosts[service.host]?.endpoint)?.drain()
    }

    private func makeEndpoint(_ service: HostService) -> HostEndpoint {
        HostEndpoint(
            service, outlet: outlet, inFlight: inFlight, refusals: refusals, servers: servers, redeeming: redeeming,
            settings: settings, dependencies: dependencies)
    }
}

extension ServedHosts {
    init(_ table: RoutingTable) {
        self.init(count: table.hosts.count) { table.hosts[$0] != nil }
    }
}
