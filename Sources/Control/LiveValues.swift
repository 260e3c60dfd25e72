/// What a word could become.
public struct Completion: Hashable, Sendable {
    public let value: String
    /// What it is, in a few words; empty when it says it itself.
    public let summary: String

    public init(_ value: String, _ summary: String = "") {
        self.value = value
        self.summary = summary
    }
}

/// Values that are there now, for completion. Who asks has been checked; none of it is secret.
public protocol LiveValues: Sendable {
    /// Hosts that begin so and are in the scope, sorted, no more than `limit`.
    func hosts(_ prefix: String, in scope: HostScope, limit: Int) async -> [String]
    /// Numbers of the host's invites that begin so, no more than `limit`.
    func invites(_ host: String, _ prefix: String, limit: Int) async -> [Completion]
    /// The keys of a host's file.
    func keys() async -> [Completion]
    /// What the key can be on the host, the present value first.
    func values(_ host: String, _ key: String) async -> [Completion]
    /// The hash of the present plan; `nil` when there is nothing to apply.
    func plan() async -> String?
    /// The numbers of the configurations that can be gone back to.
    func snapshots() async -> [Completion]
}

/// What is known without asking anybody.
extension LiveValues {
    public func invites(_ host: String, _ prefix: String, limit: Int) async -> [Completion] { [] }
    public func keys() async -> [Completion] { [] }
    public func values(_ host: String, _ key: String) async -> [Completion] { [] }
    public func plan() async -> String? { nil }
    public func snapshots() async -> [Completion] { [] }
}

extension HostDirectoryView {
    /// Hosts that begin so and are in the scope, sorted, no more than `limit`.
    public func hosts(_ prefix: String, in scope: HostScope, limit: Int) -> [String] {
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

extension LiveValues where Self: HostDirectoryView {
    public func hosts(_ prefix: String, in scope: HostScope, limit: Int) async -> [String] {
        let directory: any HostDirectoryView = self
        return directory.hosts(prefix, in: scope, limit: limit)
    }
}
