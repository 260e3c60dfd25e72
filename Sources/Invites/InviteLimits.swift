/// How many invites there may be once one more is stored. The repository decides it in the transaction that stores.
package struct InviteLimits: Hashable, Sendable {
    /// Invites of the inviter that are good, of those that users made themselves.
    package var userOpen: Limit
    /// Invites of the inviter that were made within ``day``, of those that users made themselves.
    package var userDaily: Limit
    /// Rows of the host, expired ones included.
    package var stored: Limit

    package init(userOpen: Limit = .unlimited, userDaily: Limit = .unlimited, stored: Limit = .unlimited) {
        self.userOpen = userOpen
        self.userDaily = userDaily
        self.stored = stored
    }

    /// The span of ``userDaily``, in milliseconds: any 24 hours, not those of a calendar.
    package static let day: Int64 = 86_400_000
}

/// An invite that is to be stored, and the limits that hold for it.
package struct NewInvite: Hashable, Sendable {
    package var invite: Invite
    package var limits: InviteLimits

    package init(_ invite: Invite, limits: InviteLimits = InviteLimits()) {
        self.invite = invite
        self.limits = limits
    }
}

/// Why an invite was not stored: something that has to hold among the invites of a host would no longer.
package enum InviteConflict: Error, Hashable, Sendable {
    /// Another invite that is good fixes the same username.
    case usernameTaken
    /// The inviter has so many open invites. The next one can be made at `next`; `nil` when none ever can.
    case tooManyOpen(Int, next: Timestamp?)
    /// The inviter has made so many invites within 24 hours. The next one can be made at `next`; `nil` when none ever can.
    case tooManyDaily(Int, next: Timestamp?)
    /// So many invites of the host are stored.
    case tooManyStored(Int)
    /// There is an invite with this token, which chance does not bring about.
    case tokenTaken
}
