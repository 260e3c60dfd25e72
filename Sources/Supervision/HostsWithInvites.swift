internal import Storage

/// The hosts that have a database, found a page at a time as ``HostStatuses`` are.
package struct HostsWithInvites: AsyncSequence, Sendable {
    package typealias Element = String

    let databases: any InviteRepositories
    let names: HostNames
    let isWanted: @Sendable (String) -> Bool

    private static let pageSize = 128

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let hosts: HostsWithInvites
        private var names: HostNames
        private var page: ArraySlice<String> = []

        fileprivate init(_ hosts: HostsWithInvites) {
            self.hosts = hosts
            names = hosts.names
        }

        /// - Throws: `StoreError` when the state directory cannot be read.
        package mutating func next() async throws -> String? {
            while page.isEmpty {
                var wanted: [String] = []
                while wanted.count < HostsWithInvites.pageSize, let next = names.next() {
                    // A host can run though its file is refused by now.
                    if let host = next.host, host != wanted.last, hosts.isWanted(host) { wanted.append(host) }
                }
                if wanted.isEmpty { return nil }
                let databases = hosts.databases
                let candidates = wanted
                page = try await onBlockingThread {
                    Result { try databases.hostsWithInvites(among: candidates) }
                }.get()[...]
            }
            return page.popFirst()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
