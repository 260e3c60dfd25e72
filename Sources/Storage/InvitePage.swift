package import Invites

/// Some invites of a host, in the order of their numbers, and where to continue.
package struct InvitePage: Hashable, Sendable {
    package var invites: [StoredInvite]
    /// The number after which the next page begins; `nil` when there is none. A page with a next one may be empty.
    package var next: Int64?

    package init(_ invites: [StoredInvite] = [], next: Int64? = nil) {
        self.invites = invites
        self.next = next
    }
}

/// How many invites were counted or removed so far, and where to continue.
package struct InviteTally: Hashable, Sendable {
    package var count: Int
    /// The number after which to continue; `nil` when there is nothing left.
    package var next: Int64?

    package init(count: Int = 0, next: Int64? = nil) {
        self.count = count
        self.next = next
    }
}

/// What became of an invite that was to be good for longer.
package enum InviteExtension: Hashable, Sendable {
    /// It is `invite` now, and was good until `before`.
    case extended(StoredInvite, before: Timestamp)
    case unknown
    /// It had expired, and another invite promises its username by now.
    case usernameTaken
    /// It was revoked, or all its uses are spent.
    case over(InviteState)
}
