package import Invites
internal import XMPP

/// The life of one host's service as a pure state machine: running, or in quarantine until a retry succeeds.
package struct HostLifecycle: Sendable {
    package enum State: Hashable, Sendable {
        case running
        /// The host's storage failed; its requests are refused until it works again.
        case quarantined
        case stopped
    }

    package private(set) var state = State.running
    /// When the present state began.
    package private(set) var since: Timestamp
    /// What went wrong last, if ever; in quarantine, the reason for it.
    package private(set) var lastTrouble: String?
    /// In quarantine, when the storage is tried again.
    package private(set) var retryAt: Timestamp?
    private var backoff = Backoff(first: .seconds(1), longest: .seconds(300))

    init(now: Timestamp) {
        since = now
    }

    /// Storage failed. Returns how long to wait before the next try, or `nil` when one is already due or the host has
    /// stopped.
    mutating func failed(
        _ reason: String, now: Timestamp, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard state == .running else { return nil }
        lastTrouble = reason
        state = .quarantined
        since = now
        return wait(from: now, using: &random)
    }

    /// A try in quarantine failed. Returns how long to wait before the next one.
    mutating func retryFailed(
        _ reason: String, now: Timestamp, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard state == .quarantined else { return nil }
        lastTrouble = reason
        return wait(from: now, using: &random)
    }

    private mutating func wait(from now: Timestamp, using random: inout some RandomNumberGenerator) -> Duration {
        let wait = backoff.next(using: &random)
        retryAt = now.advanced(by: wait)
        return wait
    }

    /// A try in quarantine succeeded: whether the host came back by it.
    mutating func recovered(now: Timestamp) -> Bool {
        guard state == .quarantined else { return false }
        state = .running
        since = now
        retryAt = nil
        return true
    }

    /// An invite was stored: the next failure starts with short waits again.
    mutating func succeeded() {
        if state == .running { backoff.reset() }
    }

    /// The host starts anew: whether it works shows with the next use.
    mutating func restart(now: Timestamp) {
        guard state != .stopped else { return }
        state = .running
        since = now
        retryAt = nil
        backoff.reset()
    }

    mutating func stop(now: Timestamp) {
        state = .stopped
        since = now
        retryAt = nil
    }
}
