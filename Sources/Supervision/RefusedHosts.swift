internal import Configuration
internal import Invites
internal import Synchronization

/// The files of hosts that are not used because of mistakes, for those who ask at any time.
final class RefusedHosts: Sendable {
    struct Value: Sendable {
        var files: [RefusedHost] = []
        /// When they were read.
        var since = Timestamp(millisecondsSinceEpoch: 0)
    }

    private let current = Mutex(Value())

    var value: Value { current.withLock { $0 } }

    func replace(_ files: [RefusedHost], since: Timestamp) {
        current.withLock { $0 = Value(files: files, since: since) }
    }
}
