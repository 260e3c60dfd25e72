package import Invites
internal import Synchronization
package import XMPP

/// A stanza of a host that went by.
package struct WatchedStanza: Sendable {
    package let time: Timestamp
    /// How many the watcher has not been shown so far, since there were too many in a second.
    package let leftOut: Int
    private let sighting: StanzaTap.Sighting

    init(_ sighting: StanzaTap.Sighting, time: Timestamp, leftOut: Int) {
        self.sighting = sighting
        self.time = time
        self.leftOut = leftOut
    }

    package var direction: StanzaTap.Sighting.Direction { sighting.direction }
    /// The stanza as it is on the wire, secrets and all. This builds it: not on the connection's event loop.
    package var element: Element { sighting.element }
}

extension Supervisor {
    /// Stanzas that one watcher gets in a second.
    package static let watchedPerSecond = 500

    /// Shows the stanzas of a host, whichever way they come and go, until the watch is ended.
    ///
    /// - Parameter receive: Told of each, but of no more than ``watchedPerSecond``, on the connection's event loop
    ///   mostly. It must not wait.
    package nonisolated func watch(
        _ host: String, receive: @escaping @Sendable (WatchedStanza) -> Void
    ) -> StanzaWatch {
        let (router, surroundings) = (router, surroundings)
        let state = Mutex((throttle: LogThrottle(perSpan: Self.watchedPerSecond, span: 1000), leftOut: 0))
        return StanzaWatch(connection.outlet.tap) { sighting in
            guard router.concerns(sighting, host) else { return }
            let leftOut = state.withLock { state -> Int? in
                let (isAdmitted, heldBack) = state.throttle.admit(now: surroundings.uptime())
                state.leftOut += heldBack
                return isAdmitted ? state.leftOut : nil
            }
            guard let leftOut else { return }
            receive(WatchedStanza(sighting, time: surroundings.now(), leftOut: leftOut))
        }
    }

    /// How many watch stanzas.
    package nonisolated var stanzaWatchers: Int { connection.outlet.tap.watchers }
}

/// Somebody who watches stanzas.
package struct StanzaWatch: Sendable {
    private let tap: StanzaTap
    private let number: UInt64

    init(_ tap: StanzaTap, _ watcher: @escaping StanzaTap.Watcher) {
        self.tap = tap
        number = tap.add(watcher)
    }

    package func end() { tap.remove(number) }
}

extension Router {
    /// Whether a stanza is a matter of the host: to or from its server, its users or its own address, known to be about
    /// it, or between one of its admins and the address that all hosts share.
    func concerns(_ sighting: StanzaTap.Sighting, _ host: String) -> Bool {
        if let known = sighting.host { return known == host }
        if sighting.from?.domain == host || sighting.to?.domain == host { return true }
        let (ours, theirs) =
            sighting.direction == .in ? (sighting.to, sighting.from) : (sighting.from, sighting.to)
        guard let ours, let theirs else { return false }
        if ours.domain == domain {
            guard ours.isDomain, let account = Account(theirs) else { return false }
            return currentTable.hosts[host]?.policy.isAdmin(account) == true
        }
        return currentTable.serviceAddresses[ours.domain] == host
    }
}
