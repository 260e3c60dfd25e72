extension Supervisor {
    /// The names of the hosts that run, sorted.
    package nonisolated var hostNames: [String] { router.currentTable.hosts.keys.sorted() }

    /// Whether there is such a host.
    package nonisolated func hasHost(_ host: String) -> Bool { router.currentTable.hosts[host] != nil }
}
