internal import Configuration

/// The settings changed at run time after a restart: a suspension persists until it is ended, the others end with the
/// daemon.
struct RestoredOverrides {
    /// The overrides that persist.
    private(set) var overrides: [String: SettingOverrides] = [:]
    /// Those that do not: hosts with their keys, sorted.
    private(set) var dropped: [(host: String, keys: [String])] = []

    /// - Parameters:
    ///   - stored: By host and key, the values.
    ///   - hosts: The hosts that there are, also those that do not run because of their files.
    init(_ stored: [String: [String: String]], hosts: Set<String>) {
        for (host, values) in stored.sorted(by: { $0.key < $1.key }) {
            var rest = values
            if hosts.contains(host), values[HostKey.suspended.rawValue] == "true" {
                var held = SettingOverrides()
                if (try? held.set(.suspended, to: ["true"])) != nil {
                    overrides[host] = held
                    rest[HostKey.suspended.rawValue] = nil
                }
            }
            if !rest.isEmpty { dropped.append((host, rest.keys.sorted())) }
        }
    }

    /// Summaries of it, with the hosts that they are about.
    var summaries: [(String, [String])] {
        var summaries: [(String, [String])] = []
        if !overrides.isEmpty {
            let hosts = overrides.keys.sorted()
            summaries.append(("kept suspended what was suspended at run time: \(Self.list(hosts))", hosts))
        }
        if !dropped.isEmpty {
            let texts = dropped.map { "\($0.keys.joined(separator: ", ")) of \($0.host)" }
            summaries.append(("dropped what was set at run time: \(Self.list(texts))", dropped.map(\.host)))
        }
        return summaries
    }

    /// Hosts that are named in the log and in the journal.
    static let mostNamed = 20

    static func list(_ items: [String]) -> String {
        let rest = items.count - mostNamed
        return items.prefix(mostNamed).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }
}
