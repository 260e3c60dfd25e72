public import Supervision

/// The hosts of a supervisor, for those who must not wait for it.
public struct SupervisorDirectory: HostDirectoryView {
    private let supervisor: Supervisor

    public init(_ supervisor: Supervisor) {
        self.supervisor = supervisor
    }

    public func hasHost(_ host: String) -> Bool { supervisor.hasHost(host) }
    public var hostNames: [String] { supervisor.hostNames }
}
