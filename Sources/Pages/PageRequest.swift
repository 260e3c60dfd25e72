internal import Invites
internal import Languages

/// A request for a page, divided into its shape and its values.
struct PageRequest {
    var shape: PageShape
    var values: SlotValues

    init(_ page: Page, of site: Site, for visitor: Visitor, design: PageDesign) {
        let language = design.languages.index(for: visitor)
        shape = PageShape(
            template: .problem, language: language, platform: visitor.platform,
            choice: AppChoice(shown: site.shownApps, hidden: site.hiddenApps, own: site.ownApps))
        values = SlotValues(
            site: site, colour: site.color.flatMap { Colour($0) } ?? AccentSheet.standard, now: visitor.now,
            words: design.words(language))
        // Only the pages' own addresses and those of the web are used as links, whatever a configuration contains.
        if let path = site.logoPath, path.utf8.first == UInt8(ascii: "/"), !path.hasPrefix("//") {
            shape.flags.insert(.logo)
        }
        if site.webchatURL?.isWebURL == true { shape.flags.insert(.webchat) }
        if site.imprintURL?.isWebURL == true { shape.flags.insert(.imprint) }
        if site.termsURL?.isWebURL == true { shape.flags.insert(.terms) }
        if site.privacyURL?.isWebURL == true { shape.flags.insert(.privacy) }
        if visitor.chosenLanguage != nil {
            shape.flags.insert(.chosenLanguage)
            values.languageQuery = "?\(PageName.language)=\(design.languages[language].language)"
        }
        switch page {
        case .landing(let landing):
            shape.template = .landing
            use(landing)
        case .app(let landing, let id):
            let apps = design.apps.adding(shape.choice.own)
            if let position = apps.index(of: id), apps.shown(for: shape.choice).contains(position) {
                shape.template = .app
                shape.app = position
                use(landing)
            } else {
                use(PageProblem.unknown, design: design)
            }
        case .registration(let landing, let form):
            shape.template = .registration
            use(landing)
            values.typedUsername = form.username
            values.address = form.address
            if form.address != nil { shape.flags.insert(.address) }
            values.seal = form.seal
            values.shortestPassword = form.shortestPassword
            use(form.mistake)
        case .registered(let registered):
            shape.template = .registered
            values.account = registered.account
            values.inviter = registered.inviter
            values.contactURI = registered.contactURI
            if registered.inviter != nil { shape.flags.insert(.inviter) }
            if registered.hasContact { shape.flags.insert(.hasContact) }
            if let uri = registered.contactURI, Self.isXMPP(uri) { shape.flags.insert(.contactURI) }
        case .reset(let landing, let form):
            shape.template = .resetForm
            use(landing)
            values.seal = form.seal
            values.shortestPassword = form.shortestPassword
            use(form.mistake)
        case .passwordSet(let account, let endedSessions):
            shape.template = .passwordSet
            values.account = account
            if endedSessions { shape.flags.insert(.endedSessions) }
        case .problem(let problem, let ended):
            use(problem, design: design)
            shape.kind = ended?.kind
            values.endedAt = ended?.expiresAt
        }
    }

    private static func isXMPP(_ uri: String) -> Bool { uri.hasPrefix("xmpp:") }

    private mutating func use(_ landing: Landing) {
        shape.kind = landing.kind
        values.landing = landing
        values.inviter = landing.inviter
        if landing.inviter != nil { shape.flags.insert(.inviter) }
        if let username = landing.username {
            shape.flags.insert(.username)
            values.account = Account(localpart: username, domain: values.site.host)
        }
        if landing.registers { shape.flags.insert(.registers) }
        if landing.setsContacts { shape.flags.insert(.setsContacts) }
    }

    private mutating func use(_ mistake: FormMistake?) {
        guard let mistake else { return }
        shape.mistake = PageShape.Mistake(mistake)
        switch mistake {
        case .passwordTooShort(let count): values.mistakeCount = count
        case .refusedByServer(let message?):
            values.serverMessage = message
            shape.flags.insert(.serverMessage)
        default: break
        }
    }

    private mutating func use(_ problem: PageProblem, design: PageDesign) {
        shape.template = .problem
        shape.problem = PageShape.Problem(problem)
        switch problem {
        case .tooMany(let seconds): values.retryAfter = seconds
        case .refused(let status) where status >= 500: shape.problem = .failure
        default: break
        }
    }
}
