internal import Accounts
internal import Invites
internal import Languages
internal import Runtime
internal import Storage

/// What a host's service queries from other parts of the daemon; the answers are current at each call.
struct HostPeers: Sendable {
    /// The accounts of a host; `nil` for one that is not served here.
    var accounts: @Sendable (String) -> (any Accounts)?
    /// Whether inviters of a host are notified of redemptions.
    var notifiesInviter: @Sendable (String) -> Bool
    /// The texts for users of a host, where an invite has no language.
    var texts: @Sendable (String) -> Texts = { _ in LanguageCatalog.builtIn.english }
    /// Called when invites of a host were used up, or are good again.
    var invitesChanged: @Sendable (String) -> Void = { _ in }

    /// Without accounts on any host.
    static let nobody = HostPeers(accounts: { _ in UnavailableAccounts.nobody }, notifiesInviter: { _ in true })
}

/// Whether what is due is being done, and when it is next.
struct WorkState {
    fileprivate(set) var isRunning = false
    /// Work was added meanwhile.
    fileprivate var mustLookAgain = false
    fileprivate var timer: Task<Void, Never>?
    fileprivate var timerAt: Timestamp?

    /// Cancels the timer; work under way continues.
    mutating func cancel() {
        timer?.cancel()
        timer = nil
        timerAt = nil
    }
}

/// The work that follows from redemptions: accounts that are asked for after a deadline, contacts, notices. It is in
/// the database until it is done, so that it survives a restart; this only sends the requests to servers, a few at a
/// time.
extension HostService {
    /// So much of one host is asked of servers at a time.
    private static let concurrency = 4
    /// After storage has failed.
    private static let retryWait = Duration.seconds(60)

    /// Checks for due work, after the daemon has started or a server has become available again.
    ///
    /// - Parameter hastened: Whether what waits for a server is to be tried at once.
    func resumeWork(hastened: Bool) async {
        let now = dependencies.now()
        if hastened {
            _ = try? await use(.storing) { repository throws(StoreError) in try await repository.hasten(at: now) }
        }
        let due = try? await use(.reading) { repository throws(StoreError) in
            try await repository.dueWork(at: now, limit: 1)
        }
        guard let due else { return retryWork() }
        if !due.questions.isEmpty || !due.tasks.isEmpty {
            startWork()
        } else if let next = due.next {
            scheduleWork(at: next)
        }
    }

    /// Does what is due, unless that is under way: then what is new is done after it.
    func startWork() {
        work.mustLookAgain = true
        if work.isRunning || lifecycleNow.state == .stopped { return }
        work.isRunning = true
        Task { await runWork() }
    }

    private func runWork() async {
        while work.mustLookAgain {
            work.mustLookAgain = false
            let now = dependencies.now()
            let due = try? await use(.reading) { repository throws(StoreError) in
                try await repository.dueWork(at: now, limit: Self.concurrency)
            }
            guard let due else {
                retryWork()
                break
            }
            if due.questions.isEmpty, due.tasks.isEmpty {
                if let next = due.next { scheduleWork(at: next) }
            } else if await run(due) {
                work.mustLookAgain = true
            } else {
                retryWork()
                break
            }
        }
        work.isRunning = false
    }

    private func retryWork() {
        if lifecycleNow.state != .stopped { scheduleWork(at: dependencies.now().advanced(by: Self.retryWait)) }
    }

    /// Checks again at a time, or earlier.
    func scheduleWork(at time: Timestamp) {
        if let earlier = work.timerAt, earlier <= time { return }
        work.cancel()
        work.timerAt = time
        let now = dependencies.now().millisecondsSinceEpoch
        let wait = max(time.millisecondsSinceEpoch.subtractingReportingOverflow(now).partialValue, 0)
        let sleep = dependencies.sleep
        work.timer = Task { [weak self] in
            guard (try? await sleep(.milliseconds(wait))) != nil else { return }
            await self?.workIsDue()
        }
    }

    private func workIsDue() {
        work.cancel()
        startWork()
    }

    // MARK: Asking

    private enum Finding: Sendable {
        case answer(Redemption, AccountAnswer)
        case outcome(Int64, TaskOutcome)
    }

    /// - Returns: Whether the results are stored.
    private func run(_ due: DueWork) async -> Bool {
        let questions = due.questions.prefix(Self.concurrency)
        let tasks = due.tasks.prefix(Self.concurrency - questions.count)
        let asker = WorkAsker(host: host, peers: peers, now: dependencies.now)
        let findings = await withTaskGroup(of: Finding.self) { group in
            for question in questions {
                group.addTask { .answer(question, await asker.answer(to: question)) }
            }
            for task in tasks {
                group.addTask { .outcome(task.number, await asker.outcome(of: task)) }
            }
            var findings: [Finding] = []
            for await finding in group { findings.append(finding) }
            return findings
        }
        var answers: [Redemption: AccountAnswer] = [:]
        var outcomes: [Int64: TaskOutcome] = [:]
        for finding in findings {
            switch finding {
            case .answer(let redemption, let answer): answers[redemption] = answer
            case .outcome(let task, let outcome): outcomes[task] = outcome
            }
        }
        return await record(answers, outcomes)
    }

    private func record(_ answers: [Redemption: AccountAnswer], _ outcomes: [Int64: TaskOutcome]) async -> Bool {
        let terms = RedemptionTerms(now: dependencies.now(), notifiesInviter: peers.notifiesInviter(host))
        do throws(InviteRefusal) {
            if !answers.isEmpty {
                let changed = try await use(.storing) { repository throws(StoreError) in
                    try await repository.record(answers, under: terms)
                }
                let open = changed.count { $0.nextQuestion != nil }
                let confirmed = changed.count { if case .confirmed = $0.state { true } else { false } }
                activity.redeemed(confirmed: confirmed, released: changed.count - open - confirmed)
                if open < changed.count { peers.invitesChanged(host) }
            }
            if !outcomes.isEmpty {
                try await use(.storing) { repository throws(StoreError) in
                    try await repository.record(outcomes, at: terms.now)
                }
            }
            return true
        } catch {
            return false
        }
    }
}
