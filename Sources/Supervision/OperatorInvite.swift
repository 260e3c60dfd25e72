package import Invites

/// What an operator had made.
package struct OperatorInvite: Hashable, Sendable {
    /// How many rows a host has, and how many it may have.
    package struct Limit: Hashable, Sendable {
        package let stored: Int
        package let limit: Int
    }

    package let invite: StoredInvite
    /// Set when the host has nearly as many invites as users may make it have, or more.
    package let limit: Limit?

    init(_ invite: StoredInvite, limit: Limit?) {
        self.invite = invite
        self.limit = limit
    }
}
