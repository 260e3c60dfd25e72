import Testing
import YAML

@testable import Pages

/// Files of apps.
@Suite struct AppReaderTests {
    private func read(_ text: String) -> Result<AppList, PageFileErrors> {
        AppReader.read(Array(text.utf8), file: "apps.yaml") { ["a.svg", "b.png"].contains($0) }
    }

    private func mistakes(_ text: String) -> [String] {
        guard case .failure(let errors) = read(text) else { return [] }
        return errors.diagnostics.map(\.description)
    }

    @Test func whatComesAlongIsGood() throws {
        let files = StaticFiles(StaticFiles.embedded)
        let list = try AppReader.read(PackageResources.apps_yaml, file: "apps.yaml") { files.isImage($0) }.get()
        let ids = list.apps.map(\.id)
        for id in [
            "conversations", "cheogram", "monal", "siskin-im", "snikket-android", "dino", "gajim", "kaidan", "yaxim",
        ] {
            #expect(ids.contains(id), "\(id)")
        }
        for platform in Platform.allCases where platform != .other {
            #expect(list.apps.contains { $0.runs(on: platform) }, "\(platform)")
        }
        // Apps that make accounts themselves are offered first.
        for platform in [Platform.android, .ios, .macos] {
            #expect(list.apps.first { $0.runs(on: platform) }?.supportsPreauthURI == true, "\(platform)")
        }
        for app in list.apps {
            #expect(!app.buttons.isEmpty && app.image != nil && app.link != nil, "\(app.id)")
            for button in app.buttons where button.url.hasPrefix("https://play.google.com/") {
                #expect(button.magicLink != nil, "\(app.id)")
            }
        }
    }

    @Test func everyFieldIsRead() throws {
        let list = try read(
            """
            - id: my-app
              name: My App
              text: {en: An app., de: Eine App., pt-BR: Um app.}
              image: a.svg
              imagetext: Its sign
              link: https://app.example/
              platforms: [Android, web]
              supports_preauth_uri: true
              magic_link_format: "{app.link!}?referrer={invite.uri}"
              login_link_format: https://web.example/#{username}@{domain}
              select_text: Take it
              download:
                text: Get it here.
                buttons:
                  - {text: Store, url: https://store.example/x, target: _blank, magic_link_format: "{button.url!}?t={invite.token}"}
                  - {image: b.png, alttext: Another store, url: https://other.example/}
              setup:
                text: |
                  Start it.
                  Type your address.
            """
        ).get()
        let app = try #require(list.apps.first)
        #expect(
            app.id == "my-app" && app.name == "My App" && app.image == "a.svg" && app.link == "https://app.example/")
        #expect(app.text?.text(in: "de-AT") == "Eine App." && app.text?.text(in: "pt-BR") == "Um app.")
        #expect(app.text?.text(in: "zh-Hans") == "An app.")
        #expect(app.platforms == [.android, .web] && app.supportsPreauthURI)
        #expect(app.magicLink != nil && app.loginLink != nil && app.selectText?.text(in: "fr") == "Take it")
        #expect(app.buttons.map(\.url) == ["https://store.example/x", "https://other.example/"])
        #expect(app.buttons[0].target == "_blank" && app.buttons[0].magicLink != nil && app.buttons[1].image == "b.png")
        #expect(app.setupText?.text(in: "en") == "Start it.\nType your address.")
    }

    @Test(arguments: [
        ("name: x", "1:1: the file wants a list of apps, but this is a mapping"),
        ("- x", "1:3: an app wants a mapping, but this is a text"),
        ("- {text: x}", "1:3: an app needs a `name`"),
        ("- {name: x, plattforms: []}", "1:13: unknown key `plattforms` in an app; did you mean `platforms`?"),
        (
            "- {name: x, platforms: [Haiku]}",
            "1:25: `Haiku` is no platform that pages know; these are Android, iOS, macOS, Windows, Linux, Web"
        ),
        (
            "- {name: x, link: \"javascript:alert(1)\"}",
            "1:19: `link` `javascript:alert(1)` is no URL that begins with https:// or http://"
        ),
        (
            "- {name: x, id: X!}",
            "1:17: `id` `X!` is none: a-z, 0-9 and -, not in front, 40 at most, and the name of no other page"
        ),
        ("- {name: 日本}", "1:3: the name `日本` makes no id; give the app an `id` of a-z, 0-9 and -"),
        ("- {name: Reset}", "1:3: the name `Reset` makes no id; give the app an `id` of a-z, 0-9 and -"),
        ("- {name: x}\n- {name: X}", "2:3: an app `x` is already at apps.yaml:1:3; give this one an `id`"),
        ("- {name: x, supports_preauth_uri: maybe}", "1:35: `supports_preauth_uri` wants true or false"),
        (
            "- {name: x, magic_link_format: \"{app.link!}\"}",
            "1:32: `magic_link_format` uses {app.link}, and the app has no `link`"
        ),
        (
            "- {name: x, magic_link_format: \"javascript:{invite.uri}\"}",
            "1:32: `magic_link_format` `javascript:{invite.uri}`: it begins neither with https:// or http:// nor with {app.link!} or {button.url!}"
        ),
        (
            "- {name: x, login_link_format: \"https://x/{password}\"}",
            "1:32: `login_link_format` `https://x/{password}`: a password is never put into a link, where logs and histories would have it"
        ),
        (
            "- {name: x, magic_link_format: \"https://x/{nothing}\"}",
            "1:32: `magic_link_format` `https://x/{nothing}`: there is no {nothing}; there are {app.link}, {button.url}, {app.id}, {invite.uri}, {invite.token}, {host}, {username}, {domain}"
        ),
        ("- {name: x, download: {buttons: [{text: x}]}}", "1:34: a button needs a `url`"),
        (
            "- {name: x, download: {buttons: [{url: https://x/}]}}",
            "1:34: a button needs a `text`, or with an image an `alttext`"
        ),
        ("- {name: x, text: {}}", "1:19: `text` has no text in any language"),
        ("- {name: x, name: y}", "1:13: `name` is set twice"),
        ("- [", "1:4: "),
    ])
    func aMistakeIsNamedWithItsPlace(text: String, message: String) {
        let found = mistakes(text).first ?? "none"
        #expect(
            found.hasPrefix("apps.yaml:" + (message.hasSuffix(" ") ? String(message.prefix { $0 != " " }) : message)),
            "\(found)")
    }

    @Test func imagesAreFilesOfOurs() {
        #expect(
            mistakes("- {name: x, image: https://elsewhere.example/x.png}").first?.contains(
                "is no image here: it is the name of one that comes along") == true)
    }

    @Test func namesMakeTheIdsOfProsody() {
        #expect(AppReader.id(ofName: "Siskin IM") == "siskin-im")
        #expect(AppReader.id(ofName: "Beagle  -- IM 2") == "beagle-im-2")
    }

    @Test func aHostShowsWhatItChooses() {
        let apps = ["a", "b", "c"].map { App(id: $0, name: $0, platforms: [], supportsPreauthURI: false, buttons: []) }
        let list = AppList(apps: apps)
        #expect(list.shown(for: AppChoice(shown: nil, hidden: [])) == [0, 1, 2])
        #expect(list.shown(for: AppChoice(shown: ["c", "a", "x", "c"], hidden: [])) == [2, 0])
        #expect(list.shown(for: AppChoice(shown: nil, hidden: ["b"])) == [0, 2])
        #expect(list.shown(for: AppChoice(shown: ["b"], hidden: ["b"])) == [])
    }
}
