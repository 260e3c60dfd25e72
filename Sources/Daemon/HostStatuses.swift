internal import Component
internal import Configuration
internal import Invites
internal import Reconfiguration
internal import Supervision

/// The states of hosts, in the order of their names, for a reader who may be slow: they are read a page at a time, on
/// demand, so that what is not consumed costs one page at most.
///
/// These are the hosts that existed when it was made. A host that is removed before its page is read is left out.
package struct HostStatuses: AsyncSequence, Sendable {
    package typealias Element = HostStatus

    fileprivate let daemon: Daemon
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
                while wanted.count < HostStatuses.pageSize, let next = names.next() {
                    if statuses.isWanted(next.host) { wanted.append(next) }
                }
                if wanted.isEmpty { return nil }
                page = await statuses.rows(of: wanted)[...]
            }
            return page.popFirst()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// Hosts in a page.
    private static let pageSize = 128

    /// The present states of these; those that are gone are left out.
    private func rows(of names: [HostNames.Element]) async -> [HostStatus] {
        let table = daemon.registry.table
        let running = names.compactMap { name in
            if case .running(let name) = name { table[name] } else { nil }
        }
        var overrides = await daemon.configuration.overrideCounts(of: running.map(\.name))[...]
        let component = daemon.component
        let (grants, modules) = (component.presentGrants, component.presentModules)
        return names.compactMap { name in
            switch name {
            case .refused(let file): return HostStatus(file, since: refusedSince, isSeen: isSeen)
            case .running(let name):
                guard let host = table[name] else { return nil }
                return HostStatus(
                    host, component, grants: grants[name], module: modules[name],
                    overrides: overrides.popFirst() ?? 0)
            }
        }
    }
}

extension Daemon {
    /// The states of hosts, sorted by their names.
    ///
    /// - Parameters:
    ///   - isWanted: Called with the name of a host; with `nil` for a refused file whose name gives no host.
    ///   - isSeen: Called with the name of another host that conflicts with one of these: whether it may be named.
    package func hostStatuses(
        where isWanted: @escaping @Sendable (String?) -> Bool = { _ in true },
        naming isSeen: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> HostStatuses {
        let table = registry.table
        return HostStatuses(
            daemon: self, names: table.all, refusedSince: table.refused.since, isWanted: isWanted, isSeen: isSeen)
    }
}
