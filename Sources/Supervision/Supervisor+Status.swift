package import Configuration
package import Invites
internal import NIOCore
internal import XMPP

extension Supervisor {
    /// The names of all hosts, running or refused, sorted.
    package nonisolated var hostNames: [String] {
        router.refused.value.names(with: router.currentTable.names)
    }

    /// What a host runs with; `nil` for one that does not run.
    package nonisolated func configuration(of host: String) -> HostConfiguration? {
        router.currentTable.hosts[host]?.configuration
    }

    /// Whether there is such a host, running or refused.
    package nonisolated func hasHost(_ host: String) -> Bool {
        router.currentTable.hosts[host] != nil || router.refused.value.files.contains { $0.host == host }
    }

    /// Hosts that are looked at in one go on the connection's event loop, which serves nobody meanwhile.
    private static let glance = 512

    /// How hosts are, sorted by their names.
    ///
    /// - Parameters:
    ///   - isWanted: Told the name of a host. Files that are refused and tell no host come with `nil`.
    ///   - isSeen: Told the name of another host, whether it may be named where it is in the way of one of these.
    package nonisolated func hostStatuses(
        where isWanted: (String?) -> Bool = { _ in true }, naming isSeen: (String) -> Bool = { _ in true }
    ) async -> [HostStatus] {
        let table = router.currentTable
        var statuses: [HostStatus] = []
        let refused = router.refused.value
        for file in refused.files where isWanted(file.host) {
            statuses.append(HostStatus(file, since: refused.since, isSeen: isSeen))
        }
        let grants = presentGrants
        let overrides = await overrideCounts
        let wanted = table.hosts.filter { isWanted($0.key) }
        statuses.reserveCapacity(statuses.count + wanted.count)
        for chunk in Array(wanted).chunks(of: Self.glance) {
            let looks = await look(at: chunk.map(\.value.endpoint))
            for ((host, entry), look) in zip(chunk, looks) {
                statuses.append(
                    HostStatus(
                        host, look, isSuspended: entry.policy.isSuspended, grants: grants[host],
                        overrides: overrides[host] ?? 0))
            }
        }
        return statuses.sorted { $0.host < $1.host }
    }

    /// How one host is; `nil` when there is none.
    ///
    /// - Parameter isSeen: As in ``hostStatuses(where:naming:)``.
    package nonisolated func hostStatus(
        _ host: String, naming isSeen: (String) -> Bool = { _ in true }
    ) async -> HostStatus? {
        let table = router.currentTable
        if let entry = table.hosts[host] {
            let overrides = await overrideCounts[host] ?? 0
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
    private nonisolated var presentGrants: [String: HostGrants] {
        connection.status == .connected ? router.grants.all : [:]
    }

    /// By host, how many settings were changed at run time.
    private var overrideCounts: [String: Int] { overrides.mapValues(\.keys.count) }

    private nonisolated func look(at endpoints: [HostEndpoint]) async -> [HostLook] {
        let looks = surroundings.eventLoop.submit { endpoints.map { $0.assumeIsolated { $0.look } } }
        // It fails only when the event loop is gone, with all hosts.
        return (try? await looks.get()) ?? []
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> some Sequence<ArraySlice<Element>> {
        stride(from: 0, to: count, by: size).lazy.map { self[$0..<Swift.min($0 + size, count)] }
    }
}
