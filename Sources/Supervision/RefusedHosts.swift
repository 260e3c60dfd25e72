internal import Configuration
internal import Invites
internal import Synchronization

/// The files of hosts that are not used because of mistakes, for those who ask at any time.
final class RefusedHosts: Sendable {
    struct Value: Sendable {
        var files: [RefusedHost] = []
        /// When they were read.
        var since = Timestamp(millisecondsSinceEpoch: 0)

        /// These names, sorted, and those of the refused hosts among them. Every completion asks, with however many
        /// hosts, so they are merged and not sorted again.
        func names(with running: [String]) -> [String] {
            var refused = Set(files.compactMap(\.host)).sorted()[...]
            if refused.isEmpty { return running }
            var names: [String] = []
            names.reserveCapacity(running.count + refused.count)
            for name in running {
                while let first = refused.first, first <= name {
                    refused.removeFirst()
                    if first < name { names.append(first) }
                }
                names.append(name)
            }
            return names + refused
        }
    }

    private let current = Mutex(Value())

    var value: Value { current.withLock { $0 } }

    func replace(_ files: [RefusedHost], since: Timestamp) {
        current.withLock { $0 = Value(files: files, since: since) }
    }
}
