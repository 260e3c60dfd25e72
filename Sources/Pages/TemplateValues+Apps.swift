internal import Invites
internal import Languages
internal import Mustache

/// The values of the names of apps.
extension TemplateValues {
    func addApps(to values: inout [String: Any]) {
        if let position = shape.app { values["app"] = [app(apps.apps[position])] }
        guard shape.template == .registered || shape.template == .landing && shape.kind != .reset else { return }
        let all = apps
        let shown = all.shown(for: shape.choice).map { all.apps[$0] }
        let own = shown.filter { $0.runs(on: shape.platform) }
        values["platform_known"] = !own.isEmpty
        // Where nothing is known to run on the device, all of them are offered at once.
        values["apps"] = (own.isEmpty ? shown : own).map(app)
        let others = own.isEmpty ? [] : shown.filter { !$0.runs(on: shape.platform) }
        values["has_apps"] = !shown.isEmpty
        values["has_other_apps"] = !others.isEmpty
        values["other_apps"] = others.map(app)
    }

    private func app(_ app: App) -> [String: Any] {
        let tag = texts.language
        func localized(_ text: LocalizedText?) -> String? { text.map { sentinels.sentinel($0.text(in: tag)) } }
        func image(_ name: String?) -> String? { name.flatMap(file) }
        let platforms = app.platforms.map(\.name).joined(separator: ", ")
        var values: [String: Any] = [
            "id": sentinels.sentinel(app.id), "name": sentinels.sentinel(app.name),
            "path": path("\(PageName.apps)/\(app.id)"),
            "platforms": sentinels.sentinel(platforms), "supports_preauth_uri": app.supportsPreauthURI,
            "is_web": app.platforms == [.web],
            "text": localized(app.text) ?? sentinels.sentinel(platforms),
            "imagetext": localized(app.imageText) ?? sentinels.sentinel(""),
            "select_text": localized(app.selectText) ?? sentinels.sentinel(selectText(app)),
        ]
        values["image"] = image(app.image)
        if shape.template == .registered {
            // The invite is used up: nothing is to be said of it.
            values["link"] = (app.buttons.first?.url ?? app.link).map { sentinels.sentinel($0) }
        } else if let magic = app.magicLink {
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

    private func selectText(_ app: App) -> [Part] {
        texts.template(of: .landingAppChoose).segments.map { segment in
            if case .text(let text) = segment { .text(text) } else { .text(app.name) }
        }
    }

    /// The values of an item with all names that it can have: where one is missing, the library would search the
    /// enclosing scopes, and find the value of another item.
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
}
