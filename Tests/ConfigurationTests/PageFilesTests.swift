import Invites
import Pages
import TestSupport
import Testing
import XMPP
import YAML

@testable import Configuration

/// The files that the configuration names for pages: a provider's own, and those of hosts.
@Suite struct PageFilesTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]

    private func directory(web: String = "", host: String = "{}") throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let keys = "base_url: \"https://invite.example/\"" + (web.isEmpty ? "" : ", \(web)")
        try directory.write("component: {jid: i.example, secret: x}\nweb: {\(keys)}\n", to: "invited.yaml")
        try directory.write(host, to: "config.d/a.example.yaml")
        return directory
    }

    // MARK: A provider's own files

    @Test(arguments: [
        // A broken template, and an unknown name in one.
        (
            "templates: pages", ["pages/foot.mustache": "{{#site}}"],
            "pages/foot.mustache:1:1: the section `site` is not closed"
        ),
        (
            "templates: pages", ["pages/foot.mustache": "<p>\n{{site.nam}}</p>"],
            "pages/foot.mustache:2:1: there is no value `site.nam` here; did you mean `site.name`?"
        ),
        (
            "templates: pages", ["pages/foot.mustache": "{{words.landing.opne}}"],
            "pages/foot.mustache:1:1: there is no text `landing.opne`"
        ),
        ("templates: pages", ["pages/apps.yaml": "- {link: x}"], "pages/apps.yaml:1:3: an app needs a `name`"),
        (
            "apps: own.yaml", ["own.yaml": "- {nam: x}"],
            "own.yaml:1:4: unknown key `nam` in an app; did you mean `name`?"
        ),
        (
            "texts: texts", ["texts/de.yaml": "de:\n  footer:\n    imprnt: \"x\"\n"],
            "texts/de.yaml:3:5: unknown key `imprnt`; did you mean `imprint`?"
        ),
        (
            "texts: texts", ["texts/de.yaml": "de:\n  notice:\n    accepted: \"x\"\n"],
            "texts/de.yaml:3:15: `notice.accepted` lacks `%{account}`"
        ),
        (
            "texts: texts", ["texts/x.yaml": "de:\n  footer:\n    imprint: \"x\"\n"],
            "texts/x.yaml:1:1: the file has texts in `de`: name it de.yaml"
        ),
        ("templates: pages", [:], "invited.yaml:2:55: `templates` `pages` cannot be read: No such file or directory"),
        ("texts: texts", [:], "invited.yaml:2:51: `texts` `texts` cannot be read: No such file or directory"),
        ("apps: a.yaml", [:], "invited.yaml:2:50: `apps` `a.yaml` cannot be read: No such file or directory"),
        ("templates: a", ["a": "file"], "invited.yaml:2:55: `templates` `a` is no directory"),
    ])
    func mistakesHaveTheirPlaces(web: String, files: [String: String], expected: String) throws {
        let directory = try directory(web: web)
        for (name, text) in files { try directory.write(text, to: name) }
        var loader = directory.loader()
        let loaded = loader.load()
        #expect(directory.text(loaded.diagnostics).contains(expected), "\(directory.text(loaded.diagnostics))")
        #expect(loaded.pageMistakes == loaded.diagnostics)
        // A start does without them, and nothing else is worse for it.
        let web = try #require(loaded.daemon?.http.web)
        #expect(web.pages == nil && !web.sources.isEmpty)
        #expect(loaded.hosts.count == 1)
    }

    @Test func theSameFilesAreTheSamePages() throws {
        let directory = try directory(web: "templates: pages, texts: texts")
        try directory.write("<p>Ours</p></main></body></html>\n", to: "pages/foot.mustache")
        try directory.write("en:\n  footer:\n    imprint: \"Who we are\"\n", to: "texts/en.yaml")
        var loader = directory.loader()
        let first = loader.load()
        let pages = try #require(first.daemon?.http.web?.pages)
        let second = loader.load()
        #expect(second.daemon?.http.web?.pages?.design === pages.design)
        #expect(Fingerprint(first) == Fingerprint(second))
        // What is in them is another matter than where they are.
        try directory.write("<p>Theirs</p></main></body></html>\n", to: "pages/foot.mustache")
        let third = loader.load()
        let daemon = try #require(third.daemon)
        #expect(daemon.http.web != second.daemon?.http.web)
        #expect(Fingerprint(third) != Fingerprint(first))
        let plan = ConfigurationPlan(
            from: second.hosts, to: third.hosts, daemon: daemon, shell: daemon.shell, nextShell: daemon.shell,
            http: try #require(second.daemon?.http), nextHTTP: daemon.http, nextDaemon: daemon, generation: 1)
        #expect(plan.liveKeys == ["web"])
        let differences = SettingDifference.differences(
            from: daemon, daemon.shell, try #require(second.daemon?.http), to: daemon)
        #expect(differences.map(\.key) == ["web"])
        #expect(differences.first?.running != differences.first?.other)
    }

    @Test func aTextReplacesOne() throws {
        let directory = try directory(web: "texts: texts")
        try directory.write("en:\n  landing:\n    about: \"Ask %{site}.\"\n", to: "texts/en.yaml")
        var loader = directory.loader()
        let design = try #require(loader.load().daemon?.http.web?.pages?.design)
        let page = PageRenderer(design).render(
            .landing(
                Landing(
                    kind: .account, token: try #require(Token("AAAAAAAAAAAA1")), uri: "xmpp:a.example",
                    expiresAt: Timestamp(millisecondsSinceEpoch: 0), registers: true, setsContacts: true)),
            of: Site(host: "a.example", name: "Us"), for: Visitor(now: Timestamp(millisecondsSinceEpoch: 0)))
        let text = String(decoding: page.body, as: UTF8.self)
        #expect(text.contains("Ask <bdi>Us</bdi>.") && text.contains("Create account in the browser"))
    }

    @Test func aSnapshotTakesTheFilesAsTheyAre() throws {
        let directory = try directory(web: "templates: pages", host: "logo: logos/a.png\n")
        try directory.write("<p>Ours</p></main></body></html>\n", to: "pages/foot.mustache")
        try directory.write(Self.png, to: "config.d/logos/a.png")
        var loader = directory.loader()
        let loaded = loader.load()
        let daemon = try #require(loaded.daemon)
        let snapshot = ConfigurationSnapshot(
            number: 1, time: Timestamp(millisecondsSinceEpoch: 0), by: "test", files: Fingerprint(loaded),
            hosts: loaded.hosts, shell: daemon.shell, http: daemon.http)
        var read = try ConfigurationSnapshot(reading: snapshot.bytes)
        #expect(read.http.web?.pages == nil && read.hosts["a.example"]?.pages.logo?.content == nil)
        #expect(read.readNamedFiles(in: loader.hostsDirectory) == [])
        #expect(read.http == daemon.http && read.hosts == loaded.hosts)
        try directory.write("{{", to: "pages/foot.mustache")
        try directory.remove("config.d/logos/a.png")
        read = try ConfigurationSnapshot(reading: snapshot.bytes)
        let files = Set(read.readNamedFiles(in: loader.hostsDirectory).map(\.file))
        #expect(files == ["\(directory.path)/pages/foot.mustache", "a.example.yaml"])
        #expect(read.http.web?.pages == nil && read.hosts["a.example"]?.pages.logo?.content == nil)
    }

    // MARK: A host's files

    @Test(
        arguments: [
            ("logo: logos/a.png\n", "logos/a.png", png, nil),
            ("logo: logos/a\n", "logos/a", Array("<?xml version='1.0'?>\n<!-- x -->\n<svg width='1'/>".utf8), nil),
            ("logo: logos/a\n", "logos/a", [0xFF, 0xD8, 0xFF, 0xE0], nil),
            ("logo: logos/a\n", "logos/a", Array("RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ".utf8), nil),
            (
                "logo: logos/a\n", "logos/b", png,
                "a.example.yaml:1:7: `logo` `logos/a` cannot be read: No such file or directory"
            ),
            // Its type is determined by its content, not by its name.
            (
                "{site_name: x, logo: logos/a.png}\n", "logos/a.png", Array("root:x:0:0".utf8),
                "a.example.yaml:1:22: `logo` `logos/a.png` is no image: SVG without scripts and entities, PNG, JPEG or WebP"
            ),
            (
                "logo: a.svg\n", "a.svg", Array("<svg><script>alert(1)</script></svg>".utf8),
                "a.example.yaml:1:7: `logo` `a.svg` is no image: SVG without scripts and entities, PNG, JPEG or WebP"
            ),
            (
                "logo: a.svg\n", "a.svg", Array("<!DOCTYPE svg [<!ENTITY a \"a\">]><svg/>".utf8),
                "a.example.yaml:1:7: `logo` `a.svg` is no image: SVG without scripts and entities, PNG, JPEG or WebP"
            ),
            (
                "logo: a.svg\n", "a.svg", Array("<html><svg/></html>".utf8),
                "a.example.yaml:1:7: `logo` `a.svg` is no image: SVG without scripts and entities, PNG, JPEG or WebP"
            ),
            (
                "logo: a.png\n", "a.png", png + Array(repeating: 0, count: 65_536),
                "a.example.yaml:1:7: `logo` `a.png` is larger than 65536 bytes"
            ),
            (
                "site_apps: apps/a.yaml\n", "apps/a.yaml", Array("- {name: \"A\", image: x.svg}\n".utf8),
                "apps/a.yaml:1:22: `image` `x.svg` is no image here: it is the name of one that comes along or, in the list of `web`, of an .svg or .png file in `templates`"
            ),
            ("site_apps: apps/a.yaml\n", "apps/a.yaml", Array("- {name: \"A\", image: gajim.svg}\n".utf8), nil),
        ] as [(String, String, [UInt8], String?)])
    func filesOfHostsAreChecked(host: String, name: String, bytes: [UInt8], expected: String?) throws {
        let directory = try directory(host: host)
        try directory.write("{}", to: "config.d/b.example.yaml")
        try directory.write(bytes, to: "config.d/\(name)")
        var loader = directory.loader()
        let loaded = loader.load()
        let mistakes = directory.text(loaded.diagnostics).map { $0.replacing("config.d/", with: "") }
        #expect(mistakes == (expected.map { [$0] } ?? []))
        // The other host is none the worse.
        #expect(Set(loaded.hosts.keys) == (expected == nil ? ["a.example", "b.example"] : ["b.example"]))
        #expect(loaded.isConsistent)
    }

    /// Each host's key is checked as if it were the only one that names the file, in whatever order they are read.
    @Test(arguments: [("a.example", "b.example"), ("b.example", "a.example")])
    func aFileIsNoOtherHostsForWhatOneTakesItFor(wrong: String, right: String) throws {
        let directory = try directory(host: "{}")
        try directory.write(Self.png, to: "config.d/x")
        try directory.write("- {name: \"A\"}\n", to: "config.d/y")
        try directory.write("logo: x\nsite_apps: y\n", to: "config.d/\(right).yaml")
        try directory.write("logo: y\n", to: "config.d/\(wrong).yaml")
        var loader = directory.loader()
        #expect(Set(loader.load().hosts.keys) == [right])
        try directory.write("site_apps: x\n", to: "config.d/\(wrong).yaml")
        #expect(Set(loader.load().hosts.keys) == [right])
        // Nor for what it was taken for before.
        try directory.write("site_apps: y\n", to: "config.d/\(wrong).yaml")
        #expect(Set(loader.load().hosts.keys) == [right, wrong])
    }

    @Test(arguments: ["/etc/passwd", "../invited.yaml", "logos/../../invited.yaml", ".hidden", "a//b", "./a", ""])
    func noOtherFilesAreReached(path: String) throws {
        let directory = try directory(host: "logo: \"\(path)\"\nsite_apps: \"\(path)\"\n")
        var loader = directory.loader()
        let loaded = loader.load()
        #expect(loaded.hosts.isEmpty && loaded.diagnostics.count == 2)
        #expect(loaded.diagnostics.allSatisfy { $0.file.hasSuffix("config.d/a.example.yaml") })
    }

    @Test func aReplacedFileIsAChange() throws {
        let directory = try directory(host: "logo: logos/a.png\n")
        try directory.write(Self.png, to: "config.d/logos/a.png")
        var loader = directory.loader()
        let first = loader.load()
        try directory.write(Self.png + [1], to: "config.d/logos/a.png")
        let second = loader.load()
        let diff = ConfigurationDiff(from: first.hosts, to: second.hosts)
        #expect(diff.changed.map(\.keys) == [[.logo]])
        #expect(Fingerprint(first) != Fingerprint(second))
        #expect(ConfigurationDiff(from: second.hosts, to: loader.load().hosts).isEmpty)
    }

    @Test func theyAreNotSetAtRunTime() throws {
        var overrides = SettingOverrides()
        for key in [HostKey.logo, .siteApps] {
            #expect(throws: SettingMistake.self) { try overrides.set(key, to: ["logos/a.png"]) }
        }
        #expect(overrides.isEmpty)
    }

    @Test func savingAnotherSettingKeepsThem() throws {
        let directory = try directory(host: "logo: logos/a.png\n")
        try directory.write(Self.png, to: "config.d/logos/a.png")
        var loader = directory.loader()
        let loaded = loader.load()
        let saved = try loaded.save([.siteName: .text("A")], of: "a.example")
        #expect(saved.configuration.pages.logo == loaded.hosts["a.example"]?.pages.logo)
        #expect(saved.configuration.pages.logo?.content != nil)
    }
}
