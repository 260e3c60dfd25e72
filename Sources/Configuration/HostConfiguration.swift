public import Invites
public import XMPP

/// Everything that the files say about one virtual host, checked and with all defaults filled in.
public struct HostConfiguration: Hashable, Sendable {
    /// The domain of the host, prepared with Nameprep (RFC 6122 §2.2).
    public let host: String
    /// Who may do everything on this host: bare JIDs, not necessarily of this host.
    public internal(set) var admins: Set<JID>
    /// Whether a contact invited by somebody who is no admin may also register an account on this host.
    public internal(set) var allowUserInvites: Bool
    /// Whether users who are no admins may invite contacts at all.
    public internal(set) var allowContactInvites: Bool
    /// How long an invite is good for.
    public internal(set) var inviteExpiry: Lifetime
    /// A domain of this host's own on the component connection, prepared; `nil` when it has none.
    public internal(set) var serviceAddress: String?
    /// What people call the site; `nil` when nobody said.
    public internal(set) var siteName: String?
    /// Whether nobody can have invites made here at present.
    public internal(set) var suspended: Bool

    /// Makes a configuration; whatever is left out is as in an empty file.
    ///
    /// - Parameter host: The prepared domain of the host.
    public init(
        host: String, admins: Set<JID> = [], allowUserInvites: Bool = false, allowContactInvites: Bool = true,
        inviteExpiry: Lifetime = .week, serviceAddress: String? = nil, siteName: String? = nil,
        suspended: Bool = false
    ) {
        self.host = host
        self.admins = admins
        self.allowUserInvites = allowUserInvites
        self.allowContactInvites = allowContactInvites
        self.inviteExpiry = inviteExpiry
        self.serviceAddress = serviceAddress
        self.siteName = siteName
        self.suspended = suspended
    }

    /// Joins what a host's file says with the defaults of the daemon's file.
    init(host: String, settings: HostSettings, defaults: HostSettings) {
        self.init(host: host)
        apply(defaults)
        apply(settings)
    }

    /// The settings in which two configurations differ, in the order of ``HostKey``.
    public func differences(from other: HostConfiguration) -> [HostKey] {
        HostKey.allCases.filter { key in
            switch key {
            case .host: host != other.host
            case .admins: admins != other.admins
            case .allowUserInvites: allowUserInvites != other.allowUserInvites
            case .allowContactInvites: allowContactInvites != other.allowContactInvites
            case .inviteExpiry: inviteExpiry != other.inviteExpiry
            case .serviceAddress: serviceAddress != other.serviceAddress
            case .siteName: siteName != other.siteName
            case .suspended: suspended != other.suspended
            }
        }
    }
}
