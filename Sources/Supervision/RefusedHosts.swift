package import Configuration
package import Invites

/// The files of hosts that are not used because of mistakes.
package struct RefusedHosts: Sendable {
    package let files: [RefusedHost]
    /// When they were read.
    package let since: Timestamp
    /// The files in the order of their hosts, or of their paths where they name none.
    package let sorted: [RefusedHost]

    package init(_ files: [RefusedHost] = [], since: Timestamp = Timestamp(millisecondsSinceEpoch: 0)) {
        self.files = files
        self.since = since
        sorted = files.sorted { $0.title < $1.title }
    }

    /// These names, sorted, and those of the refused hosts among them. Every completion asks, with however many hosts, so
    /// they are merged and not sorted again.
    func names(with running: [String]) -> [String] {
        if files.isEmpty { return running }
        var names: [String] = []
        names.reserveCapacity(running.count + files.count)
        var merged = HostNames(running: running, refused: sorted)
        while let next = merged.next() {
            if let name = next.host, name != names.last { names.append(name) }
        }
        return names
    }
}

extension RefusedHost {
    /// The host; where the file's name gives none, the path of the file.
    var title: String { host ?? file }
}
