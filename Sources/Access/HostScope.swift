/// The hosts that a caller sees. For all requests, the others do not exist.
package enum HostScope: Hashable, Sendable {
    case all
    /// Hosts named as they are, and with `*.example.com` all hosts below example.com.
    case some(Set<String>)

    /// Whether `host`, prepared, is among them.
    package func contains(_ host: String) -> Bool {
        switch self {
        case .all: return true
        case .some(let patterns):
            if patterns.contains(host) { return true }
            var rest = Substring(host)
            while let dot = rest.firstIndex(of: ".") {
                rest = rest[rest.index(after: dot)...]
                if patterns.contains("*." + rest) { return true }
            }
            return false
        }
    }

    /// The hosts of both.
    package func union(_ other: HostScope) -> HostScope {
        guard case .some(let left) = self, case .some(let right) = other else { return .all }
        return .some(left.union(right))
    }
}
