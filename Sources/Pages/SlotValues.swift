internal import Invites

/// The values of one page, for the gaps of its shape.
struct SlotValues {
    var site: Site
    var colour: Colour
    var languageQuery = ""
    var landing: Landing?
    var account: Account?
    var inviter: Account?
    var contactURI: String?
    var typedUsername = ""
    var address: Account?
    var seal = ""
    var shortestPassword = 0
    var mistakeCount = 0
    var serverMessage = ""
    var retryAfter = 0
    /// When the invite expired that the page is about.
    var endedAt: Timestamp?
    var now: Timestamp
    var words: SpokenValues

    /// Appends a slot's value, escaped: nothing where there is none.
    func append(_ slot: Slot, to bytes: inout [UInt8]) {
        switch slot {
        case .siteName: Markup.append(escaping: site.name, to: &bytes)
        case .siteHost: Markup.append(escaping: site.host, to: &bytes)
        case .sitePath: Markup.append(escaping: site.path, to: &bytes)
        case .siteURL: Markup.append(escaping: site.url, to: &bytes)
        case .root: Markup.append(escaping: site.root, to: &bytes)
        case .logoPath: append(site.logoPath, to: &bytes)
        case .webchatURL: append(site.webchatURL, to: &bytes)
        case .imprintURL: append(site.imprintURL, to: &bytes)
        case .termsURL: append(site.termsURL, to: &bytes)
        case .privacyURL: append(site.privacyURL, to: &bytes)
        case .accentPath: Markup.append(escaping: site.staticPath(AccentSheet.name(of: colour)), to: &bytes)
        case .languageQuery: Markup.append(escaping: languageQuery, to: &bytes)
        case .token: append(landing?.token.text, to: &bytes)
        case .uri: append(landing?.uri, to: &bytes)
        case .uriEncoded: Markup.append(percentEncoding: landing?.uri ?? "", to: &bytes)
        case .inviter: append(inviter, to: &bytes)
        case .username: append(landing?.username, to: &bytes)
        case .validity:
            if let landing {
                Markup.append(
                    escaping: words.validity(until: landing.expiresAt, from: now, zone: site.timeZone), to: &bytes)
            }
        case .expiresAt:
            if let landing { Markup.append(escaping: words.moment(landing.expiresAt, zone: site.timeZone), to: &bytes) }
        case .expiresISO:
            if let landing { bytes.append(contentsOf: CivilTime(landing.expiresAt, offset: 0).iso8601.utf8) }
        case .account: append(account, to: &bytes)
        case .contactURI: append(contactURI, to: &bytes)
        case .typedUsername: Markup.append(escaping: typedUsername, to: &bytes)
        case .address: append(address ?? account, to: &bytes)
        case .seal: Markup.append(escaping: seal, to: &bytes)
        case .shortestPassword: bytes.append(contentsOf: "\(shortestPassword)".utf8)
        case .passwordHint: Markup.append(escaping: words.passwordHint(shortestPassword), to: &bytes)
        case .passwordShort: Markup.append(escaping: words.passwordShort(mistakeCount), to: &bytes)
        case .serverMessage: Markup.append(escaping: serverMessage, to: &bytes)
        case .expired:
            if let endedAt {
                Markup.append(escaping: words.expiry(at: endedAt, now: now, zone: site.timeZone), to: &bytes)
            }
        case .retry: Markup.append(escaping: words.retry(afterSeconds: retryAfter), to: &bytes)
        }
    }

    private func append(_ text: String?, to bytes: inout [UInt8]) {
        if let text { Markup.append(escaping: text, to: &bytes) }
    }

    private func append(_ account: Account?, to bytes: inout [UInt8]) {
        guard let account else { return }
        Markup.append(escaping: account.localpart, to: &bytes)
        bytes.append(UInt8(ascii: "@"))
        Markup.append(escaping: account.domain, to: &bytes)
    }
}
