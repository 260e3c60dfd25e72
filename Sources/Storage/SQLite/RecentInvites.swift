internal import Invites

/// Invites as they were read last, for who asks for the same ones again and again, as the pages of links do that were posted where
/// many people are.
///
/// They are what the database holds: whoever has the turn to change it empties this first, and nothing is put in before that turn
/// ends. What another program writes to the file is seen when an invite is read again, after ``milliseconds`` at most.
struct RecentInvites: Sendable {
    /// How long an invite is good for after it was read.
    static let milliseconds: Int64 = 1_000
    /// Of how many: each host with an open database may have so many.
    static let capacity = 64

    private var invites: [Token: (invite: StoredInvite, readAt: Int64)] = [:]

    /// - Parameter uptime: In milliseconds, of a clock that nobody sets, from before it was read.
    mutating func insert(_ invite: StoredInvite, readAt uptime: Int64) {
        if invites.count >= Self.capacity, invites[invite.invite.token] == nil { removeAll() }
        invites[invite.invite.token] = (invite, uptime)
    }

    /// The invite with a token, where it was read not long before now.
    func invite(withToken token: Token, at uptime: Int64) -> StoredInvite? {
        guard let (invite, readAt) = invites[token], uptime - readAt < Self.milliseconds else { return nil }
        return invite
    }

    mutating func removeAll() { if !invites.isEmpty { invites = [:] } }
}
