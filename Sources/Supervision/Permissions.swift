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

    /// Which of the invitation commands the asker may use.
    func allows(_ node: String) -> Bool {
        switch node {
        case Namespaces.inviteCommand: contactHost != nil
        case Namespaces.createAccountCommand: !accountHosts.isEmpty
        default: false
        }
    }

    /// What a host's rules let an asker do.
    init(of asker: Account?, under policy: InvitePolicy) {
        guard let asker else {
            self.init(contactHost: nil, accountHosts: [])
            return
        }
        self.init(
            contactHost: policy.mayInviteContacts(asker) ? policy.host : nil,
            contactDenial: asker.domain == policy.host ? .contactInvitesOff : .notUserOfHost,
            accountHosts: policy.mayCreateAccounts(asker) ? [policy.host] : [])
    }

    init(contactHost: String?, contactDenial: InviteDenial = .notUserOfHost, accountHosts: [String]) {
        self.contactHost = contactHost
        self.contactDenial = contactDenial
        self.accountHosts = accountHosts
    }
}
