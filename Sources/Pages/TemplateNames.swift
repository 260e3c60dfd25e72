/// The type of a name in a template. A name that can be missing, and each list, can also be a section.
indirect enum TemplateName: Sendable {
    /// Text, where text is allowed.
    case text
    /// A URL or a path, which can also begin an attribute such as `href`.
    case url
    /// Nothing to be written: a section only.
    case condition
    /// What a section repeats, with the names that are known in it.
    case list([String: TemplateName], atMost: Int)

    /// The names that every template knows, besides `words.SECTION.NAME`.
    static let global: [String: TemplateName] = [
        "lang": .text, "dir": .text, "title": .text, "summary": .text,
        "style_path": .url, "accent_path": .url, "icon_path": .url,
        "site.name": .text, "site.host": .text, "site.path": .url, "site.url": .url, "site.logo": .url,
        "webchat_url": .url, "imprint_url": .url, "terms_url": .url, "privacy_url": .url, "footer_links": .condition,
        "languages": .list(
            ["tag": .text, "name": .text, "dir": .text, "path": .url, "current": .condition], atMost: 64),
        // The invite.
        "invite": .condition, "is_account": .condition, "is_contact": .condition, "is_both": .condition,
        "is_reset": .condition, "newcomers": .condition, "has_way_for_members": .condition,
        "uri": .url, "inviter": .text, "username": .text,
        "lead": .text, "validity": .text, "expires_at": .text, "expires_iso": .text,
        "page_url": .url, "landing_path": .url, "registration_path": .url, "reset_path": .url, "qr_path": .url,
        "registers": .condition, "sets_contacts": .condition, "is_desktop": .condition,
        // Apps.
        "apps": .list(app, atMost: AppList.most), "other_apps": .list(app, atMost: AppList.most),
        "app": .list(app, atMost: 1), "platform_known": .condition, "has_apps": .condition,
        "has_other_apps": .condition,
        // Forms.
        "account": .text, "sessions_ended": .condition, "contact_uri": .url, "has_contact": .condition,
        "typed_username": .text, "address": .text,
        "script_path": .url, "username_check_path": .url,
        "seal": .text, "shortest_password": .text, "password_hint": .text,
        "mistake": .text, "mistake_text": .text, "mistake_in_username": .condition, "mistake_in_password": .condition,
        // Problems.
        "problem_title": .text, "problem_text": .text, "problem_advice": .text, "can_try_again": .condition,
    ]

    static let app: [String: TemplateName] = [
        "id": .text, "name": .text, "text": .text, "image": .url, "imagetext": .text, "link": .url, "platforms": .text,
        "supports_preauth_uri": .condition, "is_web": .condition, "select_text": .text, "path": .url,
        "download_text": .text,
        "buttons": .list(button, atMost: App.mostButtons),
        "setup_text": .text, "steps": .list(["text": .text], atMost: App.mostSteps),
        "login_url": .url,
    ]

    static let button: [String: TemplateName] = [
        "text": .text, "url": .url, "image": .url, "alttext": .text, "target": .text,
    ]

    /// The names of every list, which a part may be inside of.
    static let allLists: TemplateChecker.Lists = {
        var lists: TemplateChecker.Lists = [:]
        for (name, value) in global.merging(app, uniquingKeysWith: { first, _ in first }) {
            if case .list(let names, _) = value { lists[name] = names }
        }
        return lists
    }()
}
