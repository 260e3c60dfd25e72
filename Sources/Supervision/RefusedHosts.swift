internal import Configuration
internal import Invites
internal import Synchronization

/// The files of hosts that are not used because of mistakes, for those who ask at any time.
final class RefusedHosts: Sendable {
    struct Value: Sendable {
        let files: [RefusedHost]
        /// When they were read.
        let since: Timestamp
        /// The files in the order of their hosts, or of their paths where they tell none.
        let sorted: [RefusedHost]

        init(_ files: [RefusedHost] = [], since: Timestamp = Timestamp(millisecondsSinceEpoch: 0)) {
            self.files = files
            self.since = since
            sorted = files.sorted { $0.title < $1.title }
        }

        /// These names, sorted, and those of the refused hosts among them. Every completion asks, with however many
        /// hosts, so they are merged and not sorted again.
        func names(with running: [String]) -> [String] {
            if files.isEmpty { return running }
            var names: [String] = []
            names.reserveCapacity(running.count + files.count)
            var merged = HostNames(running: running, refused: sorted)
            while let next = merged.next() {
                if let name = next.host, name != names.last { names.append(name) }
            }
            return names
        }
    }

    private let current = Mutex(Value())

    var value: Value { current.withLock { $0 } }

    func replace(_ files: [RefusedHost], since: Timestamp) {
        let value = Value(files, since: since)
        current.withLock { $0 = value }
    }
}

extension RefusedHost {
    /// The host; where the file's name gives none, the path of the file.
    var title: String { host ?? file }
}
