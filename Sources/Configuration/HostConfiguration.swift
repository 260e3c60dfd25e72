package import Invites
package import Languages
package import XMPP

/// Everything that the files say about one virtual host, checked and with all defaults filled in.
///
/// Each property is a setting of ``HostKey``, and its initial value what an empty file stands for.
package struct HostConfiguration: Hashable, Sendable {
    /// The domain of the host, prepared with Nameprep (RFC 6122 §2.2).
    package internal(set) var host: String
    /// Who may do everything on this host: bare JIDs, not necessarily of this host.
    package var admins: Set<JID> = []
    /// Whether a contact invited by a user who is no admin may also register an account on this host.
    package var allowUserInvites = false
    /// Whether users who are no admins may invite contacts at all.
    package var allowContactInvites = true
    /// How long an invite is good for.
    package var inviteExpiry = Lifetime.week
    /// How many invites of one user may be good at a time.
    package var userOpenInvites = Limit.atMost(50)
    /// How many invites one user may make within 24 hours.
    package var userDailyInvites = Limit.atMost(20)
    /// How many invites of the host may be stored, whatever their state.
    package var maxInvites = Limit.atMost(100_000)
    /// How long invites are stored that are no longer good.
    package var inviteRetention = Lifetime.month
    /// Whether inviters are notified that their invites were accepted.
    package var notifyInviter = true
    /// A domain of this host's own on the component connection, prepared; `nil` when it has none.
    package var serviceAddress: String?
    /// The web page of an invite; `nil` when there is none.
    package var landingPage: LandingPage?
    /// What people call the site; `nil` when it is not set.
    package var siteName: String?
    /// The language for users of the host who ask for none, or for one that has no texts.
    package var language = LanguageTag.english
    /// The provider of accounts, and of what follows from an invite.
    package var accounts = AccountsChoice.auto
    /// What the server module is to do about registrations without a token.
    package var registration = ServerModule.Registration.server
    /// Whether no invites are made here at present.
    package var suspended = false
    /// Where pages are, and their appearance.
    package var pages = HostPageSettings()

    /// The configuration of a host whose file says nothing.
    ///
    /// - Parameter host: The prepared domain of the host.
    package init(host: String) {
        self.host = host
    }

    /// Joins what a host's file says with the defaults of the daemon's file.
    init(host: String, settings: HostSettings, defaults: HostSettings) {
        self.init(host: host)
        defaults.apply(to: &self)
        settings.apply(to: &self)
    }

    /// The settings in which two configurations differ, in the order of ``HostKey``.
    package func differences(from other: HostConfiguration) -> [HostKey] {
        HostKey.allCases.filter { !$0.setting.isSame(self, other) }
    }

    /// The value in force for a key, ready to be put into a file; `nil` where there is none, as with a site without a
    /// name.
    package func hostValue(of key: HostKey) -> HostValue? { key.setting.value(in: self) }

    /// The value of a key as it could stand in the host's file, in one line of YAML; `nil` where it has none.
    package func value(of key: HostKey) -> String? { hostValue(of: key)?.description }
}
