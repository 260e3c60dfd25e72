internal import Logging
internal import NIOCore
internal import Synchronization

/// A line in the log for each request of ours that had no answer in time, up to what a log can bear.
final class UnansweredLog: Sendable {
    private let logger: Logger
    private let throttle = Mutex(LogThrottle())

    init(_ logger: Logger) { self.logger = logger }

    func note(_ iq: IQ, within timeout: Duration) {
        let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds / 1_000_000)
        let (isAdmitted, heldBack) = throttle.withLock { $0.admit(now: now) }
        guard isAdmitted else { return }
        // Not the content of the request: it may have a password.
        var metadata: Logger.Metadata = [
            "to": "\(iq.to?.description ?? "")", "request": "\(iq.request?.name ?? "")", "within": "\(timeout)",
        ]
        if heldBack > 0 { metadata["held_back"] = "\(heldBack)" }
        logger.notice("a request of ours was not answered", metadata: metadata)
    }
}
