internal import Logging
internal import Runtime
internal import Supervision
internal import Synchronization
internal import XMPP

/// One line in the log for each request that is refused, up to what a log can bear.
final class RefusalLog: Sendable {
    private let surroundings: Dependencies
    private let throttle = Mutex(LogThrottle())

    init(_ surroundings: Dependencies) {
        self.surroundings = surroundings
    }

    /// Notes that a request was refused.
    ///
    /// - Parameter what: What it was and what is wrong with it, to stand behind "refused".
    func note(_ what: String, _ iq: IQ) {
        let (isAdmitted, heldBack) = throttle.withLock { $0.admit(now: surroundings.uptime()) }
        guard isAdmitted else { return }
        var metadata: Logger.Metadata = ["from": "\(iq.from?.description ?? "")", "to": "\(iq.to?.description ?? "")"]
        if heldBack > 0 { metadata["held_back"] = "\(heldBack)" }
        surroundings.logger.notice("refused \(what)", metadata: metadata)
    }
}
