import Invites
import XMPP

/// Every setting of a host. A new one is a property of ``HostConfiguration`` with its default, and a value here.
extension HostKey: CaseIterable {
    /// In the order of the manual.
    public static let allCases = [
        host, admins, allowUserInvites, allowContactInvites, inviteExpiry, userOpenInvites, userDailyInvites,
        maxInvites,
        landingPage, serviceAddress, siteName, suspended,
    ]

    public static let host = HostKey(
        HostSetting(
            "host", \.host, .domain, scope: .file("each host's file is named after its host"), effect: .apply,
            standard: "the file's name", "The host. It must agree with the file's name.", example: "host: example.com"))

    public static let admins = HostKey(
        HostSetting(
            "admins", \.admins, .bareJIDs, effect: .request,
            "Who may make every kind of invite on this host, at most 1,000. They need not be users of it.",
            example: "admins: [admin@example.com, ann@host.example]"))

    public static let allowUserInvites = HostKey(
        HostSetting(
            "allow_user_invites", \.allowUserInvites, .flag, effect: .request,
            "Whether somebody whom a user invites as a contact may also register on this host.",
            example: "allow_user_invites: true"))

    public static let allowContactInvites = HostKey(
        HostSetting(
            "allow_contact_invites", \.allowContactInvites, .flag, effect: .request,
            "Whether users may invite contacts. Admins always may.", example: "allow_contact_invites: false"))

    public static let inviteExpiry = HostKey(
        HostSetting(
            "invite_expiry", \.inviteExpiry, .lifetime, effect: .request,
            "How long an invite is good for: numbers with `w`, `d`, `h`, `m` and `s`.",
            example: "invite_expiry: 1d12h"))

    public static let userOpenInvites = HostKey(
        HostSetting(
            "user_open_invites", \.userOpenInvites, .limit, effect: .request,
            "How many invites of one user may be good at a time. With 0 users make none. Admins are exempt.",
            example: "user_open_invites: 10"))

    public static let userDailyInvites = HostKey(
        HostSetting(
            "user_daily_invites", \.userDailyInvites, .limit, effect: .request,
            "How many invites one user may make within 24 hours. With 0 users make none. Admins are exempt.",
            example: "user_daily_invites: unlimited"))

    public static let maxInvites = HostKey(
        HostSetting(
            "max_invites", \.maxInvites, .limit, effect: .request,
            """
            How many invites of this host may be stored, those that have expired and are yet to be removed included. Beyond \
            that neither users nor admins make any; operators still do.
            """,
            example: "max_invites: 5000"))

    public static let landingPage = HostKey(
        HostSetting(
            "landing_page", \.landingPage, .optional(.landingPage), effect: .request,
            """
            The web page of an invite, for people who have no client yet: an http or https URL in which `{host}`, `{token}`, \
            `{uri}` and `{uri_without_scheme}` stand for what the invite has, each encoded for its place. Clients that know \
            it share it in place of the link.
            """,
            example: "landing_page: \"https://invite.example/#{uri_without_scheme}\""))

    public static let serviceAddress = HostKey(
        HostSetting(
            "service_address", \.serviceAddress, .optional(.domain),
            scope: .oneHost(
                "an address belongs to one host, and every host would claim this one; set it in that host's file"),
            effect: .apply,
            """
            An address of this host's own on the component connection, where its users find the commands. The server has \
            to route it to the component, which ejabberd can and Prosody cannot.
            """,
            example: "service_address: invites.example.com"))

    public static let siteName = HostKey(
        HostSetting(
            "site_name", \.siteName, .optional(.text(wants: "a text such as Example", longest: 200)), effect: .request,
            "What people call this place, in at most 200 characters. Not shown anywhere yet.",
            example: "site_name: Example"))

    public static let suspended = HostKey(
        HostSetting(
            "suspended", \.suspended, .flag, effect: .request,
            "Whether everybody's requests for invites are refused. Invites that were made stay good.",
            example: "suspended: true"))
}
