public import Invites

/// Some invites of a host, in the order of their numbers, and where to go on.
public struct InvitePage: Hashable, Sendable {
    public var invites: [StoredInvite]
    /// The number after which the next page begins; `nil` when there is none. A page with a next one may be empty.
    public var next: Int64?

    public init(_ invites: [StoredInvite] = [], next: Int64? = nil) {
        self.invites = invites
        self.next = next
    }
}

/// How many invites were counted or removed so far, and where to go on.
public struct InviteTally: Hashable, Sendable {
    public var count: Int
    /// The number after which to go on; `nil` when there is nothing left.
    public var next: Int64?

    public init(count: Int = 0, next: Int64? = nil) {
        self.count = count
        self.next = next
    }
}

/// What became of an invite that was to be good for longer.
public enum InviteExtension: Hashable, Sendable {
    /// It is `invite` now, and was good until `before`.
    case extended(StoredInvite, before: Timestamp)
    case unknown
    /// It had expired, and another invite promises its username by now.
    case usernameTaken
    /// It was revoked, or all its uses are gone.
    case over(InviteState)
}
