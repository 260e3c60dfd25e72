/// Why a request for an invite is refused.
package enum InviteDenial: Error, Hashable, Sendable, CustomStringConvertible {
    /// Only admins of the host may make invites that create an account.
    case notAdmin
    /// Only users of the host may invite contacts.
    case notUserOfHost
    /// Users who are not admins may not invite contacts to this host.
    case contactInvitesOff
    /// There is no provider of accounts for the host.
    case noAccounts
    /// The host makes no invites at present, for any user.
    case suspended

    /// The reason in one English sentence without a full stop.
    package var description: String {
        switch self {
        case .notAdmin: "only admins of this host may create accounts"
        case .notUserOfHost: "only users of this host may invite contacts"
        case .contactInvitesOff: "only admins of this host may invite contacts"
        case .noAccounts: "nobody makes the accounts of this host for invited"
        case .suspended: "invitations are suspended on this host"
        }
    }
}
