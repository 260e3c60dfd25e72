internal import Logging
internal import NIOCore
internal import Runtime
internal import Synchronization
internal import XMPP

/// Brings each stanza to the host whose matter it is, without waiting for any; what is nobody's is answered here.
final class Router: StanzaReceiver {
    let domain: String
    private let address: JID?
    private let table = SharedRoutingTable()
    private let outlet: Outlet
    private let inFlight: InFlight
    private let logger: Logger
    private let counters = Mutex(RouterCounters())
    private let refusals: RefusalLog
    let grants = Grants()
    /// Hosts that are not served, since their files have mistakes.
    let refused = RefusedHosts()
    private let frontDesk: FrontDesk

    /// - Parameter domain: The component's own address, which all hosts share.
    init(domain: String, outlet: Outlet, inFlight: InFlight, refusals: RefusalLog, surroundings: Dependencies) {
        self.domain = domain
        address = try? JID(domain)
        self.outlet = outlet
        self.inFlight = inFlight
        self.refusals = refusals
        logger = surroundings.logger
        frontDesk = FrontDesk(
            table: table, outlet: outlet, inFlight: inFlight, refusals: refusals, surroundings: surroundings)
    }

    var currentTable: RoutingTable { table.value }

    /// What was routed and refused so far.
    var counts: RouterCounters { counters.withLock { $0 } }

    /// What was asked and is no host's matter: at the front desk, or refused before it came to a host.
    func nobodysCounters() async -> HostCounters {
        let counts = counts
        var all = await frontDesk.look
        all.requests += counts.refused - counts.overloadedHosts
        all.refused += counts.refused - counts.overloadedHosts
        all.overloaded += counts.overloaded - counts.overloadedHosts
        return all
    }

    func replaceTable(_ new: RoutingTable) {
        table.replace(new)
    }

    func connected() {
        // What another server, or the same one before its restart, granted says nothing about this connection.
        grants.reset()
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
        // The answer needs a sender, for want of which servers end the stream.
        if iq.to == nil { iq.to = address }
        if DelegatedRequest.version(of: iq) != nil {
            routeDelegated(iq, table)
            return
        }
        guard let request = InboundRequest(direct: iq) else {
            note("a request without from", iq)
            return
        }
        if let node = nestingNode(of: iq) {
            outlet.send(Answers.nesting(node, asked: iq.request?["node"] ?? "", iq))
            return
        }
        guard let to = iq.to, to.isDomain else {
            refuse(request, .serviceUnavailable, "a request to an address inside ours")
            return
        }
        if to.domain == domain {
            routeShared(request, table)
        } else if let host = table.serviceAddresses[to.domain], let entry = table.hosts[host] {
            deliver(request, to: entry.endpoint)
        } else {
            refuse(request, .itemNotFound, "a request to an address that no host has")
        }
    }

    /// The host is whose server sent the envelope; a client's own stanza cannot have a bare domain as its sender.
    private func routeDelegated(_ iq: IQ, _ table: RoutingTable) {
        guard let from = iq.from, from.isDomain else {
            refuse(iq, .forbidden, "a delegation that no server sent")
            return
        }
        // An envelope goes to the component (XEP-0355 §4.3); a server that knows it by several addresses may take the
        // host's own, as ejabberd does.
        guard let to = iq.to, to.isDomain, to.domain == domain || table.serviceAddresses[to.domain] == from.domain
        else {
            refuse(iq, .forbidden, "a delegation that was sent to another address")
            return
        }
        // A server that delegates its own components' namespaces hands over what reaches the shared address, too.
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
        if isShared {
            routeShared(request, table)
        } else if let endpoint = table.hosts[from.domain]?.endpoint {
            deliver(request, to: endpoint)
        }
    }

    /// At the shared address the sender's domain is the host, except for what an admin of several hosts may want.
    private func routeShared(_ request: InboundRequest, _ table: RoutingTable) {
        let isOwnMatter = request.isCommand && request.iq.request?["node"] == Namespaces.inviteCommand
        if isOwnMatter, request.to?.isDomain == true, let entry = table.hosts[request.from.domain] {
            deliver(request, to: entry.endpoint)
        } else {
            accept(request, for: nil) { frontDesk.offer(request) }
        }
    }

    private func deliver(_ request: InboundRequest, to endpoint: HostEndpoint) {
        accept(request, for: endpoint) { endpoint.offer(.request(request)) }
    }

    private func accept(_ request: InboundRequest, for endpoint: HostEndpoint?, _ offer: () -> StanzaError?) {
        guard inFlight.enter() else {
            countOverload(endpoint)
            refuse(request, .resourceConstraint, "a request beyond what may wait in all")
            return
        }
        guard let error = offer() else {
            counters.withLock { $0.routed += 1 }
            return
        }
        inFlight.leave()
        if error.condition == .resourceConstraint {
            countOverload(endpoint)
            refuse(request, error.condition, "a request beyond what may wait for its host")
        } else {
            refuse(request, error.condition, "a request for a host that is just going")
        }
    }

    private func countOverload(_ endpoint: HostEndpoint?) {
        endpoint?.turnAway()
        counters.withLock { counters in
            counters.overloaded += 1
            if endpoint != nil { counters.overloadedHosts += 1 }
        }
    }

    private func nestingNode(of iq: IQ) -> DelegationNestingNode? {
        guard case .get(let payload) = iq.body, payload.is("query", Namespaces.discoInfo), let node = payload["node"],
            iq.from?.isDomain == true
        else { return nil }
        return DelegationNestingNode(node)
    }

    // MARK: Messages

    /// A host's server tells what it grants us in messages of its own (XEP-0355 §4.2, XEP-0356 §4.2).
    private func note(_ message: Message, _ table: RoutingTable) {
        guard message.type != "error", let from = message.from, from.isDomain else { return }
        // Any domain can send such a message; only those of hosts are kept.
        guard table.hosts[from.domain] != nil else { return }
        // ejabberd grants to each address of ours by itself, and says of each what it may. All that is asked is asked from the
        // component's own; what is delegated comes to any.
        let isOwn = message.to == nil || message.to == address
        for child in message.children {
            if let delegation = DelegationGrant(child) {
                grants.record(delegation, host: from.domain)
            } else if isOwn, let privilege = PrivilegeGrant(child) {
                grants.record(privilege, host: from.domain)
            } else {
                continue
            }
            logger.debug("host grants", metadata: grants.metadata(of: from.domain))
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
    /// Requests brought to a host or to the front desk.
    var routed = 0
    /// Requests refused because too much waited.
    var overloaded = 0
    /// Of them, those that were for a host, and are counted there as well.
    var overloadedHosts = 0
    /// Requests refused or dropped for any reason before a host or the front desk had them.
    var refused = 0
}
