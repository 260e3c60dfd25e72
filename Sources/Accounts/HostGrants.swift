package import XMPP

/// What one host's server lets us do, as its own messages after the handshake said.
package struct HostGrants: Hashable, Sendable {
    /// The delegated namespaces (XEP-0355), sorted; empty when none is known.
    package var delegated: [String] = []
    /// The permissions (XEP-0356), without those that grant nothing; `nil` when none is known.
    package var privilege: PrivilegeGrant?

    package init(delegated: [String] = [], privilege: PrivilegeGrant? = nil) {
        self.delegated = delegated
        self.privilege = privilege
    }

    /// Whether the host's commands are delegated.
    package var delegatesCommands: Bool { delegated.contains(Namespaces.commands) }

    /// Why commands are not sent here, and what would change that.
    package static let noDelegation =
        "the server has said neither that it has mod_invited (its log says why, where that did not load), nor that it "
        + "delegates them (XEP-0355): `delegations` on Prosody, `mod_delegation` on ejabberd"

    /// What may be done with the rosters of the host's users: `none`, `get`, `set` or `both` (XEP-0356 §4.2).
    package var rosterAccess: String { privilege?.permissions.first { $0.access == "roster" }?.type ?? "none" }

    /// The permissions in words, `ACCESS: TYPE` or `iq NAMESPACE: TYPE`, sorted.
    package var privileges: [String] {
        let texts = (privilege?.permissions ?? []).flatMap { permission in
            permission.namespaces.map { "\(permission.access) \($0.key): \($0.value)" }
                + (permission.type.map { ["\(permission.access): \($0)"] } ?? [])
        }
        return texts.sorted()
    }
}

extension HostGrants {
    private static let usedNamespaces = [Namespaces.commands, Namespaces.discoItems]

    /// Drops what the daemon has no use for, however much a domain says.
    mutating func keepOnlyWhatIsUsed() {
        delegated = delegated.filter(Self.usedNamespaces.contains)
        privilege = privilege?.granting(only: Self.usedNamespaces)
    }
}
