public import Invites
public import XMPP

/// Everything that the files say about one virtual host, checked and with all defaults filled in.
public struct HostConfiguration: Hashable, Sendable {
    /// The domain of the host, prepared with Nameprep (RFC 6122 §2.2).
    public let host: String
    /// Who may do everything on this host: bare JIDs, not necessarily of this host.
    public let admins: Set<JID>
    /// Whether a contact invited by somebody who is no admin may also register an account on this host.
    public let allowUserInvites: Bool
    /// Whether users who are no admins may invite contacts at all.
    public let allowContactInvites: Bool
    /// How long an invite is good for.
    public let inviteExpiry: Lifetime
    /// A domain of this host's own on the component connection, prepared; `nil` when it has none.
    public let serviceAddress: String?
    /// What people call the site; `nil` when nobody said.
    public let siteName: String?

    /// Makes a configuration; whatever is left out is as in an empty file.
    ///
    /// - Parameter host: The prepared domain of the host.
    public init(
        host: String, admins: Set<JID> = [], allowUserInvites: Bool = false, allowContactInvites: Bool = true,
        inviteExpiry: Lifetime = .week, serviceAddress: String? = nil, siteName: String? = nil
    ) {
        self.host = host
        self.admins = admins
        self.allowUserInvites = allowUserInvites
        self.allowContactInvites = allowContactInvites
        self.inviteExpiry = inviteExpiry
        self.serviceAddress = serviceAddress
        self.siteName = siteName
    }

    /// Joins what a host's file says with the defaults of the daemon's file.
    init(host: String, settings: HostSettings, defaults: HostSettings) {
        self.init(
            host: host,
            admins: (settings.admins ?? defaults.admins)?.value ?? [],
            allowUserInvites: (settings.allowUserInvites ?? defaults.allowUserInvites)?.value ?? false,
            allowContactInvites: (settings.allowContactInvites ?? defaults.allowContactInvites)?.value ?? true,
            inviteExpiry: (settings.inviteExpiry ?? defaults.inviteExpiry)?.value ?? .week,
            serviceAddress: settings.serviceAddress?.value.domain,
            siteName: (settings.siteName ?? defaults.siteName)?.value)
    }

    /// The settings in which two configurations differ, in the order of ``HostKey``.
    func differences(from other: HostConfiguration) -> [HostKey] {
        HostKey.allCases.filter { key in
            switch key {
            case .host: host != other.host
            case .admins: admins != other.admins
            case .allowUserInvites: allowUserInvites != other.allowUserInvites
            case .allowContactInvites: allowContactInvites != other.allowContactInvites
            case .inviteExpiry: inviteExpiry != other.inviteExpiry
            case .serviceAddress: serviceAddress != other.serviceAddress
            case .siteName: siteName != other.siteName
            }
        }
    }
}
