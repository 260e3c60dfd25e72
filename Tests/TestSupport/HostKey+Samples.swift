package import Configuration

extension HostKey {
    /// Values that the key takes, none of them its default, in their canonical form. A new key has its own
    /// here, and is tested by that.
    package var samples: [HostValue] {
        switch self {
        case .host: [.text("a.example"), .text("ü.example")]
        case .admins: [.list(["ann@a.example"]), .list(["ann@a.example", "bob@b.example"])]
        case .inviteExpiry, .inviteRetention: [.text("1d12h"), .text("1s")]
        case .userOpenInvites, .userDailyInvites, .maxInvites: [.number(0), .number(3), .text("unlimited")]
        case .landingPage:
            [.text("https://invite.example/#{uri_without_scheme}"), .text("http://{host}:8080/i/{token}?u={uri}")]
        case .serviceAddress: [.text("invites.a.example"), .text("i.ü.example")]
        case .siteName: [.text("Example A"), .text("1.10")]
        case .language: [.text("de"), .text("pt-BR"), .text("fr-CA")]
        case .accounts: [.text("module"), .text("xep-0133"), .text("none")]
        case .registration: [.text("invite"), .text("open")]
        case .allowContactInvites, .notifyInviter: [.flag(false)]
        case .allowUserInvites, .suspended: [.flag(true)]
        case .baseURL: [.text("https://join.example.com/"), .text("http://a.example:8080/invite/")]
        case .logo: [.text("logos/a.svg"), .text("logo.png")]
        case .siteApps: [.text("apps/a.yaml"), .text("apps.yaml")]
        case .color: [.text("#2e7d32"), .text("#000000")]
        case .webchatURL, .imprintURL, .termsURL, .privacyURL:
            [.text("https://example.com/page"), .text("http://example.com/?a=b&c#d")]
        case .timeZone: [.text("Europe/Berlin"), .text("America/New_York")]
        case .siteAppsShow: [.list(["monal", "conversations"]), .list(["gajim"])]
        case .siteAppsHide: [.list(["gajim"]), .list(["gajim", "dino"])]
        default: []
        }
    }
}

extension HostValue {
    /// The words of a command line that say it.
    package var words: [String] {
        switch self {
        case .flag, .number, .text: [plain]
        case .list(let items): items
        }
    }

    private var plain: String { if case .text(let text) = self { text } else { "\(self)" } }
}
