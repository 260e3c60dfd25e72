internal import Component
internal import Configuration
internal import Reconfiguration
internal import Supervision

extension Daemon {
    /// The numbers of hosts, without their states: those that run, with those in quarantine, and those refused.
    package var hostCounts: (running: Int, refused: Int) {
        let table = registry.table
        return (table.names.count, table.refused.files.count)
    }

    /// How one host is; `nil` when there is none.
    ///
    /// - Parameter isSeen: As in ``hostStatuses(where:naming:)``.
    package func hostStatus(_ name: String, naming isSeen: (String) -> Bool = { _ in true }) async -> HostStatus? {
        let table = registry.table
        if let host = table[name] {
            let overrides = await configuration.overrideCounts(of: [name]).first ?? 0
            return HostStatus(
                host, component, grants: component.grants(of: name), module: component.module(of: name),
                overrides: overrides)
        }
        return table.refused.files.first { $0.host == name }.map {
            HostStatus($0, since: table.refused.since, isSeen: isSeen)
        }
    }
}
