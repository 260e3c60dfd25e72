import Invites
import Languages
import Mustache
import Testing
import YAML

@testable import Pages

@Suite(.timeLimit(.minutes(5))) struct PageRendererTests {
    private let samples = Samples()
    private static let languages = LanguageCatalog.builtIn.all.map(\.language)

    private func text(_ page: Page, of site: Site? = nil, for visitor: Visitor? = nil, by renderer: PageRenderer)
        -> String
    {
        let rendered = renderer.render(page, of: site ?? samples.site, for: visitor ?? samples.visitor())
        return String(decoding: rendered.body, as: UTF8.self)
    }

    /// The page without the one script of ours that it may have: a file.
    private func withoutScript(_ text: String) -> String {
        text.replacing(
            /<script src="\/[^"<>]*-\/static\/username-[0-9a-f]{16}\.js" defer><\/script>/, with: "", maxReplacements: 1
        )
    }

    @Test func thereAreTenLanguages() {
        #expect(Self.languages.count == 10)
    }

    @Test(arguments: languages)
    func everyPageIsComplete(language: String) throws {
        let renderer = try Samples.renderer()
        for (name, page) in try samples.pages() {
            let rendered = renderer.render(page, of: samples.site, for: samples.visitor(language))
            let text = String(decoding: rendered.body, as: UTF8.self)
            #expect(rendered.language == language)
            #expect(text.contains("<html lang=\"\(language)\" dir=\"\(language == "ar" ? "rtl" : "ltr")\">"), "\(name)")
            for leftover in [
                "%{", "{{", "}}", "\u{F8F0}", "\u{F8F1}", "<h1></h1>", "<p></p>", "<title></title>", "href=\"\" ",
                "src=\"\"", "<bdi></bdi>", "<strong></strong>", "content=\"\"",
            ] {
                #expect(!text.contains(leftover), "\(name): \(leftover)")
            }
            #expect(text.matches(of: /<h1>/).count == 1 && text.matches(of: /<main>/).count == 1, "\(name)")
            #expect(text.hasSuffix("</html>\n") && text.hasPrefix("<!DOCTYPE html>"), "\(name)")
            // No name of a text is left: each was replaced by the text.
            #expect(
                text.firstMatch(of: /\b(landing|form|success|problem|footer|app|time)\.[a-z_]+\b/) == nil, "\(name)")
        }
    }

    /// A page is what the library itself makes of the template and the values.
    @Test(arguments: ["en", "ar"])
    func segmentsAreWhatTheLibraryRenders(language: String) throws {
        /// Puts values themselves in the places of values, and leaves it to the library to escape them.
        final class Direct: Sentinels {
            let values: SlotValues

            init(_ values: SlotValues) { self.values = values }

            private func value(_ slot: Slot) -> String {
                var bytes: [UInt8] = []
                values.append(slot, to: &bytes)
                var text = String(decoding: bytes, as: UTF8.self)
                for (escape, character) in [
                    ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
                ] {
                    text = text.replacing(escape, with: character)
                }
                return text
            }

            override func sentinel(_ parts: [Part]) -> String {
                parts.map { part in
                    switch part {
                    case .text(let text): text
                    case .slot(let slot): value(slot)
                    case .isolated(let slot): "\u{2068}\(value(slot))\u{2069}"
                    }
                }.joined()
            }
        }
        let renderer = try Samples.renderer()
        let design = renderer.design
        let samples = Samples(siteName: "A & B \"C\" 'D' <E>", typed: "<b>", message: "no & no")
        for (name, page) in try samples.pages() {
            let visitor = samples.visitor(language, chosen: language)
            let request = PageRequest(page, of: samples.site, for: visitor, design: design)
            let direct = Direct(request.values)
            let values = TemplateValues(shape: request.shape, design: design, sentinels: direct).all
            let expected = design.templates.render(request.shape.template, values)
            let rendered = text(page, of: samples.site, for: visitor, by: renderer)
            func plain(_ text: String) -> String {
                text.replacing("<bdi>", with: "\u{2068}").replacing("</bdi>", with: "\u{2069}")
            }
            #expect(plain(rendered) == plain(expected), "\(name)")
            // And once more, from the cache.
            #expect(text(page, of: samples.site, for: visitor, by: renderer) == rendered)
        }
    }

    /// No value adds markup: the same page with harmless values has as much of it.
    @Test(arguments: [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)", "</title><script>",
        "{{title}}",
        "%{site}", "&lt;script&gt;", "\u{202E}evil\u{202C}", "\u{2067}\u{2067}", "\"\u{301}onclick=x", "--><script>",
        "<!--", "a\u{F8F0}0\u{F8F1}",
        "javascript:alert(1)", "`", "</textarea></p>",
    ])
    func noValueIsMarkup(hostile: String) throws {
        let renderer = try Samples.renderer()
        let harmless = Samples(
            inviter: Account(localpart: "xx", domain: "example.com"),
            user: Account(localpart: "xx", domain: "example.com"),
            siteName: "xx", typed: "xx", message: "xx", parameter: "xx")
        let samples = Samples(
            inviter: Account(localpart: hostile, domain: "example.com"),
            user: Account(localpart: hostile, domain: "example.com"), siteName: hostile, typed: hostile,
            message: hostile,
            parameter: hostile)
        func markup(_ text: String) -> [Int] {
            var counts = [Int](repeating: 0, count: 256)
            for byte in Array(text.utf8) { counts[Int(byte)] += 1 }
            return "<>\"'".utf8.map { counts[Int($0)] }
        }
        for ((name, page), (_, other)) in zip(try samples.pages(), try harmless.pages()) {
            for language in ["ar"] {
                let text = text(page, of: samples.site, for: samples.visitor(language), by: renderer)
                let expected = self.text(other, of: harmless.site, for: harmless.visitor(language), by: renderer)
                // A URL that would not be one is left out, and with it its markup.
                if hostile.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) {
                    #expect(markup(text) == markup(expected), "\(name)")
                }
                let rest = withoutScript(text)
                #expect(
                    !rest.contains("<script") && !rest.contains("<img src=x") && !rest.contains("alert(1)>"), "\(name)")
            }
        }
    }

    @Test func linksLeadOnlyWhereTheyMay() throws {
        let renderer = try Samples.renderer()
        var site = samples.site
        site.webchatURL = "javascript:alert(1)"
        site.imprintURL = "data:text/html,x"
        site.termsURL = "//elsewhere.example/"
        site.privacyURL = "https://a b/"
        site.logoPath = "//elsewhere.example/logo.png"
        site.color = "red;}body{display:none"
        for (name, page) in try samples.pages() {
            let text = text(page, of: site, by: renderer)
            for stray in ["javascript:", "data:text", "elsewhere.example", "https://a b/", "display:none"] {
                #expect(!text.contains(stray), "\(name): \(stray)")
            }
            #expect(text.contains(AccentSheet.name(of: AccentSheet.standard)))
        }
    }

    /// All that a browser loads is from this server, and none of it is an inline script or style.
    @Test func nobodyElseIsAsked() throws {
        let renderer = try Samples.renderer()
        for platform in [Platform.android, .other] {
            for (name, page) in try samples.pages() {
                let text = text(page, for: samples.visitor("en", platform), by: renderer)
                for match in text.matches(of: /(?:<link [^>]*href|src)="([^"]*)"/) {
                    #expect(match.1.hasPrefix("/") && !match.1.hasPrefix("//"), "\(name): \(match.1)")
                }
                #expect(
                    !withoutScript(text).contains("<script") && !text.contains("<style") && !text.contains(" style=")
                        && text.firstMatch(of: /\son[a-z]+=/) == nil, "\(name)")
            }
        }
        #expect(renderer.inlineHashes.isEmpty)
    }

    /// What a first visit loads: the page, its styles, and every image that is seen or may be.
    @Test(arguments: languages)
    func aFirstVisitIsSmall(language: String) throws {
        let renderer = try Samples.renderer()
        for platform in [Platform.android, .linux] {
            for (name, page) in try samples.pages() {
                let text = text(page, for: samples.visitor(language, platform), by: renderer)
                var size = text.utf8.count
                for path in Set(text.matches(of: /"\/-\/static\/([^"]+)"/).map { String($0.1) }) {
                    let file = try #require(renderer.staticFile(path), "\(name): \(path)")
                    #expect(file.etag.count > 10 && !file.contentType.isEmpty)
                    size += file.body.count
                }
                if text.contains("/qr.svg") {
                    size += renderer.qrCode(of: try samples.landing(.account), site: samples.site)?.count ?? 0
                }
                #expect(size < 60_000, "\(name): \(size) bytes")
            }
        }
    }

    @Test func filesBelowAnotherRootAreAskedForThere() throws {
        let renderer = try Samples.renderer()
        var site = samples.site
        site.root = "/invite/"
        site.path = "/invite/example.com/"
        let text = text(.landing(try samples.landing(.account)), of: site, by: renderer)
        #expect(text.contains("href=\"/invite/-/static/style-") && text.contains("href=\"/invite/-/static/accent-"))
        #expect(!text.contains("\"/-/static"))
        #expect(text.contains("href=\"/invite/example.com/\(Samples.token!.text)/register\""))
    }

    @Test func theLanguageIsTheOneChosen() throws {
        let renderer = try Samples.renderer()
        let page = Page.landing(try samples.landing(.account))
        func rendered(_ visitor: Visitor) -> RenderedPage { renderer.render(page, of: samples.site, for: visitor) }
        #expect(rendered(samples.visitor("de-AT")).language == "de")
        #expect(rendered(samples.visitor("xx")).language == "en")
        #expect(rendered(samples.visitor("pt")).language == "pt-BR")
        #expect(rendered(samples.visitor("de", chosen: "fr")).language == "fr")
        #expect(rendered(samples.visitor("de", chosen: "\"><script>")).language == "de")
        // Only a chosen language is passed on in links between pages.
        let chosen = String(decoding: rendered(samples.visitor("de", chosen: "fr")).body, as: UTF8.self)
        #expect(chosen.contains("/register?lang=fr\"") && chosen.contains("/apps/conversations?lang=fr\""))
        let own = String(decoding: rendered(samples.visitor("fr")).body, as: UTF8.self)
        #expect(own.contains("/register\"") && !own.contains("/register?lang"))
        for language in Self.languages { #expect(own.contains("href=\"?lang=\(language)\"")) }
        #expect(own.matches(of: /aria-current="true"/).count == 1)
    }

    @Test(arguments: [
        (Platform.android, "conversations"), (.ios, "monal"), (.macos, "monal-macos"), (.linux, "dino"),
        (.windows, "gajim"),
        (.other, "conversations"),
    ])
    func theAppsOfTheDeviceComeFirst(platform: Platform, first: String) throws {
        let text = text(
            .landing(try samples.landing(.account)), for: samples.visitor("en", platform), by: try Samples.renderer())
        let links = text.matches(of: /\/apps\/([a-z0-9-]+)"/).map { String($0.1) }
        #expect(links.first == first)
        // All others are there, too, each once.
        #expect(Set(links).count == links.count && links.count >= 12)
        #expect(text.contains("<details class=\"more\">") == (platform != .other))
    }

    @Test func aHostChoosesItsApps() throws {
        let renderer = try Samples.renderer()
        var site = samples.site
        site.shownApps = ["gajim", "conversations", "nothing"]
        func apps() throws -> [String] {
            text(.landing(try samples.landing(.account)), of: site, by: renderer).matches(of: /\/apps\/([a-z0-9-]+)"/)
                .map { String($0.1) }
        }
        #expect(try apps() == ["conversations", "gajim"])
        site.hiddenApps = ["conversations"]
        #expect(try apps() == ["gajim"])
        site.shownApps = ["nothing"]
        let none = text(.landing(try samples.landing(.account)), of: site, by: renderer)
        #expect(!none.contains("<ul class=\"apps\">") && !none.contains(">Apps"))
        site.shownApps = ["gajim", "conversations", "nothing"]
        // There is no page of what is not shown.
        let hidden = text(.app(try samples.landing(.account), id: "conversations"), of: site, by: renderer)
        #expect(hidden.contains("<h1>This invitation does not exist</h1>"))
    }

    @Test func aHostHasAppsOfItsOwn() throws {
        let list = """
            - {name: Ours, link: "https://ours.example/", platforms: [Android]}
            - {name: Gajim, text: Our Gajim, platforms: [Linux]}
            """
        let renderer = try Samples.renderer()
        var site = samples.site
        site.ownApps = try SiteApps(reading: Array(list.utf8), file: "apps.yaml")
        let landing = try samples.landing(.account)
        let page = text(.landing(landing), of: site, by: renderer)
        let apps = page.matches(of: /\/apps\/([a-z0-9-]+)"/).map { String($0.1) }
        #expect(apps.first == "ours" && apps.count { $0 == "gajim" } == 1 && apps.contains("conversations"))
        #expect(page.contains("Our Gajim"))
        #expect(text(.app(landing, id: "ours"), of: site, by: renderer).contains("Ours"))
        // Of this host only.
        #expect(!text(.landing(landing), by: renderer).contains("Our Gajim"))
        #expect(text(.app(landing, id: "ours"), by: renderer).contains("<h1>This invitation does not exist</h1>"))
        site.shownApps = ["conversations", "ours"]
        let chosen = text(.landing(landing), of: site, by: renderer)
        #expect(chosen.matches(of: /\/apps\/([a-z0-9-]+)"/).map { String($0.1) } == ["conversations", "ours"])
    }

    @Test func storesLearnOfTheInvite() throws {
        let text = text(.app(try samples.landing(.account), id: "conversations"), by: try Samples.renderer())
        #expect(
            text.contains(
                "href=\"https://play.google.com/store/apps/details?id=eu.siacs.conversations&amp;referrer=xmpp%3Aexample.com%3Fregister%3Bpreauth%3DTOKEN%3Bibr%3Dy\""
            ))
        #expect(text.contains("href=\"https://f-droid.org/packages/eu.siacs.conversations/\""))
        #expect(text.contains("href=\"xmpp:example.com?register;preauth=TOKEN;ibr=y\""))
    }

    @Test func nothingIsSaidOfAnInviteThatIsUsedUp() throws {
        let page = Page.registered(Registered(account: samples.user, inviter: samples.inviter, hasContact: true))
        let text = text(page, by: try Samples.renderer())
        #expect(!text.contains("referrer=") && !text.contains(Samples.token!.text))
        #expect(text.contains("details?id=eu.siacs.conversations\""))
    }

    /// The validity shown is at most an hour longer than the real one; a link for a week is shown as one for 7 days
    /// also when it is opened.
    @Test(arguments: [
        (300_000, "Valid for 3 more days, until 2 December 2026, 09:31 (UTC)."),
        (100_000, "Valid for 27 more hours, until 30 November 2026, 01:58 (UTC)."),
        (7_000, "Valid for 2 more hours"), (30, "Valid for less than a minute"),
        (-5, "Valid for less than a minute"), (180, "Valid for 3 more minutes, until 28 November 2026, 22:14 (UTC)."),
        // The ends of units, and a minute after a link of such a length was made.
        (604_800, "Valid for 7 more days"), (604_740, "Valid for 7 more days"), (601_200, "Valid for 7 more days"),
        (601_199, "Valid for 6 more days"), (518_400, "Valid for 6 more days"),
        (172_800, "Valid for 2 more days"), (172_740, "Valid for 2 more days"), (169_200, "Valid for 2 more days"),
        (169_199, "Valid for 47 more hours"), (86_400, "Valid for 24 more hours"), (86_340, "Valid for 24 more hours"),
        (86_100, "Valid for 24 more hours"), (86_099, "Valid for 23 more hours"),
        (7_200, "Valid for 2 more hours"), (6_900, "Valid for 2 more hours"), (6_899, "Valid for 115 more minutes"),
        (3_600, "Valid for 60 more minutes"), (3_571, "Valid for 60 more minutes"),
        (3_569, "Valid for 59 more minutes"),
        (60, "Valid for one more minute"), (59, "Valid for less than a minute"),
    ])
    func timesAreSaidInWords(seconds: Int64, expected: String) throws {
        var landing = try samples.landing(.account)
        landing.expiresAt = Timestamp(millisecondsSinceEpoch: Samples.now.millisecondsSinceEpoch + seconds * 1000)
        var site = samples.site
        site.timeZone = "UTC"
        let text = text(.landing(landing), of: site, by: try Samples.renderer())
        let said = text.firstMatch(of: /<span>(Valid [^<]*)<\/span>/).map { String($0.1) } ?? ""
        #expect(said.hasPrefix(expected), "\(said)")
    }

    @Test(arguments: [
        (0, "It was valid until 28 November 2026, 23:11 (Europe/Berlin)."), (59, "It was valid until"),
        (60, "It was valid until 28 November 2026, 23:10 (Europe/Berlin), one minute ago."),
        (7_199, "It was valid until 28 November 2026, 21:11 (Europe/Berlin), 119 minutes ago."),
        (7_200, "It was valid until 28 November 2026, 21:11 (Europe/Berlin), 2 hours ago."),
        (172_799, "It was valid until 26 November 2026, 23:11 (Europe/Berlin), 47 hours ago."),
        (172_800, "It was valid until 26 November 2026, 23:11 (Europe/Berlin), 2 days ago."),
    ])
    func aPageSaysWhenAnInviteExpired(seconds: Int64, expected: String) throws {
        let end = Timestamp(millisecondsSinceEpoch: Samples.now.millisecondsSinceEpoch - seconds * 1000)
        let text = text(
            .problem(.expired, of: EndedInvite(kind: .account, expiresAt: end)), by: try Samples.renderer())
        #expect(text.contains("<h1>This invitation has expired</h1>"))
        #expect(text.contains("<p class=\"lead\">\(expected)"), "\(text)")
        #expect(text.contains("<p>Please ask the person who sent it to you for a new one.</p>"))
    }

    /// A link that sets a password has no inviter.
    @Test(arguments: [
        (PageProblem.expired, "This link has expired", "Please ask the operators of"),
        (.used, "This link has been used", "If it was not you, please tell the operators of"),
        (.revoked, "This link was withdrawn", "Please ask the operators of"),
    ])
    func linksForPasswordsHaveEndsOfTheirOwn(problem: PageProblem, title: String, advice: String) throws {
        let page = Page.problem(problem, of: EndedInvite(kind: .reset, expiresAt: Samples.now))
        let text = text(page, by: try Samples.renderer())
        #expect(text.contains("<h1>\(title)</h1>") && text.contains(advice), "\(text)")
        #expect(!text.contains("nvitation"))
    }

    @Test func aPageSaysWhetherSessionsWereEnded() throws {
        let renderer = try Samples.renderer()
        #expect(text(.passwordSet(samples.user), by: renderer).contains("<p>All devices were logged out.</p>"))
        #expect(
            text(.passwordSet(samples.user, endedSessions: false), by: renderer)
                .contains("<p>This server cannot log out devices."))
    }

    /// The reset may be spent then, and the password set or not: the page says nothing else.
    @Test(arguments: [
        (FormMistake.tryAgain, "The password is still the old one."),
        (.outcomeUnknown, "Your password may have been changed"),
    ])
    func aResetThatIsNotDoneIsHonest(mistake: FormMistake, expected: String) throws {
        let form = ResetForm(seal: "seal", shortestPassword: 8, mistake: mistake)
        let text = text(.reset(try samples.landing(.reset, username: "bob"), form), by: try Samples.renderer())
        #expect(text.contains(expected) && !text.contains("has not been used up"))
    }

    @Test func theFarthestTimesAreNoTrap() throws {
        let renderer = try Samples.renderer()
        for time in [Int64.min, .max, 0] {
            var landing = try samples.landing(.account)
            landing.expiresAt = Timestamp(millisecondsSinceEpoch: time)
            var visitor = samples.visitor()
            visitor.now = Timestamp(millisecondsSinceEpoch: time == .max ? .min : .max)
            #expect(text(.landing(landing), for: visitor, by: renderer).contains("Valid for"))
        }
    }

    @Test func aLinkPastedIntoAChatSaysWhatItIs() throws {
        let text = text(.landing(try samples.landing(.contact)), by: try Samples.renderer())
        #expect(
            text.contains(
                "<meta property=\"og:title\" content=\"\u{2068}alice@example.com\u{2069} would like to chat with you\">"
            ))
        #expect(
            text.contains(
                "<meta property=\"og:url\" content=\"https://invite.example/example.com/\(Samples.token!.text)\">"))
        #expect(text.contains("<meta property=\"og:description\" content=\"Accept the invitation"))
    }

    @Test func aPasswordIsNeverShownAgain() throws {
        let renderer = try Samples.renderer()
        for (name, page) in try samples.pages() {
            let text = text(page, by: renderer)
            for input in text.matches(of: /<input[^>]*type="password"[^>]*>/) {
                #expect(!input.0.contains("value="), "\(name)")
            }
        }
    }
}
