internal import Invites
internal import NIOCore
internal import Runtime
internal import Synchronization
internal import XMPP

/// The wire side of one host: takes its requests from a bounded mailbox, asks the host's service, and writes the
/// answers.
///
/// All that waits when it comes to work is worked on together: the invites of many requests become one commit.
actor HostEndpoint {
    enum Item: Sendable {
        case request(InboundRequest)
        /// From here on the host runs with these rules.
        case policy(InvitePolicy)
        /// The host starts anew, once what came before is answered; then what is wrong with it is told, if anything.
        case restart(@Sendable (String?) -> Void)
        /// The host is served no more; what came before is still answered.
        case stop
    }

    nonisolated let service: HostService
    nonisolated let mailbox: Mailbox<Item>
    private let outlet: Outlet
    private let inFlight: InFlight
    private let refusals: RefusalLog
    private let surroundings: Dependencies
    private var entropy: Entropy
    private var commands = InviteCommands()
    private var policy: InvitePolicy
    /// How many items were worked on together last time. Several mean that more are on their way, and worth a moment: a
    /// commit costs the same for one invite and for many. The more there are, the less a longer wait would save.
    private var lastBatch = 0
    private var counters = HostCounters()
    /// Requests that were refused before they came to be worked on. Others count these than who works on the rest.
    private nonisolated let turnedAway = Atomic<Int>(0)
    private static let longestGathering = Duration.milliseconds(1)
    private static let largeBatch = 64

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        surroundings.eventLoop.executor.asUnownedSerialExecutor()
    }

    init(
        _ policy: InvitePolicy, service: HostService, outlet: Outlet, inFlight: InFlight, refusals: RefusalLog,
        surroundings: Dependencies
    ) {
        self.service = service
        self.outlet = outlet
        self.inFlight = inFlight
        self.refusals = refusals
        self.surroundings = surroundings
        entropy = surroundings.entropy
        self.policy = policy
        mailbox = Mailbox(capacity: Self.capacity)
    }

    /// Requests that may wait for one host. Commands of people come a few in a second; more than this is a flood.
    static let capacity = 1024

    /// Takes a request, or says why not. Never waits.
    nonisolated func offer(_ item: Item) -> StanzaError? {
        let isRequest = if case .request = item { true } else { false }
        switch mailbox.offer(item, urgent: !isRequest) {
        case .accepted:
            return nil
        case .acceptedFirst:
            wake()
            return nil
        case .full:
            return StanzaError(.resourceConstraint)
        case .closed:
            return StanzaError(.itemNotFound)
        }
    }

    /// Counts a request that is refused because too much waits.
    nonisolated func turnAway() {
        turnedAway.add(1, ordering: .relaxed)
    }

    /// Has the service start anew once the requests that are here are answered.
    ///
    /// - Returns: What is wrong with its storage; `nil` when it works.
    nonisolated func restart() async -> String? {
        await withCheckedContinuation { continuation in
            if offer(.restart { continuation.resume(returning: $0) }) != nil {
                continuation.resume(returning: "it is just going")
            }
        }
    }

    /// Takes no more requests, answers those that are here, and stops the service.
    nonisolated func stop() {
        _ = offer(.stop)
        mailbox.close()
    }

    /// Calls the consumer, from the event loop without a detour over another thread.
    private nonisolated func wake() {
        if surroundings.eventLoop.inEventLoop {
            assumeIsolated { endpoint in _ = Task { await endpoint.work() } }
        } else {
            Task { await work() }
        }
    }

    private func work() async {
        while true {
            if (2..<Self.largeBatch).contains(lastBatch) {
                await surroundings.gather(Self.longestGathering * 2 / lastBatch)
            }
            guard let items = mailbox.takeAll() else { return }
            lastBatch = items.count
            var requests: [InboundRequest] = []
            requests.reserveCapacity(items.count)
            for item in items {
                switch item {
                case .request(let request):
                    requests.append(request)
                case .policy(let new):
                    await answer(requests)
                    requests.removeAll()
                    await service.follow(new)
                    policy = new
                case .restart(let done):
                    await answer(requests)
                    requests.removeAll()
                    commands = InviteCommands()
                    done(await service.restart())
                case .stop:
                    await answer(requests)
                    requests.removeAll()
                    await service.stop()
                }
            }
            await answer(requests)
        }
    }

    private func answer(_ requests: [InboundRequest]) async {
        guard !requests.isEmpty else { return }
        counters.requests += requests.count
        counters.waiting += requests.count
        let uptime = surroundings.uptime()
        var wanted: [InviteRequest] = []
        var completions: [InviteCommands.Completion] = []
        let host = policy.host
        var answers = Outlet.Answers(of: host, for: outlet)
        for request in requests {
            let permissions = Permissions(of: Account(request.from), under: policy)
            if request.isCommand, request.to?.isDomain == true {
                switch commands.decide(request, permissions: permissions, uptime: uptime, entropy: &entropy) {
                case .answer(let answer):
                    answers.write(answer)
                case .refuse(let error):
                    counters.refused += 1
                    refusals.note("a command: \(error)", request.iq)
                    answers.write(request.refuse(error))
                case .invite(let invite, _, let completion):
                    wanted.append(invite)
                    completions.append(completion)
                }
            } else {
                answers.write(Answers.answer(request, permissions: permissions))
            }
        }
        outlet.send(answers)
        counters.waiting -= requests.count - wanted.count
        inFlight.leave(requests.count - wanted.count)
        guard !wanted.isEmpty else { return }

        let results = await service.invite(wanted)
        count(results)
        answers = Outlet.Answers(of: host, for: outlet)
        for (completion, result) in zip(completions, results) {
            answers.write(completion.answer(result, host: host))
        }
        outlet.send(answers)
        inFlight.leave(wanted.count)
    }

    /// Has the service make an invite for a request that came in elsewhere.
    func invite(_ request: InviteRequest) async -> [Result<Invite, InviteRefusal>] {
        counters.requests += 1
        counters.waiting += 1
        let results = await service.invite([request])
        count(results)
        return results
    }

    private func count(_ results: [Result<Invite, InviteRefusal>]) {
        counters.waiting -= results.count
        for case .failure(let refusal) in results {
            counters.refused += 1
            if refusal == .overloaded { counters.overloaded += 1 }
        }
    }

    /// How the host is, and what it has done.
    var look: HostLook {
        var all = counters
        let turnedAway = turnedAway.load(ordering: .relaxed)
        all.requests += turnedAway
        all.refused += turnedAway
        all.overloaded += turnedAway
        all.waiting += mailbox.count
        // The service runs where its endpoint does.
        return service.assumeIsolated { service in
            all.invites = service.invitesMade
            return HostLook(
                lifecycle: service.state, suspensionChangedAt: service.suspensionChangedAt, counters: all)
        }
    }
}

/// What a glance at a host tells.
struct HostLook: Sendable {
    let lifecycle: HostLifecycle
    let suspensionChangedAt: Timestamp
    let counters: HostCounters
}

extension InboundRequest {
    /// Whether the payload is a `<command/>`.
    var isCommand: Bool { iq.request?.is("command", Namespaces.commands) == true }
}
