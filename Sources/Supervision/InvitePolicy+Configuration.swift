package import Configuration
package import Invites

extension InvitePolicy {
    /// The rules that a host's configuration sets.
    package init(_ configuration: HostConfiguration) {
        self.init(
            host: configuration.host,
            admins: Set(configuration.admins.compactMap(Account.init)),
            allowUserInvites: configuration.allowUserInvites,
            allowContactInvites: configuration.allowContactInvites,
            makesAccounts: configuration.accounts != .none,
            lifetime: configuration.inviteExpiry,
            isSuspended: configuration.suspended,
            userOpenInvites: configuration.userOpenInvites,
            userDailyInvites: configuration.userDailyInvites,
            maxInvites: configuration.maxInvites,
            retention: configuration.inviteRetention,
            notifiesInviter: configuration.notifyInviter)
    }
}
