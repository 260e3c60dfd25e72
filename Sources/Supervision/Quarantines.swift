internal import Synchronization

/// The services in quarantine, to count them without asking each.
final class Quarantines: Sendable {
    private let services = Mutex<Set<ObjectIdentifier>>([])
    private let changed: @Sendable (Int) -> Void

    /// - Parameter changed: Called with the new number at every change, on any thread. It must not block.
    init(changed: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.changed = changed
    }

    var count: Int { services.withLock { $0.count } }

    func insert(_ service: HostService) {
        change { $0.insert(ObjectIdentifier(service)).inserted }
    }

    func remove(_ service: HostService) {
        change { $0.remove(ObjectIdentifier(service)) != nil }
    }

    private func change(_ change: (inout Set<ObjectIdentifier>) -> Bool) {
        // Within the lock: a number must not arrive after the one that followed it.
        services.withLock { services in
            if change(&services) { changed(services.count) }
        }
    }
}
