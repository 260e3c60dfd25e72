package import Invites
package import Pages

/// What a host's file says of its pages.
package struct HostPageSettings: Hashable, Sendable {
    /// Where they are; `nil` for below the daemon's own base.
    package var baseURL: BaseURL?
    /// A picture.
    package var logo: NamedFile<SiteImage>?
    /// `#rrggbb`, in lower case.
    package var color: String?
    package var webchatURL: String?
    package var imprintURL: String?
    package var termsURL: String?
    package var privacyURL: String?
    /// An identifier of the IANA time zone database.
    package var timeZone = "UTC"
    /// Which apps are shown, in this order; `nil` for all.
    package var shownApps: [String]?
    package var hiddenApps: [String] = []
    /// Apps of this host only.
    package var ownApps: NamedFile<SiteApps>?

    package init() {}
}
