internal import Configuration

/// The hosts that there are at one moment: one immutable value, replaced as a whole.
package struct HostTable: Sendable {
    /// Those that run, by name.
    package private(set) var hosts: [String: Host] = [:]
    /// The names of those that run, sorted.
    package private(set) var names: [String] = []
    /// Those that do not run, since their files have mistakes.
    package internal(set) var refused = RefusedHosts()

    package subscript(host: String) -> Host? { hosts[host] }

    init(_ hosts: [String: Host] = [:], refused: RefusedHosts = RefusedHosts()) {
        self.hosts = hosts
        self.refused = refused
        names = hosts.keys.sorted()
    }

    /// Puts another configuration of a host in place that there is already.
    func replacing(_ host: Host) -> HostTable {
        var table = self
        table.hosts[host.name] = host
        return table
    }

    /// All hosts, running or refused, in the order of their names.
    package var all: HostNames { HostNames(running: names, refused: refused.sorted) }

    /// The names of all hosts, running or refused, sorted.
    package var allNames: [String] { refused.names(with: names) }

    /// Whether there is such a host, running or refused.
    package func contains(_ host: String) -> Bool {
        hosts[host] != nil || isRefused(host)
    }

    /// Whether a host does not run because its file has mistakes.
    package func isRefused(_ host: String) -> Bool { refused.files.contains { $0.host == host } }
}
