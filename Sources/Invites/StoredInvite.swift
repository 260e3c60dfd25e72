/// An invite with the number by which operators name it.
public struct StoredInvite: Hashable, Sendable {
    /// Counts up on each host from 1, and is never given to another invite of the host.
    public let number: Int64
    public let invite: Invite

    public init(number: Int64, invite: Invite) {
        self.number = number
        self.invite = invite
    }
}
