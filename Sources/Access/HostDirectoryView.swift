/// The names of the existing hosts, without waiting for any of them.
package protocol HostDirectoryView: Sendable {
    /// Whether there is such a host, running or refused.
    func hasHost(_ host: String) -> Bool
    /// The names of all hosts, sorted, running or refused.
    var hostNames: [String] { get }
}

extension HostDirectoryView {
    /// Hosts whose names begin so and that are in the scope, sorted, no more than `limit`.
    package func hosts(_ prefix: String, in scope: HostScope, limit: Int) -> [String] {
        let names = hostNames
        var (low, high) = (0, names.count)
        while low < high {
            let middle = low + (high - low) / 2
            if names[middle] < prefix { low = middle + 1 } else { high = middle }
        }
        var found: [String] = []
        for name in names[low...] {
            guard found.count < limit, name.hasPrefix(prefix) else { break }
            if scope.contains(name) { found.append(name) }
        }
        return found
    }
}
