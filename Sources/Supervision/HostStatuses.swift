internal import Configuration
internal import Invites

/// How hosts are, in the order of their names, for a reader who may be slow: hosts are looked at a page at a time, as they
/// are taken, so that what is not taken costs a page.
///
/// These are the hosts that there were when it was made. One that is gone by the time that its page is looked at is left
/// out.
package struct HostStatuses: AsyncSequence, Sendable {
    package typealias Element = HostStatus

    fileprivate let supervisor: Supervisor
    fileprivate let names: HostNames
    fileprivate let refusedSince: Timestamp
    fileprivate let isWanted: @Sendable (String?) -> Bool
    fileprivate let isSeen: @Sendable (String) -> Bool

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let statuses: HostStatuses
        private var names: HostNames
        private var page: ArraySlice<HostStatus> = []

        fileprivate init(_ statuses: HostStatuses) {
            self.statuses = statuses
            names = statuses.names
        }

        package mutating func next() async -> HostStatus? {
            while page.isEmpty {
                var wanted: [HostNames.Element] = []
                while wanted.count < Supervisor.glance, let next = names.next() {
                    if statuses.isWanted(next.host) { wanted.append(next) }
                }
                if wanted.isEmpty { return nil }
                page = await statuses.look(at: wanted)[...]
            }
            return page.popFirst()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// How these are now; those that are gone are left out.
    private func look(at hosts: [HostNames.Element]) async -> [HostStatus] {
        let table = supervisor.router.currentTable.hosts
        let entries = hosts.compactMap { host in
            if case .running(let name) = host { table[name].map { (name, $0) } } else { nil }
        }
        var overrides = await supervisor.overrideCounts(of: entries.map(\.0))[...]
        var looks = await supervisor.look(at: entries.map(\.1.endpoint))[...]
        let grants = supervisor.presentGrants
        return hosts.compactMap { host in
            switch host {
            case .refused(let file): return HostStatus(file, since: refusedSince, isSeen: isSeen)
            case .running(let name):
                // Without its event loop nothing runs any more.
                guard let entry = table[name], let look = looks.popFirst() else { return nil }
                return HostStatus(
                    name, look, isSuspended: entry.policy.isSuspended, grants: grants[name],
                    overrides: overrides.popFirst() ?? 0)
            }
        }
    }
}

extension Supervisor {
    /// Hosts that are looked at in one go on the connection's event loop, which does nothing else meanwhile.
    fileprivate static let glance = 128

    /// How hosts are, sorted by their names.
    ///
    /// - Parameters:
    ///   - isWanted: Called with the name of a host; with `nil` for a refused file whose name gives no host.
    ///   - isSeen: Called with the name of another host, whether it may be named where it is in the way of one of these.
    package nonisolated func hostStatuses(
        where isWanted: @escaping @Sendable (String?) -> Bool = { _ in true },
        naming isSeen: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> HostStatuses {
        HostStatuses(
            supervisor: self, names: hostsInOrder, refusedSince: router.refused.value.since, isWanted: isWanted,
            isSeen: isSeen)
    }
}
