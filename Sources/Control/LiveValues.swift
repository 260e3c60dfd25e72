package import Access

/// What a word could become.
package struct Completion: Hashable, Sendable {
    package let value: String
    /// What it is, in a few words; empty when it says it itself.
    package let summary: String

    package init(_ value: String, _ summary: String = "") {
        self.value = value
        self.summary = summary
    }
}

/// Values that are there now, for completion. Who asks has been checked; none of it is secret.
package protocol LiveValues: Sendable {
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
    package func invites(_ host: String, _ prefix: String, limit: Int) async -> [Completion] { [] }
    package func keys() async -> [Completion] { [] }
    package func values(_ host: String, _ key: String) async -> [Completion] { [] }
    package func plan() async -> String? { nil }
    package func snapshots() async -> [Completion] { [] }
}

extension LiveValues where Self: HostDirectoryView {
    package func hosts(_ prefix: String, in scope: HostScope, limit: Int) async -> [String] {
        let directory: any HostDirectoryView = self
        return directory.hosts(prefix, in: scope, limit: limit)
    }
}
