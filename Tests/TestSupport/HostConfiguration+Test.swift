package import Configuration
package import Invites
package import XMPP

extension HostConfiguration {
    /// A configuration for tests; whatever is left out is as in an empty file.
    package init(
        host: String, admins: Set<JID> = [], allowUserInvites: Bool = false, allowContactInvites: Bool = true,
        inviteExpiry: Lifetime = .week, serviceAddress: String? = nil, siteName: String? = nil,
        suspended: Bool = false
    ) {
        self.init(host: host)
        self.admins = admins
        self.allowUserInvites = allowUserInvites
        self.allowContactInvites = allowContactInvites
        self.inviteExpiry = inviteExpiry
        self.serviceAddress = serviceAddress
        self.siteName = siteName
        self.suspended = suspended
    }
}
