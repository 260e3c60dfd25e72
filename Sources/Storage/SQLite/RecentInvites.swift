internal import Invites

/// Caches the invites that were read last, for repeated requests, such as for the pages of links that were posted in
/// public.
///
/// It always matches the database: a call that writes empties it first, and nothing is inserted before that call ends.
/// What another program writes to the file is seen when an invite is read again, after ``milliseconds`` at most.
struct RecentInvites: Sendable {
    /// How long a cached invite is valid.
    static let milliseconds: Int64 = 1_000
    /// The most invites in it; each host with an open database may have so many.
    static let capacity = 64

    private var invites: [Token: (invite: StoredInvite, readAt: Int64)] = [:]

    /// - Parameter uptime: Milliseconds of a monotonic clock, from before it was read.
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
