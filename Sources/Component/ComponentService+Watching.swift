package import Invites
internal import Runtime
internal import Supervision
internal import Synchronization
package import XMPP

/// A stanza of a host that was sent or received.
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

extension ComponentService {
    /// Stanzas that one watcher gets in a second.
    package static let watchedPerSecond = 500

    /// Shows the stanzas of a host, in both directions, until the watch is ended.
    ///
    /// - Parameters:
    ///   - isSeen: Called with the name of another host, whether the watcher may know of what happens there.
    ///   - receive: Called with each, at most ``watchedPerSecond`` times a second, mostly on the connection's event
    ///     loop. It must not block.
    package func watch(
        _ host: String, naming isSeen: @escaping @Sendable (String) -> Bool = { _ in true },
        receive: @escaping @Sendable (WatchedStanza) -> Void
    ) -> StanzaWatch {
        let (router, dependencies) = (router, dependencies)
        let state = Mutex((throttle: LogThrottle(perSpan: Self.watchedPerSecond, span: 1000), leftOut: 0))
        let tap = connection.outlet.tap
        let number = tap.add { direction, from, to, known in
            let isOurs =
                known.map { $0 == host }
                ?? (direction == .in
                    ? router.concerns(host, between: from, and: to, isSeen)
                    : router.concerns(host, between: to, and: from, isSeen))
            guard isOurs else { return false }
            return state.withLock { state in
                let (isAdmitted, heldBack) = state.throttle.admit(now: dependencies.uptime())
                state.leftOut += heldBack
                return isAdmitted
            }
        } _: { sighting in
            receive(WatchedStanza(sighting, time: dependencies.now(), leftOut: state.withLock { $0.leftOut }))
        }
        return StanzaWatch(tap, number)
    }

    /// How many watch stanzas.
    package var stanzaWatchers: Int { connection.outlet.tap.count }
}

/// A subscription to stanzas.
package struct StanzaWatch: Sendable {
    private let tap: StanzaTap
    private let number: UInt64

    init(_ tap: StanzaTap, _ number: UInt64) {
        self.tap = tap
        self.number = number
    }

    package func end() { tap.remove(number) }
}

extension Router {
    /// Whether a stanza concerns the host: to or from its server, its users or its own address, or between one of its
    /// admins and the address that all hosts share.
    ///
    /// A stanza of an admin of several hosts at that address may concern any of them: only who sees them all may see
    /// it.
    func concerns(_ host: String, between theirs: JID?, and ours: JID?, _ isSeen: (String) -> Bool) -> Bool {
        if let ours, ours.domain == domain, ours.isDomain, let theirs, theirs.localpart != nil {
            let permissions = currentTable.permissions(of: theirs)
            let administered = permissions.accountHosts + permissions.suspendedHosts
            return (theirs.domain == host || administered.contains(host)) && administered.allSatisfy(isSeen)
        }
        let owner = ours.flatMap { currentTable.serviceAddresses[$0.domain] }
        // A user of the host at an address of another.
        if let owner, owner != host { return theirs?.domain == host && isSeen(owner) }
        return owner == host || theirs?.domain == host || ours?.domain == host
    }
}
