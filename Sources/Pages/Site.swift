package import Invites

/// The appearance of the pages of one host: the values of its settings.
package struct Site: Hashable, Sendable {
    /// The host, as people read it.
    package var host: String
    /// What people call the place; the host, where it has no name of its own.
    package var name: String
    /// The path below which the host's pages are, with a slash at the end: `/example.com/`, or `/`.
    package var path: String
    /// The path below which is what is no host's, as `-/static/`: `/`, or that of the base's URL.
    package var root: String
    /// The same as an absolute URL, for Open Graph and QR codes.
    package var url: String
    /// A logo: an absolute https URL would be a request to another site unless it is below ``url``; so it is a path
    /// below `/-/`, or `nil`.
    package var logoPath: String?
    /// Of buttons and links, as `#rrggbb`; the renderer ensures contrast.
    package var color: String?
    package var webchatURL: String?
    package var imprintURL: String?
    package var termsURL: String?
    package var privacyURL: String?
    /// An identifier of the IANA time zone database.
    package var timeZone: String
    /// Which apps are shown, in order; `nil` for the standard list.
    package var shownApps: [String]?
    package var hiddenApps: Set<String>
    /// Apps of this host only.
    package var ownApps: SiteApps?

    package init(
        host: String, name: String, path: String = "/", root: String = "/", url: String = "", logoPath: String? = nil,
        color: String? = nil, webchatURL: String? = nil, imprintURL: String? = nil, termsURL: String? = nil,
        privacyURL: String? = nil, timeZone: String = "UTC", shownApps: [String]? = nil, hiddenApps: Set<String> = [],
        ownApps: SiteApps? = nil
    ) {
        self.host = host
        self.name = name
        self.path = path
        self.root = root
        self.url = url
        self.logoPath = logoPath
        self.color = color
        self.webchatURL = webchatURL
        self.imprintURL = imprintURL
        self.termsURL = termsURL
        self.privacyURL = privacyURL
        self.timeZone = timeZone
        self.shownApps = shownApps
        self.hiddenApps = hiddenApps
        self.ownApps = ownApps
    }
}

/// The visitor of a page, as far as it matters for the content. Nothing of it is stored.
package struct Visitor: Hashable, Sendable {
    /// The languages that the browser asks for, best first: BCP 47 tags, as bounded and parsed by `Languages`.
    package var languages: [String]
    /// The one that was chosen on the page (`?lang=`), before all others.
    package var chosenLanguage: String?
    package var platform: Platform
    package var now: Timestamp

    package init(languages: [String] = [], chosenLanguage: String? = nil, platform: Platform = .other, now: Timestamp) {
        self.languages = languages
        self.chosenLanguage = chosenLanguage
        self.platform = platform
        self.now = now
    }
}

/// What a visitor's device runs, as its browser says.
package enum Platform: String, CaseIterable, Hashable, Sendable {
    case android, ios, macos, windows, linux, other
}
