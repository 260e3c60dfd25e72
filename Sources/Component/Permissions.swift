internal import Invites
internal import XMPP

/// What one asker may do at one address.
struct Permissions: Hashable, Sendable {
    /// The host for which the asker may invite contacts.
    var contactHost: String?
    /// Why there is none.
    var contactDenial: InviteDenial
    /// The hosts on which the asker may have accounts created, sorted.
    var accountHosts: [String]
    /// Why there is none.
    var accountDenial: InviteDenial
    /// The hosts on which the asker might, were they not suspended.
    var suspendedHosts: [String]

    /// What a host's rules allow an asker.
    init(of asker: Account?, under policy: InvitePolicy) {
        guard let asker else {
            self.init(contactHost: nil, accountHosts: [])
            return
        }
        let contactDenial = policy.denialOfContactInvite(by: asker)
        let accountDenial = policy.denialOfAccountInvite(by: asker)
        self.init(
            contactHost: contactDenial == nil ? policy.host : nil, contactDenial: contactDenial ?? .contactInvitesOff,
            accountHosts: accountDenial == nil ? [policy.host] : [], accountDenial: accountDenial ?? .notAdmin,
            suspendedHosts: policy.isSuspended && policy.isAdmin(asker) ? [policy.host] : [])
    }

    init(
        contactHost: String?, contactDenial: InviteDenial = .notUserOfHost, accountHosts: [String],
        accountDenial: InviteDenial = .notAdmin, suspendedHosts: [String] = []
    ) {
        self.contactHost = contactHost
        self.contactDenial = contactDenial
        self.accountHosts = accountHosts
        self.accountDenial = accountDenial
        self.suspendedHosts = suspendedHosts
    }
}
