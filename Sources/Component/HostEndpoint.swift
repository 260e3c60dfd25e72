internal import Accounts
internal import Invites
internal import NIOCore
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

/// The XMPP side of one host: takes its requests from a bounded mailbox, calls the host's service, and sends the
/// answers.
///
/// All waiting requests are processed together: the invites of many requests become one commit.
actor HostEndpoint {
    enum Item: Sendable {
        /// A request, and the host as it was when the request was received.
        case request(InboundRequest, Host)
        /// The same of the host's module.
        case module(ModuleRequest, Host)
        /// Called when all items before it are answered; sessions are forgotten.
        case drain(@Sendable () -> Void)
    }

    let host: String
    nonisolated let service: HostService
    nonisolated let mailbox: Mailbox<Item>
    private let outlet: Outlet
    private let inFlight: InFlight
    private let refusals: RefusalLog
    private let servers: HostServers
    private let redeeming: any Redeeming
    private let settings: SettingsPusher
    private let dependencies: Dependencies
    private var entropy: Entropy
    private var commands = CommandTable()
    /// How many items were worked on together last time. Several mean that more are on their way, and worth a moment: a
    /// commit costs the same for one invite and for many. The more there are, the less a longer wait would save.
    private var lastBatch = 0
    private static let longestGathering = Duration.milliseconds(1)
    private static let largeBatch = 64
    /// How many requests are processed before others have their turn on the event loop, and answers are sent. A commit
    /// for all of them is still one.
    private static let perTurn = 256

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        dependencies.eventLoop.executor.asUnownedSerialExecutor()
    }

    init(
        _ service: HostService, outlet: Outlet, inFlight: InFlight, refusals: RefusalLog, servers: HostServers,
        redeeming: any Redeeming, settings: SettingsPusher, dependencies: Dependencies
    ) {
        host = service.host
        self.service = service
        self.outlet = outlet
        self.inFlight = inFlight
        self.refusals = refusals
        self.servers = servers
        self.redeeming = redeeming
        self.settings = settings
        self.dependencies = dependencies
        entropy = dependencies.entropy
        mailbox = Mailbox(capacity: Self.capacity)
    }

    /// Requests that may wait for one host. People send a few commands in a second; more than this is a flood.
    static let capacity = 1024

    /// Accepts a request, or returns why not. Never waits.
    nonisolated func offer(_ request: InboundRequest, under host: Host) -> StanzaError? {
        offer(.request(request, host))
    }

    /// The same for a request of the host's module.
    nonisolated func offer(_ request: ModuleRequest, under host: Host) -> StanzaError? {
        offer(.module(request, host))
    }

    private nonisolated func offer(_ item: Item) -> StanzaError? {
        service.activity.arrived()
        switch mailbox.offer(item) {
        case .accepted:
            return nil
        case .acceptedFirst:
            wake()
            return nil
        case .full:
            service.activity.withdrawn()
            return StanzaError(.resourceConstraint)
        case .closed:
            service.activity.withdrawn()
            return StanzaError(.itemNotFound)
        }
    }

    /// Returns when the requests that are here now are answered; their sessions are forgotten.
    nonisolated func drain() async {
        await withCheckedContinuation { continuation in
            switch mailbox.offer(.drain { continuation.resume() }, urgent: true) {
            case .accepted: break
            case .acceptedFirst: wake()
            case .full, .closed: continuation.resume()
            }
        }
    }

    /// Takes no more requests; those that are here are still answered.
    nonisolated func close() {
        mailbox.close()
    }

    /// Calls the consumer, from the event loop without a detour over another thread.
    private nonisolated func wake() {
        if dependencies.eventLoop.inEventLoop {
            assumeIsolated { endpoint in _ = Task { await endpoint.work() } }
        } else {
            Task { await work() }
        }
    }

    private func work() async {
        while true {
            if (2..<Self.largeBatch).contains(lastBatch) {
                await dependencies.gather(Self.longestGathering * 2 / lastBatch)
            }
            guard let items = mailbox.takeAll() else { return }
            lastBatch = items.count
            var requests = Batch()
            // Requests under the same configuration are processed together.
            var host: Host?
            for item in items {
                switch item {
                case .request(let request, let current):
                    if let host, host !== current { await answer(&requests, under: host) }
                    host = current
                    requests.ofClients.append(request)
                case .module(let request, let current):
                    if let host, host !== current { await answer(&requests, under: host) }
                    host = current
                    requests.ofModule.append(request)
                case .drain(let done):
                    if let host { await answer(&requests, under: host) }
                    commands = CommandTable()
                    done()
                }
            }
            if let host { await answer(&requests, under: host) }
        }
    }

    /// Requests that are worked on together.
    private struct Batch {
        var ofClients: [InboundRequest] = []
        var ofModule: [ModuleRequest] = []
    }

    private func answer(_ requests: inout Batch, under host: Host) async {
        let batch = requests
        requests = Batch()
        // A task of its own crosses to another thread and back, which each commit would pay for.
        if batch.ofModule.isEmpty { return await answer(batch.ofClients, under: host) }
        if batch.ofClients.isEmpty { return await answer(batch.ofModule, under: host) }
        // Neither waits for the other's disk.
        async let module: Void = answer(batch.ofModule, under: host)
        await answer(batch.ofClients, under: host)
        await module
    }

    private func answer(_ requests: [ModuleRequest], under host: Host) async {
        guard !requests.isEmpty else { return }
        let results = await ModuleBatch(
            requests: requests, host: host, redeeming: redeeming, now: dependencies.now()
        ).results()
        var answers = Outlet.Answers(of: host.name, for: outlet)
        var refused = 0
        for (request, result) in zip(requests, results) {
            if case .failure(let error) = result {
                refused += 1
                refusals.note("a module's <\(request.request)/>: \(error)", request.iq)
            }
            answers.write(request.answer(result))
        }
        outlet.send(answers)
        service.activity.answered(requests.count, refused: refused)
        inFlight.leave(requests.count)
        if requests.contains(where: \.request.mayFreeName), servers.modules.holdsNames(of: host.name) {
            settings.schedule(host.name)
        }
    }

    private func answer(_ requests: [InboundRequest], under host: Host) async {
        guard !requests.isEmpty else { return }
        let uptime = dependencies.uptime()
        let policy = servers.policy(of: host)
        var wanted: [InviteRequest] = []
        var completions: [InviteCompletion] = []
        var refused = 0
        var answers = Outlet.Answers(of: host.name, for: outlet)
        for (number, request) in requests.enumerated() {
            if number > 0, number.isMultiple(of: Self.perTurn) { await giveWay(sending: &answers) }
            let permissions = Permissions(of: Account(request.from), under: policy)
            if request.isCommand, request.to?.isDomain == true {
                switch commands.decide(request, permissions: permissions, uptime: uptime, entropy: &entropy) {
                case .answer(let answer):
                    answers.write(answer)
                case .refuse(let error):
                    refused += 1
                    refusals.note("a command: \(error)", request.iq)
                    answers.write(request.refuse(error))
                case .invite(let invite, _, let completion):
                    wanted.append(invite)
                    completions.append(completion)
                }
            } else {
                answers.write(RequestTable.answer(request, permissions: permissions))
            }
        }
        outlet.send(answers)
        service.activity.answered(requests.count - wanted.count, refused: refused)
        inFlight.leave(requests.count - wanted.count)
        guard !wanted.isEmpty else { return }

        let results = await service.invite(wanted, under: policy, of: host, asking: servers, dependencies)
        service.activity.answered(results)
        answers = Outlet.Answers(of: host.name, for: outlet)
        let page = LinkPage(host, servers)
        for (number, (completion, result)) in zip(completions, results).enumerated() {
            if number > 0, number.isMultiple(of: Self.perTurn) { await giveWay(sending: &answers) }
            refusals.note(result, of: completion)
            answers.write(completion.answer(result, on: page))
        }
        outlet.send(answers)
        inFlight.leave(wanted.count)
        if wanted.contains(where: { $0.username != nil }) { settings.schedule(host.name) }
    }

    /// Sends the answers, and continues once all has been done that waits on the event loop now.
    private func giveWay(sending answers: inout Outlet.Answers) async {
        outlet.send(answers)
        answers = Outlet.Answers(of: host, for: outlet)
        await withCheckedContinuation { continuation in
            dependencies.eventLoop.execute { continuation.resume() }
        }
    }
}

extension HostActivity {
    /// Requests for invites are answered.
    func answered(_ results: [Result<Invite, InviteRefusal>]) {
        var (refused, overloaded) = (0, 0)
        for case .failure(let refusal) in results {
            refused += 1
            if refusal == .overloaded { overloaded += 1 }
        }
        answered(results.count, refused: refused, overloaded: overloaded)
    }
}

extension InboundRequest {
    /// Whether the payload is a `<command/>`.
    var isCommand: Bool { iq.request?.is("command", Namespaces.commands) == true }
}

extension ServerModuleRequest {
    /// Whether an invite may hold its name no longer afterwards.
    fileprivate var mayFreeName: Bool {
        switch self {
        case .confirm, .release, .deleted: true
        case .hello, .check, .reserve, .name, .spend, .subscribe: false
        }
    }
}
