import Invites
import Pages

/// The appearance of the pages of a host's invites, and where they are.
extension HostKey {
    /// In the order of the manual.
    static let ofPages = [
        baseURL, logo, color, webchatURL, imprintURL, termsURL, privacyURL, timeZone, siteApps, siteAppsShow,
        siteAppsHide,
    ]

    package static let baseURL = HostKey(
        HostSetting(
            "base_url", get: { $0.pages.baseURL }, set: { $0.pages.baseURL = $1 }, .optional(.baseURL),
            scope: .oneHost(
                "pages of one host are below it, and every host would claim it; set it in that host's file"),
            effect: .request,
            """
            The URL below which this host's own pages are: an invite's is at BASE/TOKEN, instead of below `base_url` of `web`. \
            The reverse proxy has to pass it on.
            """,
            example: "base_url: https://join.example.com/"
        ) { old, new in old == new ? nil : old.map { "pages are no longer at \($0)" } })

    package static let logo = HostKey(
        HostSetting(
            "logo", get: { $0.pages.logo }, set: { $0.pages.logo = $1 },
            .optional(.namedFile(wants: "the path of an image such as logos/example.svg")),
            scope: .read(notYet), effect: .request,
            """
            The file of a picture on the host's pages: SVG, PNG, JPEG or WebP, of at most 64 KiB. It is below the directory of the \
            hosts' files.
            """,
            example: "logo: logos/example.svg"))

    private static let notYet = "its file is read when files are applied; set it in the host's file"

    package static let color = HostKey(
        HostSetting(
            "color", get: { $0.pages.color }, set: { $0.pages.color = $1 }, .optional(.color), effect: .request,
            "The colour of buttons and links on the host's pages, as `\"#rrggbb\"`.", example: "color: \"#2e7d32\""))

    package static let webchatURL = HostKey(
        HostSetting(
            "webchat_url", get: { $0.pages.webchatURL }, set: { $0.pages.webchatURL = $1 }, .optional(.webURL),
            effect: .request, "A client on the web, which pages offer to who has an account.",
            example: "webchat_url: https://chat.example.com/"))

    package static let imprintURL = HostKey(
        HostSetting(
            "imprint_url", get: { $0.pages.imprintURL }, set: { $0.pages.imprintURL = $1 }, .optional(.webURL),
            effect: .request, "Who is responsible for the host, linked on each of its pages.",
            example: "imprint_url: https://example.com/imprint"))

    package static let termsURL = HostKey(
        HostSetting(
            "terms_url", get: { $0.pages.termsURL }, set: { $0.pages.termsURL = $1 }, .optional(.webURL),
            effect: .request, "The terms of service, linked where an account is made.",
            example: "terms_url: https://example.com/terms"))

    package static let privacyURL = HostKey(
        HostSetting(
            "privacy_url", get: { $0.pages.privacyURL }, set: { $0.pages.privacyURL = $1 }, .optional(.webURL),
            effect: .request, "What becomes of people's data, linked on each of the host's pages.",
            example: "privacy_url: https://example.com/privacy"))

    package static let timeZone = HostKey(
        HostSetting(
            "time_zone", get: { $0.pages.timeZone }, set: { $0.pages.timeZone = $1 }, .timeZone, effect: .request,
            "The time zone of times on pages, as in the database of IANA.", example: "time_zone: Europe/Berlin"))

    package static let siteApps = HostKey(
        HostSetting(
            "site_apps", get: { $0.pages.ownApps }, set: { $0.pages.ownApps = $1 },
            .optional(.namedFile(wants: "the path of a list of apps such as apps/example.yaml")),
            scope: .read(notYet), effect: .request,
            """
            A file with apps of this host only, in the form of `apps` of `web`, before the others; one with the id of another takes \
            its place. It is below the directory of the hosts' files.
            """,
            example: "site_apps: apps/example.yaml"))

    package static let siteAppsShow = HostKey(
        HostSetting(
            "site_apps_show", get: { $0.pages.shownApps }, set: { $0.pages.shownApps = $1 }, .optional(.names),
            effect: .request,
            "The apps that pages recommend, by their `id` in the list, in this order. Without it, all of the list.",
            example: "site_apps_show: [conversations, monal]"))

    package static let siteAppsHide = HostKey(
        HostSetting(
            "site_apps_hide", get: { $0.pages.hiddenApps }, set: { $0.pages.hiddenApps = $1 }, .names,
            effect: .request, "Apps that pages do not recommend, by their `id` in the list.",
            example: "site_apps_hide: [gajim]"))
}
