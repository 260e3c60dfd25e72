internal import Invites
internal import Mustache

/// What the names in templates stand for in pages of one shape (``TemplateName``).
struct TemplateValues {
    let shape: PageShape
    let design: PageDesign
    let sentinels: Sentinels

    private typealias Part = Sentinels.Part

    var all: [String: Any] {
        var values: [String: Any] = [:]
        let texts = design.texts
        values["lang"] = sentinels.sentinel(texts.tags[shape.language])
        values["dir"] = sentinels.sentinel(direction(of: shape.language))
        values["title"] = title
        values["summary"] = summary
        values["style_path"] = sentinels.sentinel(design.files.path(of: "style.css") ?? "")
        values["icon_path"] = sentinels.sentinel(design.files.path(of: "icon.svg") ?? "")
        values["accent_path"] = sentinels.sentinel(.accentPath)
        values["site"] = site
        values["webchat_url"] = shape.flags.contains(.webchat) ? sentinels.sentinel(.webchatURL) : nil
        values["imprint_url"] = shape.flags.contains(.imprint) ? sentinels.sentinel(.imprintURL) : nil
        values["terms_url"] = shape.flags.contains(.terms) ? sentinels.sentinel(.termsURL) : nil
        values["privacy_url"] = shape.flags.contains(.privacy) ? sentinels.sentinel(.privacyURL) : nil
        values["footer_links"] = !shape.flags.isDisjoint(with: [.imprint, .terms, .privacy])
        values["languages"] = languages
        values["words"] = TextNode(key: nil, values: self)
        if shape.kind != nil { addInvite(to: &values) }
        addForm(to: &values)
        addProblem(to: &values)
        return values
    }

    private func direction(of language: Int) -> String { design.texts.isRightToLeft(language) ? "rtl" : "ltr" }

    private var site: [String: Any] {
        var site: [String: Any] = [
            "name": sentinels.sentinel(.siteName), "host": sentinels.sentinel(.siteHost),
            "path": sentinels.sentinel(.sitePath), "url": sentinels.sentinel(.siteURL),
        ]
        if shape.flags.contains(.logo) { site["logo"] = sentinels.sentinel(.logoPath) }
        return site
    }

    private var languages: [[String: Any]] {
        design.texts.tags.indices.map { position in
            let tag = design.texts.tags[position]
            return [
                "tag": sentinels.sentinel(tag), "name": sentinels.sentinel(design.texts.name(of: position)),
                "dir": sentinels.sentinel(direction(of: position)), "path": sentinels.sentinel("?lang=\(tag)"),
                "current": position == shape.language,
            ]
        }
    }

    // MARK: - Texts

    /// The value of a text, with slots for its placeholders.
    private func text(_ key: String, _ own: [String: [Sentinels.Part]] = [:]) -> String {
        sentinels.sentinel(parts(of: key, own))
    }

    private func parts(of key: String, _ own: [String: [Sentinels.Part]] = [:]) -> [Sentinels.Part] {
        design.texts.pieces(key, in: shape.language).flatMap { piece -> [Sentinels.Part] in
            switch piece {
            case .text(let text): [.text(text)]
            case .placeholder(let name): own[name] ?? Self.placeholders[name].map { [$0] } ?? []
            }
        }
    }

    /// What stands in the placeholders of texts.
    static let placeholders: [String: Sentinels.Part] = [
        "site": .isolated(.siteName), "host": .isolated(.siteHost), "inviter": .isolated(.inviter),
        "account": .isolated(.account), "address": .isolated(.address), "username": .isolated(.username),
        "in": .slot(.expiresIn), "at": .slot(.expiresAt), "length": .slot(.shortestPassword),
        "count": .slot(.mistakeCount), "message": .isolated(.serverMessage), "wait": .slot(.retryIn),
        "status": .slot(.status),
    ]

    /// A text by its key, as templates name it: `words.KEY`.
    private struct TextNode: MustacheParent, MustacheCustomRenderable {
        let key: String?
        let values: TemplateValues

        func child(named name: String) -> Any? {
            TextNode(key: key.map { "\($0).\(name)" } ?? name, values: values)
        }

        var renderText: String {
            guard let key else { return "" }
            return values.text(key, values.appParts)
        }

        var isNull: Bool { false }
    }

    private var appParts: [String: [Sentinels.Part]] {
        guard let position = shape.app else { return [:] }
        return ["app": [.text(design.apps.apps[position].name)]]
    }

    private var titleKey: String {
        let hasInviter = shape.flags.contains(.inviter)
        switch shape.template {
        case .landing:
            switch shape.kind {
            case .contact?: return hasInviter ? "contact_title_by" : "contact_title"
            case .reset?: return "reset_title"
            default: return hasInviter ? "invited_by" : "invited"
            }
        case .app: return "app_title"
        case .registration: return "registration_title"
        case .registered: return "registered_title"
        case .resetForm: return "reset_title"
        case .passwordSet: return "password_set_title"
        case .problem: return problemKey("title")
        }
    }

    private var title: String { text(titleKey, appParts) }

    private var summary: String {
        switch shape.template {
        case .landing, .app, .registration, .resetForm: text("valid_until")
        case .problem: text(problemKey("text"))
        default: text(titleKey)
        }
    }

    // MARK: - The invite

    private var invitePath: [Sentinels.Part] { [.slot(.sitePath), .slot(.token)] }

    private func path(_ rest: String = "") -> String {
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
        values["expires_at"] = sentinels.sentinel(.expiresAt)
        values["expires_in"] = sentinels.sentinel(.expiresIn)
        values["expires_iso"] = sentinels.sentinel(.expiresISO)
        values["page_url"] = sentinels.sentinel([.slot(.siteURL), .slot(.token)])
        values["landing_path"] = path()
        values["registration_path"] = path("registration")
        values["reset_path"] = path("reset")
        values["qr_path"] = sentinels.sentinel(invitePath + [.text("/qr.svg")])
        values["is_desktop"] = shape.platform != .android && shape.platform != .ios
        values["registers"] = flags.contains(.registers)
        values["sets_contacts"] = flags.contains(.setsContacts)
        addApps(to: &values)
    }

    private func addApps(to values: inout [String: Any]) {
        if let position = shape.app { values["app"] = [app(design.apps.apps[position])] }
        guard shape.template == .landing, shape.kind != .reset else { return }
        let shown = design.apps.shown(for: shape.choice).map { design.apps.apps[$0] }
        let own = shown.filter { $0.runs(on: shape.platform) }
        values["platform_known"] = !own.isEmpty
        // Where nothing is known to run on the device, all of them are offered at once.
        values["apps"] = (own.isEmpty ? shown : own).map(app)
        let others = own.isEmpty ? [] : shown.filter { !$0.runs(on: shape.platform) }
        values["has_other_apps"] = !others.isEmpty
        values["other_apps"] = others.map(app)
    }

    private func app(_ app: App) -> [String: Any] {
        let tag = design.texts.tags[shape.language]
        func localized(_ text: LocalizedText?) -> String? { text.map { sentinels.sentinel($0.text(in: tag)) } }
        func image(_ name: String?) -> String? { name.flatMap { design.files.path(of: $0) }.map { sentinels.sentinel($0) } }
        let platforms = app.platforms.map(\.name).joined(separator: ", ")
        var values: [String: Any] = [
            "id": sentinels.sentinel(app.id), "name": sentinels.sentinel(app.name), "path": path(app.id),
            "platforms": sentinels.sentinel(platforms), "supports_preauth_uri": app.supportsPreauthURI,
            "is_web": app.platforms == [.web],
            "text": localized(app.text) ?? text("app_for", ["platforms": [.text(platforms)]]),
            "imagetext": localized(app.imageText) ?? sentinels.sentinel(""),
            "select_text": localized(app.selectText) ?? text("app_select", ["app": [.text(app.name)]]),
        ]
        values["image"] = image(app.image)
        if let magic = app.magicLink {
            values["link"] = link(magic, app: app, button: nil)
        } else {
            values["link"] = app.link.map { sentinels.sentinel($0) }
        }
        values["login_url"] = app.loginLink.map { link($0, app: app, button: nil) }
        values["download_text"] = localized(app.downloadText)
        values["buttons"] = app.buttons.map { button in
            var values: [String: Any] = [
                "text": localized(button.text) ?? localized(button.alternativeText) ?? "",
                "url": button.magicLink.map { link($0, app: app, button: button) } ?? sentinels.sentinel(button.url),
            ]
            values["image"] = image(button.image)
            values["alttext"] = localized(button.alternativeText) ?? localized(button.text)
            values["target"] = button.target.map { sentinels.sentinel($0) }
            return Self.complete(values, names: TemplateName.button)
        }
        values["setup_text"] = localized(app.setupText)
        if let setup = app.setupText?.text(in: tag) {
            let lines = setup.split(separator: "\n").prefix(App.mostSteps)
            values["steps"] = lines.map { ["text": sentinels.sentinel(String($0))] }
        }
        return Self.complete(values, names: TemplateName.app)
    }

    /// The values of an item with all names that it can have: where one is missing, the library would look further out, and find
    /// what another thing has under the name.
    private static func complete(_ values: [String: Any], names: [String: TemplateName]) -> [String: Any] {
        var values = values
        for name in names.keys where values[name] == nil { values[name] = Missing() }
        return values
    }

    private struct Missing: MustacheCustomRenderable {
        var renderText: String { "" }
        var isNull: Bool { true }
    }

    /// A link with what it says of the invite.
    private func link(_ format: LinkFormat, app: App, button: App.Button?) -> String {
        sentinels.sentinel(
            format.pieces.map { piece in
                switch piece {
                case .text(let text): .text(text)
                case .placeholder(let placeholder, let isRaw):
                    switch placeholder {
                    case .appLink: .text(Self.encoded(app.link ?? "", isRaw: isRaw))
                    case .buttonURL: .text(Self.encoded(button?.url ?? "", isRaw: isRaw))
                    case .appID: .text(app.id)
                    case .inviteURI: .slot(isRaw ? .uri : .uriEncoded)
                    case .inviteToken: .slot(.token)
                    case .host, .domain: .slot(.siteHost)
                    case .username: .slot(.username)
                    }
                }
            })
    }

    private static func encoded(_ text: String, isRaw: Bool) -> String {
        if isRaw { return text }
        var bytes: [UInt8] = []
        Markup.append(percentEncoding: text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: - Forms

    private func addForm(to values: inout [String: Any]) {
        let flags = shape.flags
        switch shape.template {
        case .registration:
            values["typed_username"] = sentinels.sentinel(.typedUsername)
            if flags.contains(.address) { values["address"] = sentinels.sentinel(.address) }
            fallthrough
        case .resetForm:
            values["seal"] = sentinels.sentinel(.seal)
            values["shortest_password"] = sentinels.sentinel(.shortestPassword)
            guard let mistake = shape.mistake else { return }
            let hasMessage = mistake == .refusedByServer && flags.contains(.serverMessage)
            values["mistake"] = text("mistake_" + mistake.rawValue + (hasMessage ? "_with" : ""))
            values["mistake_in_username"] = mistake.field == .username
            values["mistake_in_password"] = mistake.field == .password
        case .registered:
            values["account"] = sentinels.sentinel(.account)
            if flags.contains(.inviter) { values["inviter"] = sentinels.sentinel(.inviter) }
            values["has_contact"] = flags.contains(.hasContact)
            if flags.contains(.contactURI) { values["contact_uri"] = sentinels.sentinel(.contactURI) }
        case .passwordSet:
            values["account"] = sentinels.sentinel(.account)
        default: break
        }
    }

    // MARK: - Problems

    private func problemKey(_ part: String) -> String {
        "problem_\((shape.problem ?? .unknown).rawValue)_\(part)"
    }

    private func addProblem(to values: inout [String: Any]) {
        guard shape.template == .problem else { return }
        values["problem_title"] = text(problemKey("title"))
        values["problem_text"] = text(problemKey("text"))
        values["problem_advice"] = text(problemKey("advice"))
    }
}
