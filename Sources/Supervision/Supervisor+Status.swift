package import Configuration
package import Invites
internal import NIOCore
internal import Runtime
internal import XMPP

extension Supervisor {
    /// The names of all hosts, running or refused, sorted.
    package nonisolated var hostNames: [String] {
        router.refused.value.names(with: router.currentTable.names)
    }

    /// All hosts, running or refused, in the order of their names.
    nonisolated var hostsInOrder: HostNames {
        HostNames(running: router.currentTable.names, refused: router.refused.value.sorted)
    }

    /// What a host runs with; `nil` for one that does not run.
    package nonisolated func configuration(of host: String) -> HostConfiguration? {
        router.currentTable.hosts[host]?.configuration
    }

    /// Whether there is such a host, running or refused.
    package nonisolated func hasHost(_ host: String) -> Bool {
        router.currentTable.hosts[host] != nil || router.refused.value.files.contains { $0.host == host }
    }

    /// How one host is; `nil` when there is none.
    ///
    /// - Parameter isSeen: As in ``hostStatuses(where:naming:)``.
    package nonisolated func hostStatus(
        _ host: String, naming isSeen: (String) -> Bool = { _ in true }
    ) async -> HostStatus? {
        let table = router.currentTable
        if let entry = table.hosts[host] {
            let overrides = await overrideCounts(of: [host]).first ?? 0
            return await look(at: [entry.endpoint]).first.map {
                HostStatus(
                    host, $0, isSuspended: entry.policy.isSuspended, grants: presentGrants[host], overrides: overrides)
            }
        }
        let refused = router.refused.value
        return refused.files.first { $0.host == host }.map {
            HostStatus($0, since: refused.since, isSeen: isSeen)
        }
    }

    /// When the last change of the configuration undoes itself, unless somebody confirms it; `nil` when none waits for
    /// that.
    package var unconfirmedUntil: Timestamp? { transaction.deadline }

    /// What was asked and is no host's matter.
    package nonisolated func nobodysCounters() async -> HostCounters { await router.nobodysCounters() }

    /// By host, what the server has granted. Without a connection nothing is.
    nonisolated var presentGrants: [String: HostGrants] {
        connection.status == .connected ? router.grants.all : [:]
    }

    /// For each of the hosts, how many settings were changed at run time.
    func overrideCounts(of hosts: [String]) -> [Int] { hosts.map { overrides[$0]?.keys.count ?? 0 } }

    nonisolated func look(at endpoints: [HostEndpoint]) async -> [HostLook] {
        let looks = surroundings.eventLoop.submit { endpoints.map { $0.assumeIsolated { $0.look } } }
        // It fails only when the event loop is gone, with all hosts.
        return (try? await looks.get()) ?? []
    }
}
