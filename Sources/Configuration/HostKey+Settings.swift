import Invites
import XMPP

/// Every setting of a host. A new one is a property of ``HostConfiguration`` with its default, and a value here.
extension HostKey: CaseIterable {
    /// In the order of the manual.
    package static let allCases =
        [
            host, admins, allowUserInvites, allowContactInvites, inviteExpiry, userOpenInvites, userDailyInvites,
            maxInvites, inviteRetention, notifyInviter, landingPage, serviceAddress, siteName, language, accounts,
            registration, suspended,
        ] + ofPages

    package static let host = HostKey(
        HostSetting(
            "host", get: { $0.host }, set: { $0.host = $1 }, .domain,
            scope: .file("each host's file is named after its host"), effect: .apply,
            standard: "the file's name", "The host. It must agree with the file's name.", example: "host: example.com"))

    package static let admins = HostKey(
        HostSetting(
            "admins", get: { $0.admins }, set: { $0.admins = $1 }, .bareJIDs, effect: .request,
            "Who may make every kind of invite on this host, at most 1,000. They need not be users of it.",
            example: "admins: [admin@example.com, ann@host.example]"
        ) { old, new in
            let gone = old.subtracting(new).map(\.description).sorted()
            if gone.isEmpty { return nil }
            return (new.isEmpty ? "no admins left: " : "no longer admins: ") + HostKey.list(gone)
        })

    package static let allowUserInvites = HostKey(
        HostSetting(
            "allow_user_invites", get: { $0.allowUserInvites }, set: { $0.allowUserInvites = $1 }, .flag,
            effect: .request,
            "Whether somebody whom a user invites as a contact may also register on this host.",
            example: "allow_user_invites: true"
        ) { !$0 && $1 ? "contacts of users may register now" : nil })

    package static let allowContactInvites = HostKey(
        HostSetting(
            "allow_contact_invites", get: { $0.allowContactInvites }, set: { $0.allowContactInvites = $1 }, .flag,
            effect: .request,
            "Whether users may invite contacts. Admins always may.", example: "allow_contact_invites: false"
        ) { !$0 && $1 ? "users may invite contacts now" : nil })

    package static let inviteExpiry = HostKey(
        HostSetting(
            "invite_expiry", get: { $0.inviteExpiry }, set: { $0.inviteExpiry = $1 }, .lifetime, effect: .request,
            "How long an invite is good for: numbers with `w`, `d`, `h`, `m` and `s`.",
            example: "invite_expiry: 1d12h"
        ) { $0.seconds < $1.seconds ? "invites are good for \($1) instead of \($0)" : nil })

    package static let userOpenInvites = HostKey(
        HostSetting(
            "user_open_invites", get: { $0.userOpenInvites }, set: { $0.userOpenInvites = $1 }, .limit,
            effect: .request,
            "How many invites of one user may be good at a time. With 0 users make none. Admins are exempt.",
            example: "user_open_invites: 10"
        ) { HostKey.opening("invites of a user", from: $0, to: $1) })

    package static let userDailyInvites = HostKey(
        HostSetting(
            "user_daily_invites", get: { $0.userDailyInvites }, set: { $0.userDailyInvites = $1 }, .limit,
            effect: .request,
            """
            How many invites one user may make within 24 hours. With 0 users make none. Admins are exempt. Those that were \
            made while the machine's clock was ahead count for a day once their time comes.
            """,
            example: "user_daily_invites: unlimited"
        ) { HostKey.opening("invites of a user in 24 hours", from: $0, to: $1) })

    package static let maxInvites = HostKey(
        HostSetting(
            "max_invites", get: { $0.maxInvites }, set: { $0.maxInvites = $1 }, .limit, effect: .request,
            """
            How many invites of this host may be stored, those that are no longer good and yet to be removed included. Beyond \
            that neither users nor admins make any; operators still do.
            """,
            example: "max_invites: 5000"
        ) { HostKey.opening("invites of the host", from: $0, to: $1) })

    package static let inviteRetention = HostKey(
        HostSetting(
            "invite_retention", get: { $0.inviteRetention }, set: { $0.inviteRetention = $1 }, .lifetime,
            effect: .request,
            """
            How long an invite is kept after it expired, was used up or revoked, and an attempt to redeem one after it \
            failed. Who registered by whose invite stays known as long as the account is there.
            """,
            example: "invite_retention: 14d"
        ) { $0.seconds > $1.seconds ? "what is no longer good is removed after \($1) instead of \($0)" : nil })

    package static let notifyInviter = HostKey(
        HostSetting(
            "notify_inviter", get: { $0.notifyInviter }, set: { $0.notifyInviter = $1 }, .flag, effect: .request,
            "Whether a user is told when somebody accepts an invite.", example: "notify_inviter: false"
        ) { $0 && !$1 ? "inviters are no longer told" : nil })

    package static let landingPage = HostKey(
        HostSetting(
            "landing_page", get: { $0.landingPage }, set: { $0.landingPage = $1 }, .optional(.landingPage),
            effect: .request,
            """
            The web page of an invite, for people who have no client yet: an http or https URL in which `{host}`, `{token}`, \
            `{uri}` and `{uri_without_scheme}` stand for what the invite has, each encoded for its place. Clients that know \
            it share it in place of the link. Without it, the page is that of `web`, where there is one.
            """,
            example: "landing_page: \"https://invite.example/#{uri_without_scheme}\""
        ) { $0 != nil && $1 == nil ? "no landing page" : nil })

    package static let serviceAddress = HostKey(
        HostSetting(
            "service_address", get: { $0.serviceAddress }, set: { $0.serviceAddress = $1 }, .optional(.domain),
            scope: .oneHost(
                "an address belongs to one host, and every host would claim this one; set it in that host's file"),
            effect: .apply,
            """
            An address of this host's own on the component connection, where its users find the commands. The server has \
            to route it to the component, which ejabberd can and Prosody cannot.
            """,
            example: "service_address: invites.example.com"
        ) { old, new in old == new ? nil : old.map { "no longer at \($0)" } })

    package static let siteName = HostKey(
        HostSetting(
            "site_name", get: { $0.siteName }, set: { $0.siteName = $1 },
            .optional(.text(wants: "a text such as Example", longest: 200)), effect: .request,
            "What people call this place, in at most 200 characters. Pages show it.",
            example: "site_name: Example"
        ) { $0 != nil && $1 == nil ? "no site name" : nil })

    package static let language = HostKey(
        HostSetting(
            "language", get: { $0.language }, set: { $0.language = $1 }, .language, effect: .request,
            """
            The language of commands and notices for users whose clients say none that there are texts in: a tag of BCP 47 such \
            as `de`.
            """,
            example: "language: de"))

    package static let accounts = HostKey(
        HostSetting(
            "accounts", get: { $0.accounts }, set: { $0.accounts = $1 }, .choice, effect: .request,
            """
            Who makes the accounts and does what follows from an invite: `module` is our module in the server, `xep-0133` \
            the commands that the server has for admins, which know neither its limits nor its rules for passwords. `auto` \
            takes the module where the server has it, and the commands otherwise. With `none` users' invites let nobody \
            register.
            """,
            example: "accounts: module"
        ) { $0 != .none && $1 == .none ? "users' invites let nobody register" : nil })

    package static let registration = HostKey(
        HostSetting(
            "registration", get: { $0.registration }, set: { $0.registration = $1 }, .choice, effect: .request,
            """
            Who may register without an invite, where the server has our module: with `invite` nobody, with `open` everybody, \
            with `server` whom the module's own configuration lets.
            """,
            example: "registration: invite"
        ) { old, new in
            switch (old, new) {
            case (.invite, .open): "everybody may register now"
            case (.invite, .server): "the server decides now who may register"
            default: nil
            }
        })

    package static let suspended = HostKey(
        HostSetting(
            "suspended", get: { $0.suspended }, set: { $0.suspended = $1 }, .flag, effect: .request,
            "Whether everybody's requests for invites are refused, and links do not work meanwhile. None of them is lost.",
            example: "suspended: true"
        ) { $0 && !$1 ? "no longer suspended" : nil })

    // MARK: Losses

    private static func list(_ items: [String]) -> String {
        let most = 3
        return items.prefix(most).joined(separator: ", ")
            + (items.count > most ? " and \(items.count - most) more" : "")
    }

    private static func opening(_ what: String, from old: Limit, to new: Limit) -> String? {
        switch (old, new) {
        case (.atMost(let old), .atMost(let new)) where old < new: "up to \(new) \(what) instead of \(old)"
        case (.atMost(let old), .unlimited): "unlimited \(what) instead of \(old)"
        default: nil
        }
    }
}
