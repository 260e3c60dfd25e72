package import Configuration

/// Hosts in the order of their names, those that run and those that are refused, as both were at one moment. It holds
/// only the two lists, which all copies share.
package struct HostNames: Sequence, IteratorProtocol, Sendable {
    package enum Element: Sendable {
        case running(String)
        case refused(RefusedHost)

        /// The name; `nil` for a refused file whose name gives none.
        package var host: String? {
            switch self {
            case .running(let host): host
            case .refused(let file): file.host
            }
        }
    }

    private var running: ArraySlice<String>
    private var refused: ArraySlice<RefusedHost>

    /// - Parameters:
    ///   - running: Sorted.
    ///   - refused: Sorted by their titles.
    init(running: [String], refused: [RefusedHost]) {
        self.running = running[...]
        self.refused = refused[...]
    }

    package mutating func next() -> Element? {
        if let file = refused.first, running.first.map({ file.title <= $0 }) ?? true {
            refused.removeFirst()
            return .refused(file)
        }
        return running.popFirst().map(Element.running)
    }
}
