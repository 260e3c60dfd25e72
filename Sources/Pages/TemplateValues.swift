internal import Invites
internal import Languages
internal import Mustache

/// The values of the names in templates, for pages of one shape (``TemplateName``).
struct TemplateValues {
    let shape: PageShape
    let design: PageDesign
    let sentinels: Sentinels

    typealias Part = Sentinels.Part

    var all: [String: Any] {
        var values: [String: Any] = [:]
        values["lang"] = sentinels.sentinel(texts.language)
        values["dir"] = sentinels.sentinel(texts.direction.rawValue)
        values["title"] = text(titleKey)
        values["summary"] = summary
        values["style_path"] = file("style.css")
        values["icon_path"] = file("icon.svg")
        values["accent_path"] = sentinels.sentinel(.accentPath)
        values["site"] = site
        values["webchat_url"] = shape.flags.contains(.webchat) ? sentinels.sentinel(.webchatURL) : nil
        values["imprint_url"] = shape.flags.contains(.imprint) ? sentinels.sentinel(.imprintURL) : nil
        values["terms_url"] = shape.flags.contains(.terms) ? sentinels.sentinel(.termsURL) : nil
        values["privacy_url"] = shape.flags.contains(.privacy) ? sentinels.sentinel(.privacyURL) : nil
        values["footer_links"] = !shape.flags.isDisjoint(with: [.imprint, .terms, .privacy])
        values["languages"] = languages
        values["words"] = TextNode(name: nil, values: self)
        if shape.kind != nil, shape.template != .problem { addInvite(to: &values) }
        if shape.template == .registered { addApps(to: &values) }
        addForm(to: &values)
        addProblem(to: &values)
        return values
    }

    var apps: AppList { design.apps.adding(shape.choice.own) }

    var texts: Texts { design.languages[shape.language] }

    /// The path of a file below `-/static/`, by its plain name.
    func file(_ name: String) -> String? {
        design.files.hashedName(of: name).map { sentinels.sentinel([.slot(.root), .text("-/static/\($0)")]) }
    }

    private var site: [String: Any] {
        var site: [String: Any] = [
            "name": sentinels.sentinel(.siteName), "host": sentinels.sentinel(.siteHost),
            "path": sentinels.sentinel(.sitePath), "url": sentinels.sentinel(.siteURL),
        ]
        if shape.flags.contains(.logo) { site["logo"] = sentinels.sentinel(.logoPath) }
        return site
    }

    private var languages: [[String: Any]] {
        design.languages.indices.map { position in
            let texts = design.languages[position]
            return [
                "tag": sentinels.sentinel(texts.language), "name": sentinels.sentinel(texts[.languageName]),
                "dir": sentinels.sentinel(texts.direction.rawValue),
                "path": sentinels.sentinel("?\(PageName.language)=\(texts.language)"),
                "current": position == shape.language,
            ]
        }
    }

    // MARK: - Texts

    /// The value of a text, with slots for its placeholders.
    private func text(_ key: TextKey) -> String { sentinels.sentinel(parts(of: key)) }

    private func parts(of key: TextKey) -> [Part] {
        texts.template(of: key).segments.flatMap { segment -> [Part] in
            switch segment {
            case .text(let text): [.text(text)]
            case .value(.app): shape.app.map { [.text(apps.apps[$0].name)] } ?? []
            case .value(let placeholder): Self.slot(of: placeholder).map { [$0] } ?? []
            }
        }
    }

    /// The slot of a value.
    private static func slot(of placeholder: Placeholder) -> Part? {
        switch placeholder {
        case .account: .isolated(.account)
        case .address: .isolated(.address)
        case .inviter: .isolated(.inviter)
        case .reason: .isolated(.serverMessage)
        case .site: .isolated(.siteName)
        case .time: .slot(.expiresAt)
        case .username: .isolated(.username)
        case .app, .clock, .count, .date, .day, .month, .year, .zone: nil
        }
    }

    /// A text by its name, as templates say it: `words.SECTION.NAME`.
    private struct TextNode: MustacheParent, MustacheCustomRenderable {
        let name: String?
        let values: TemplateValues

        func child(named part: String) -> Any? {
            TextNode(name: name.map { "\($0).\(part)" } ?? part, values: values)
        }

        var renderText: String { name.flatMap(TextKey.init(named:)).map(values.text) ?? "" }

        var isNull: Bool { false }
    }

    private var titleKey: TextKey {
        let hasInviter = shape.flags.contains(.inviter)
        return switch shape.template {
        case .landing:
            switch shape.kind {
            case .contact? where hasInviter: .landingContact
            case .accountAndContact? where hasInviter: .landingBoth
            case .reset? where shape.flags.contains(.username): .landingReset
            case .reset?: .formNewPassword
            default: hasInviter ? .landingAccountBy : .landingAccount
            }
        case .app: .appSetUp
        case .registration: .formAccount
        case .registered: .successAccount
        case .resetForm: shape.flags.contains(.username) ? .landingReset : .formNewPassword
        case .passwordSet: .successPassword
        case .problem: problem.title
        }
    }

    /// What the page is about, for previews of a link to it.
    private var summary: String {
        switch shape.template {
        case .landing, .app, .registration: lead
        case .resetForm: text(.landingResetText)
        case .registered, .passwordSet: text(titleKey)
        case .problem: problemText
        }
    }

    /// What to do with the invite.
    private var lead: String {
        let hasInviter = shape.flags.contains(.inviter)
        return switch shape.kind {
        case .contact? where hasInviter: text(.landingContactText)
        case .accountAndContact? where hasInviter: text(.landingBothText)
        case .reset?: text(.landingResetText)
        default: text(.landingAccountText)
        }
    }

    // MARK: - The invite

    private var invitePath: [Sentinels.Part] { [.slot(.sitePath), .slot(.token)] }

    func path(_ rest: String = "") -> String {
        sentinels.sentinel(invitePath + (rest.isEmpty ? [] : [.text("/\(rest)")]) + [.slot(.languageQuery)])
    }

    private func addInvite(to values: inout [String: Any]) {
        let flags = shape.flags
        values["invite"] = true
        values["is_account"] = shape.kind == .account
        values["is_contact"] = shape.kind == .contact
        values["is_both"] = shape.kind == .accountAndContact
        values["is_reset"] = shape.kind == .reset
        values["newcomers"] = shape.kind == .account || shape.kind == .accountAndContact
        values["has_way_for_members"] = shape.kind == .contact || shape.kind == .accountAndContact
        values["uri"] = sentinels.sentinel(.uri)
        if flags.contains(.inviter) { values["inviter"] = sentinels.sentinel(.inviter) }
        if flags.contains(.username) {
            values["username"] = sentinels.sentinel(.username)
            values["account"] = sentinels.sentinel(.account)
        }
        values["lead"] = lead
        values["validity"] = sentinels.sentinel(.validity)
        values["expires_at"] = sentinels.sentinel(.expiresAt)
        values["expires_iso"] = sentinels.sentinel(.expiresISO)
        values["page_url"] = sentinels.sentinel([.slot(.siteURL), .slot(.token)])
        values["landing_path"] = path()
        values["registration_path"] = path(PageName.register)
        values["reset_path"] = path(PageName.reset)
        values["qr_path"] = sentinels.sentinel(invitePath + [.text("/\(PageName.qrCode)")])
        values["is_desktop"] = shape.platform != .android && shape.platform != .ios
        values["registers"] = flags.contains(.registers)
        values["sets_contacts"] = flags.contains(.setsContacts)
        addApps(to: &values)
    }

    private func addForm(to values: inout [String: Any]) {
        let flags = shape.flags
        switch shape.template {
        case .registration:
            values["typed_username"] = sentinels.sentinel(.typedUsername)
            if !flags.contains(.username) {
                values["script_path"] = file("username.js")
                values["username_check_path"] = path("\(PageName.register)/\(PageName.username)")
            }
            // An invalid or taken name gives no address.
            if flags.contains(.address), shape.mistake?.field != .username {
                values["address"] = sentinels.sentinel(.address)
            }
            fallthrough
        case .resetForm:
            values["seal"] = sentinels.sentinel(.seal)
            values["shortest_password"] = sentinels.sentinel(.shortestPassword)
            values["password_hint"] = sentinels.sentinel(.passwordHint)
            guard let mistake = shape.mistake else { return }
            values["mistake"] = text(of: mistake)
            switch mistake {
            case .tryAgain:
                values["mistake_text"] = text(shape.template == .resetForm ? .formResetKept : .problemAwayText)
            case .outcomeUnknown: values["mistake_text"] = text(.successPasswordUnknownText)
            default: break
            }
            values["mistake_in_username"] = mistake.field == .username
            values["mistake_in_password"] = mistake.field == .password
        case .registered:
            values["account"] = sentinels.sentinel(.account)
            if flags.contains(.inviter) { values["inviter"] = sentinels.sentinel(.inviter) }
            values["has_contact"] = flags.contains(.hasContact)
            if flags.contains(.contactURI) { values["contact_uri"] = sentinels.sentinel(.contactURI) }
        case .passwordSet:
            values["account"] = sentinels.sentinel(.account)
            values["sessions_ended"] = shape.flags.contains(.endedSessions)
        default: break
        }
    }

    private func text(of mistake: PageShape.Mistake) -> String {
        switch mistake {
        case .usernameMissing: text(.formUsernameMissing)
        case .usernameInvalid: text(.formUsernameInvalid)
        case .usernameTaken: text(.formUsernameTaken)
        case .passwordMissing: text(.formPasswordMissing)
        case .passwordTooShort: sentinels.sentinel(.passwordShort)
        case .passwordTooLong: text(.formPasswordLong)
        case .passwordIsUsername: text(.formPasswordIsUsername)
        case .passwordCommon: text(.formPasswordCommon)
        case .passwordInvalid: text(.formPasswordRefused)
        case .refusedByServer: text(shape.flags.contains(.serverMessage) ? .formRefusedBecause : .formRefused)
        case .tryAgain: text(.problemAway)
        case .outcomeUnknown: text(.successPasswordUnknown)
        case .stale: text(.formOutdated)
        }
    }

    // MARK: - Problems

    /// What is said of a problem, and whether asking once more can help.
    private struct ProblemTexts {
        var title: TextKey
        var text: TextKey?
        var advice: TextKey?
        var canTryAgain = false
    }

    private var problem: ProblemTexts {
        if shape.kind == .reset, let problem = problemOfReset { return problem }
        return switch shape.problem {
        case nil, .unknown?: ProblemTexts(title: .problemUnknown, text: .problemUnknownText, advice: .problemAskInviter)
        case .expired?: ProblemTexts(title: .problemExpired, advice: .problemAskInviter)
        case .used? where shape.kind == .contact:
            ProblemTexts(title: .problemUsed, text: .problemUsedContactText, advice: .problemAskInviter)
        case .used?: ProblemTexts(title: .problemUsed, text: .problemUsedText, advice: .problemAskInviter)
        case .revoked?: ProblemTexts(title: .problemRevoked, text: .problemRevokedText, advice: .problemAskInviter)
        case .inUse?: ProblemTexts(title: .problemReserved, text: .problemReservedText, canTryAgain: true)
        case .suspended?: ProblemTexts(title: .problemSuspended, text: .problemSuspendedText, canTryAgain: true)
        case .unavailable?: ProblemTexts(title: .problemAway, text: .problemAwayText, canTryAgain: true)
        case .tooMany?: ProblemTexts(title: .problemTooMany, canTryAgain: true)
        case .refused?: ProblemTexts(title: .problemMethod, text: .problemMethodText)
        case .failure?: ProblemTexts(title: .problemFailure, text: .problemFailureText, canTryAgain: true)
        }
    }

    /// A link that sets a password has no inviter: operators made it.
    private var problemOfReset: ProblemTexts? {
        switch shape.problem {
        case .expired?: ProblemTexts(title: .problemResetExpired, advice: .problemAskOperators)
        case .used?:
            ProblemTexts(title: .problemResetUsed, text: .problemResetUsedText, advice: .problemResetUsedAdvice)
        case .revoked?: ProblemTexts(title: .problemResetRevoked, advice: .problemAskOperators)
        default: nil
        }
    }

    /// Said instead of a text of the files.
    private var problemSentence: Slot? {
        switch shape.problem {
        case .tooMany?: .retry
        case .expired? where shape.kind != nil: .expired
        default: nil
        }
    }

    private var problemText: String {
        if let problemSentence { return sentinels.sentinel(problemSentence) }
        return (problem.text ?? problem.advice).map(text) ?? text(problem.title)
    }

    private func addProblem(to values: inout [String: Any]) {
        guard shape.template == .problem else { return }
        values["problem_title"] = text(problem.title)
        values["problem_text"] = problemText
        if problem.text != nil || problemSentence != nil { values["problem_advice"] = problem.advice.map(text) }
        values["can_try_again"] = problem.canTryAgain
    }
}
