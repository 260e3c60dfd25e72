/// An XMPP app that pages offer, with every field of Prosody's mod_register_apps and ejabberd's apps.json.
package struct App: Hashable, Sendable {
    /// `[a-z0-9-]`, also the name of its page; from ``name`` where none is given.
    package var id: String
    package var name: String
    /// What it is, in a sentence; without, the page says for which devices it is.
    package var text: LocalizedText?
    /// The name of a logo, as files of ``StaticFiles`` are looked up.
    package var image: String?
    package var imageText: LocalizedText?
    /// Its website, or its place in a store.
    package var link: String?
    package var platforms: [AppPlatform]
    /// Whether it opens `xmpp:` links that have a token (XEP-0401), and makes the account itself.
    package var supportsPreauthURI: Bool
    /// How to get it so that it knows of the invite when it starts first.
    package var magicLink: LinkFormat?
    package var downloadText: LocalizedText?
    package var buttons: [Button]
    /// How to set it up; without, the steps that fit what it can do.
    package var setupText: LocalizedText?
    /// Where a new user of it logs in, for web apps.
    package var loginLink: LinkFormat?
    /// The label of the button that selects it.
    package var selectText: LocalizedText?

    /// A place where it can be had.
    package struct Button: Hashable, Sendable {
        package var text: LocalizedText?
        package var image: String?
        package var alternativeText: LocalizedText?
        package var url: String
        package var target: String?
        package var magicLink: LinkFormat?
    }

    /// What a page has room for.
    static let mostButtons = 8
    /// What ``setupText`` is divided into, a line each.
    static let mostSteps = 12

    func runs(on platform: Platform) -> Bool { platforms.contains { $0.isFor(platform) } }
}

/// What apps run on.
package enum AppPlatform: String, CaseIterable, Hashable, Sendable {
    case android, ios, macos, windows, linux, web

    /// As people call it.
    var name: String {
        switch self {
        case .android: "Android"
        case .ios: "iOS"
        case .macos: "macOS"
        case .windows: "Windows"
        case .linux: "Linux"
        case .web: "Web"
        }
    }

    func isFor(_ platform: Platform) -> Bool { rawValue == platform.rawValue }
}

/// A text in one language for all, or in several.
package struct LocalizedText: Hashable, Sendable {
    /// By BCP 47 tag, in lower case; under the empty tag what is for all others.
    var texts: [String: String]

    init(_ text: String) { texts = ["": text] }

    init(texts: [String: String]) { self.texts = texts }

    /// The text in a language, else in its primary language, else what is for all others, else in English, else any.
    func text(in language: String) -> String {
        let tag = language.lowercased()
        let primary = tag.split(separator: "-").first.map(String.init) ?? tag
        for key in [tag, primary, "", "en"] {
            if let text = texts[key] { return text }
        }
        return texts.min { $0.key < $1.key }?.value ?? ""
    }
}
