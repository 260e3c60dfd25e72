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
    /// In quarantine, whether the only reason is a full disk: calls that need no more room continue.
    private(set) var hasFullDisk = false
    private var backoff = Backoff(first: .seconds(1), longest: .seconds(300))

    init(now: Timestamp) {
        since = now
    }

    /// Whether something may be done with the storage.
    func allows(_ use: StorageUse) -> Bool {
        switch state {
        case .running: true
        case .quarantined: hasFullDisk && use != .storing
        case .stopped: false
        }
    }

    /// Storage failed. Returns how long to wait before the next try, or `nil` when one is already due or the host has
    /// stopped.
    mutating func failed(
        _ reason: String, isFull: Bool = false, now: Timestamp, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard state == .running else {
            // What was allowed there has failed, too.
            if state == .quarantined { hasFullDisk = hasFullDisk && isFull }
            return nil
        }
        lastTrouble = reason
        hasFullDisk = isFull
        state = .quarantined
        since = now
        return wait(from: now, using: &random)
    }

    /// A try in quarantine failed. Returns how long to wait before the next one.
    mutating func retryFailed(
        _ reason: String, isFull: Bool = false, now: Timestamp, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard state == .quarantined else { return nil }
        lastTrouble = reason
        hasFullDisk = isFull
        return wait(from: now, using: &random)
    }

    private mutating func wait(from now: Timestamp, using random: inout some RandomNumberGenerator) -> Duration {
        let wait = backoff.next(using: &random)
        retryAt = now.advanced(by: wait)
        return wait
    }

    /// Notes that a try in quarantine succeeded; returns whether that ended the quarantine.
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

    /// The host starts again: whether it works shows with the next use.
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
