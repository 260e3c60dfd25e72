/// What a change of the configuration takes from hosts, or opens on them. It is shown first, since a file that was
/// truncated cannot be told from one that was shortened on purpose.
package struct ConfigurationLosses: Hashable, Sendable {
    /// What one host loses.
    package struct Host: Hashable, Sendable {
        package let host: String
        /// In a few words each, which follow the host's name; never empty.
        package let losses: [String]
    }

    /// Ordered by name.
    package let hosts: [Host]

    /// - Parameter returning: By host that was served before, how many of its invites are revoked; `nil` where unknown.
    package init(_ diff: ConfigurationDiff, returning: [String: Int?] = [:]) {
        let removed = diff.removed.map { Host(host: $0, losses: [Self.removal]) }
        let changed = diff.changed.compactMap { change in
            let losses = change.keys.compactMap { $0.setting.loss(from: change.old, to: change.new) }
            return losses.isEmpty ? nil : Host(host: change.host, losses: losses)
        }
        let returned = diff.added.compactMap { added in
            returning[added.host].map { Host(host: added.host, losses: [Self.revocation(of: $0)]) }
        }
        hosts = (removed + changed + returned).sorted { $0.host < $1.host }
    }

    package var isEmpty: Bool { hosts.isEmpty }

    /// All that a host without a file loses.
    private static let removal = "no longer served"

    private static func revocation(of count: Int?) -> String {
        switch count {
        case 1?: "1 open invite from before is revoked"
        case let count?: "\(count) open invites from before are revoked"
        case nil: "open invites from before are revoked"
        }
    }

    /// The losses in one line: `a.example (no longer suspended, no admins left), b.example (no longer served) and 3 more
    /// hosts`.
    ///
    /// - Parameter most: How many hosts are named.
    package func summary(naming most: Int = 3) -> String {
        var text = hosts.prefix(most).map { "\($0.host) (\($0.losses.joined(separator: ", ")))" }.joined(
            separator: ", ")
        let more = hosts.count - most
        if more > 0 { text += " and \(more) more \(more == 1 ? "host" : "hosts")" }
        return text
    }
}
