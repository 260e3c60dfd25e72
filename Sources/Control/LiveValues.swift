package import Access
package import Shell

/// Present values, for completion. The caller has been checked; none of it is secret.
package protocol LiveValues: Sendable {
    /// Hosts that begin so and are in the scope, sorted, no more than `limit`.
    func hosts(_ prefix: String, in scope: HostScope, limit: Int) async -> [String]
    /// Numbers of the host's invites that begin so, no more than `limit`.
    func invites(_ host: String, _ prefix: String, limit: Int) async -> [CompletionCandidate]
    /// The keys of a host's file.
    func keys() async -> [CompletionCandidate]
    /// What the key can be on the host, the present value first.
    func values(_ host: String, _ key: String) async -> [CompletionCandidate]
    /// The hash of the present plan; `nil` when there is nothing to apply.
    func plan() async -> String?
    /// The numbers of the configurations that can be restored.
    func snapshots() async -> [CompletionCandidate]
}

/// Defaults without any values.
extension LiveValues {
    package func invites(_ host: String, _ prefix: String, limit: Int) async -> [CompletionCandidate] { [] }
    package func keys() async -> [CompletionCandidate] { [] }
    package func values(_ host: String, _ key: String) async -> [CompletionCandidate] { [] }
    package func plan() async -> String? { nil }
    package func snapshots() async -> [CompletionCandidate] { [] }
}

extension LiveValues where Self: HostDirectoryView {
    package func hosts(_ prefix: String, in scope: HostScope, limit: Int) async -> [String] {
        let directory: any HostDirectoryView = self
        return directory.hosts(prefix, in: scope, limit: limit)
    }
}
