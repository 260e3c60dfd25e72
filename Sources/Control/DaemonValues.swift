internal import Access
internal import Configuration
package import Daemon
internal import Reconfiguration
package import Shell
internal import Supervision

/// A snapshot of a daemon: its hosts, without waiting for it, and the values for completion.
package struct DaemonValues: HostDirectoryView, LiveValues {
    private let daemon: Daemon

    package init(_ daemon: Daemon) {
        self.daemon = daemon
    }

    package func hasHost(_ host: String) -> Bool { daemon.registry.table.contains(host) }
    package var hostNames: [String] { daemon.registry.table.allNames }

    package func invites(_ host: String, _ prefix: String, limit: Int) async -> [CompletionCandidate] {
        await daemon.registry.inviteNumbers(of: host, prefix: prefix, limit: limit).map {
            CompletionCandidate(String($0.number), $0.summary)
        }
    }

    package func keys() async -> [CompletionCandidate] {
        HostKey.allCases.filter { $0 != .host }.map { CompletionCandidate($0.rawValue) }
    }

    package func values(_ host: String, _ key: String) async -> [CompletionCandidate] {
        guard let key = HostKey(rawValue: key) else { return [] }
        let present = await daemon.configuration.settings(of: host)?.first { $0.key == key }
        var values = (daemon.registry[host]?.configuration).map { key.values(now: $0) } ?? []
        if let index = present.flatMap({ values.firstIndex(of: $0.value) }) { values.swapAt(0, index) }
        return values.map {
            CompletionCandidate($0, $0 == present?.value ? "now, from \(present?.origin.description ?? "")" : "")
        }
    }

    package func plan() async -> String? { try? await daemon.configuration.plan().hash }

    package func snapshots() async -> [CompletionCandidate] {
        await daemon.configuration.history().map {
            CompletionCandidate(String($0.header.number), "\($0.header.time), by \($0.header.by)")
        }
    }
}
