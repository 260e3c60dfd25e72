internal import Invites
internal import Logging
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

/// One line in the log for each request that is refused, up to what a log can bear.
final class RefusalLog: Sendable {
    private let dependencies: Dependencies
    private let throttle = Mutex(LogThrottle())
    /// Requests from here are our own, and meant to be refused.
    private let prober: JID?

    /// - Parameter prober: The address from which the daemon itself sends requests that are refused.
    init(_ dependencies: Dependencies, prober: JID? = nil) {
        self.dependencies = dependencies
        self.prober = prober
    }

    /// Notes that a request was refused.
    ///
    /// - Parameter what: What it was and what is wrong with it, to follow "refused".
    func note(_ what: String, _ iq: IQ) {
        if let prober, iq.from == prober { return }
        let (isAdmitted, heldBack) = throttle.withLock { $0.admit(now: dependencies.uptime()) }
        guard isAdmitted else { return }
        var metadata: Logger.Metadata = ["from": "\(iq.from?.description ?? "")", "to": "\(iq.to?.description ?? "")"]
        if heldBack > 0 { metadata["held_back"] = "\(heldBack)" }
        dependencies.logger.notice("refused \(what)", metadata: metadata)
    }

    /// Notes that a command had no invite, if it had none.
    func note(_ result: Result<Invite, InviteRefusal>, of completion: InviteCompletion) {
        guard case .failure(let refusal) = result else { return }
        note("a command: \(completion.error(for: refusal))", completion.request.iq)
    }
}
