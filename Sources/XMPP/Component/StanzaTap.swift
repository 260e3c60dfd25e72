internal import Synchronization

/// Shows the stanzas of a component stream to watchers, at the cost of reading one number while there are none.
package final class StanzaTap: Sendable {
    /// A stanza that was sent or received.
    package struct Sighting: Sendable {
        package enum Direction: String, CaseIterable, Hashable, Sendable {
            /// From the server.
            case `in`
            /// To the server.
            case out
        }

        /// A stanza as it was read, or as it was passed on to be written.
        enum Content: Sendable {
            case element(Element)
            case iq(IQ)
        }

        package let direction: Direction
        let content: Content

        /// The stanza as it is on the wire. This builds it, which is to be done by the watchers and not by the stream.
        package var element: Element {
            switch content {
            case .element(let element): element
            case .iq(let iq): iq.element()
            }
        }
    }

    /// A watcher, called on the thread that stanzas pass: it must not block.
    package struct Watcher: Sendable {
        fileprivate let number: UInt64
        /// Whether it wants a stanza. This is called for each, and most are declined on a busy host, before anything is
        /// allocated for them.
        fileprivate let wants: Choice
        fileprivate let see: @Sendable (Sighting) -> Void
    }

    /// Called with the direction, the sender and the recipient, `nil` where there is none or none that can be parsed,
    /// and the host that the stanza is known to be about, `nil` where only the addresses show it.
    package typealias Choice = @Sendable (Sighting.Direction, _ from: JID?, _ to: JID?, _ host: String?) -> Bool

    private struct State: Sendable {
        var watchers: [Watcher] = []
        var counter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let number = Atomic<Int>(0)

    package init() {}

    /// How many watch.
    package var count: Int { number.load(ordering: .relaxed) }

    var isWatched: Bool { count > 0 }

    /// Adds a watcher, which gets every stanza that it wants until ``remove(_:)``.
    ///
    /// - Returns: Its number, for ``remove(_:)``.
    package func add(where wants: @escaping Choice, _ see: @escaping @Sendable (Sighting) -> Void) -> UInt64 {
        state.withLock { state in
            state.counter &+= 1
            state.watchers.append(Watcher(number: state.counter, wants: wants, see: see))
            number.store(state.watchers.count, ordering: .relaxed)
            return state.counter
        }
    }

    package func remove(_ watcher: UInt64) {
        state.withLock { state in
            state.watchers.removeAll { $0.number == watcher }
            number.store(state.watchers.count, ordering: .relaxed)
        }
    }

    /// Shows a stanza that was read.
    ///
    /// - Parameter stanza: The same, where it could be made sense of.
    func received(_ element: Element, _ stanza: Stanza? = nil) {
        guard isWatched else { return }
        let (from, to): (JID?, JID?) =
            switch stanza {
            case .iq(let iq): (iq.from, iq.to)
            case .message(let message): (message.from, message.to)
            case .presence(let presence): (presence.from, presence.to)
            case nil: (element["from"].flatMap { try? JID($0) }, element["to"].flatMap { try? JID($0) })
            }
        for watcher in watchers where watcher.wants(.in, from, to, nil) {
            watcher.see(Sighting(direction: .in, content: .element(element)))
        }
    }

    /// Shows an IQ that was sent.
    func sent(_ iq: IQ, of host: String?) {
        guard isWatched else { return }
        for showing in showings(of: iq, of: host) { showing() }
    }

    /// Closures that show an IQ to the watchers that want it, once it is sent.
    func showings(of iq: IQ, of host: String?) -> [@Sendable () -> Void] {
        var showings: [@Sendable () -> Void] = []
        for watcher in watchers where watcher.wants(.out, iq.from, iq.to, host) {
            let sighting = Sighting(direction: .out, content: .iq(iq))
            showings.append { watcher.see(sighting) }
        }
        return showings
    }

    private var watchers: [Watcher] { state.withLock { $0.watchers } }
}
