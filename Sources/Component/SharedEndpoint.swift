internal import Accounts
internal import Invites
internal import NIOCore
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

/// Serves what reaches the shared address and does not concern the asker's own host alone: discovery, and
/// `#create-account`, whose asker may administer several hosts, or be a user of none of them.
///
/// It never waits for a host: one that hangs must not block the admins of others.
actor SharedEndpoint {
    nonisolated let mailbox = Mailbox<InboundRequest>(capacity: 1024)
    private let table: SharedRoutingTable
    private let outlet: Outlet
    private let inFlight: InFlight
    private let refusals: RefusalLog
    private let servers: HostServers
    private let settings: SettingsPusher
    private let dependencies: Dependencies
    private var entropy: Entropy
    private var commands = CommandTable()
    /// By host, the invites that it is making for us.
    private var waiting: [String: Int] = [:]
    /// What is counted for no host; what hosts were asked to do is theirs.
    private var counters = HostCounters()

    /// What one host may have waiting: one that hangs must not use up the room that all requests share.
    static let mostWaiting = 256

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        dependencies.eventLoop.executor.asUnownedSerialExecutor()
    }

    init(
        table: SharedRoutingTable, outlet: Outlet, inFlight: InFlight, refusals: RefusalLog,
        servers: HostServers, settings: SettingsPusher, dependencies: Dependencies
    ) {
        self.table = table
        self.outlet = outlet
        self.inFlight = inFlight
        self.refusals = refusals
        self.servers = servers
        self.settings = settings
        self.dependencies = dependencies
        entropy = dependencies.entropy
    }

    /// Takes a request, or says why not. Never waits.
    nonisolated func offer(_ request: InboundRequest) -> StanzaError? {
        switch mailbox.offer(request) {
        case .accepted:
            return nil
        case .acceptedFirst:
            Task { await self.work() }
            return nil
        case .full, .closed:
            return StanzaError(.resourceConstraint)
        }
    }

    private func work() {
        while let requests = mailbox.takeAll() {
            let table = table.value
            for request in requests { answer(request, table) }
        }
    }

    private func answer(_ request: InboundRequest, _ table: RoutingTable) {
        let permissions = table.permissions(of: request.from)
        guard request.isCommand, request.to?.isDomain == true else {
            counters.requests += 1
            outlet.send(RequestTable.answer(request, permissions: permissions))
            inFlight.leave()
            return
        }
        switch commands.decide(request, permissions: permissions, uptime: dependencies.uptime(), entropy: &entropy) {
        case .answer(let answer):
            counters.requests += 1
            outlet.send(answer)
            inFlight.leave()
        case .refuse(let error):
            counters.requests += 1
            counters.refused += 1
            refusals.note("a command: \(error)", request.iq)
            outlet.send(request.refuse(error))
            inFlight.leave()
        case .invite(let invite, let host, let completion):
            guard let current = table.hosts[host]?.host else {
                counters.requests += 1
                counters.refused += 1
                outlet.send(request.refuse(StanzaError(.itemNotFound)))
                inFlight.leave()
                return
            }
            let (service, page) = (current.service, LinkPage(current, servers))
            guard waiting[host, default: 0] < Self.mostWaiting else {
                service.activity.turnedAway()
                outlet.send(completion.answer(.failure(.overloaded), on: page), of: host)
                inFlight.leave()
                return
            }
            waiting[host, default: 0] += 1
            service.activity.arrived()
            Task {
                let results = await service.invite(
                    [invite], under: current.policy, of: current, asking: servers, dependencies)
                service.activity.answered(results)
                for result in results {
                    refusals.note(result, of: completion)
                    outlet.send(completion.answer(result, on: page), of: host)
                }
                ended(on: host)
                inFlight.leave()
                if invite.username != nil { settings.schedule(host) }
            }
        }
    }

    /// What it has done, with what waits in its mailbox.
    var currentCounters: HostCounters {
        var all = counters
        all.waiting = mailbox.count
        return all
    }

    private func ended(on host: String) {
        let rest = waiting[host, default: 0] - 1
        waiting[host] = rest > 0 ? rest : nil
    }
}
