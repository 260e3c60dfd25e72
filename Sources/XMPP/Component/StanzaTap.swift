internal import Synchronization

/// Lets somebody see the stanzas of a component stream, at the cost of a look at one number while nobody does.
public final class StanzaTap: Sendable {
    /// A stanza that went by.
    public struct Sighting: Sendable {
        public enum Direction: String, CaseIterable, Hashable, Sendable {
            /// From the server.
            case `in`
            /// To the server.
            case out
        }

        /// A stanza as it was read, or as it was handed over to be written.
        enum Content: Sendable {
            case element(Element)
            case iq(IQ)
        }

        public let direction: Direction
        /// `nil` where it has none, or none that can be read.
        public let from: JID?
        public let to: JID?
        /// The host that it is known to be about, where the addresses need not tell.
        public let host: String?
        let content: Content

        /// The stanza as it is on the wire. This builds it, which is work for those who look and not for the stream.
        public var element: Element {
            switch content {
            case .element(let element): element
            case .iq(let iq): iq.element()
            }
        }
    }

    /// Told of each stanza, on the thread that it passes: it must not wait.
    public typealias Watcher = @Sendable (Sighting) -> Void

    private struct State: Sendable {
        var watchers: [UInt64: Watcher] = [:]
        var counter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let number = Atomic<Int>(0)

    public init() {}

    /// How many watch.
    public var watchers: Int { number.load(ordering: .relaxed) }

    var isWatched: Bool { watchers > 0 }

    /// Tells a watcher of every stanza until ``remove(_:)``.
    ///
    /// - Returns: What names it.
    public func add(_ watcher: @escaping Watcher) -> UInt64 {
        state.withLock { state in
            state.counter &+= 1
            state.watchers[state.counter] = watcher
            number.store(state.watchers.count, ordering: .relaxed)
            return state.counter
        }
    }

    public func remove(_ watcher: UInt64) {
        state.withLock { state in
            state.watchers[watcher] = nil
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
        show(Sighting(direction: .in, from: from, to: to, host: nil, content: .element(element)))
    }

    /// Shows an IQ that was sent.
    func sent(_ iq: IQ, of host: String?) {
        guard isWatched else { return }
        show(Sighting(direction: .out, from: iq.from, to: iq.to, host: host, content: .iq(iq)))
    }

    private func show(_ sighting: Sighting) {
        let watchers = state.withLock { $0.watchers.values }
        for watcher in watchers { watcher(sighting) }
    }
}
