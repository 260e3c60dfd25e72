/// An invite with the number by which operators name it.
package struct StoredInvite: Hashable, Sendable {
    /// Counts up on each host from 1, and is never given to another invite of the host.
    package let number: Int64
    package let invite: Invite

    package init(number: Int64, invite: Invite) {
        self.number = number
        self.invite = invite
    }
}
