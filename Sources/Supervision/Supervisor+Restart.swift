internal import Runtime
internal import Synchronization

extension Supervisor {
    /// Longer than a host's disk is waited for.
    private static let restartPatience = Duration.seconds(15)

    /// Starts the service of a host anew, after the requests that it has accepted are answered: its database is opened
    /// again and tried, and sessions of commands begin anew. A host in quarantine is tried at once.
    ///
    /// - Returns: What is wrong with its storage; `nil` when it works.
    /// - Throws: ``ConfigurationRefusal/unknownHost(_:)``, or ``ConfigurationRefusal/hung(_:)`` when that takes too
    ///   long; it goes on by itself then.
    public func restart(_ host: String) async throws(ConfigurationRefusal) -> String? {
        guard let endpoint = hosts[host]?.endpoint else { throw .unknownHost(host) }
        let trouble = Found()
        let isDone = await finishes(within: Self.restartPatience, sleep: surroundings.sleep) {
            let found = await endpoint.restart()
            trouble.value.withLock { $0 = found }
        }
        guard isDone else { throw .hung(host) }
        return trouble.value.withLock { $0 }
    }

    private final class Found: Sendable {
        let value = Mutex<String?>(nil)
    }
}
