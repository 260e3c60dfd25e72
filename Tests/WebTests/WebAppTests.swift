import Invites
import Pages
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import Web

/// Says in one line what a page is.
private struct LineRenderer: PageRendering {
    var inlineHashes: [String] = []

    func render(_ answer: UsernameAnswer, for visitor: Visitor) -> RenderedPage {
        RenderedPage(body: Array("\(answer)".utf8), language: "en")
    }

    func staticFile(_ name: String) -> StaticFile? {
        name == "a.css" ? StaticFile(body: [0x61], contentType: "text/css; charset=utf-8", etag: "\"1\"") : nil
    }

    func qrCode(of landing: Landing, site: Site) -> [UInt8]? { Array("<svg/>".utf8) }

    /// As if each landing page had been made before, but those of resets.
    func renderAtOnce(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage? {
        guard case .landing(let landing) = page, landing.kind != .reset else { return nil }
        return render(page, of: site, for: visitor)
    }

    func render(_ page: Page, of site: Site, for visitor: Visitor) -> RenderedPage {
        let line: String
        switch page {
        case .landing(let landing): line = "landing \(landing.kind.rawValue) registers=\(landing.registers)"
        case .app(_, let id): line = "app \(id)"
        case .registration(_, let form):
            line =
                "form \(form.mistake.map { "\($0)" } ?? "good") \(form.address.map { "\($0)" } ?? "-") seal=\(form.seal)"
        case .registered(let registered):
            let contact = registered.hasContact ? " has contact" : registered.contactURI.map { " \($0)" } ?? ""
            line = "registered \(registered.account)\(contact)"
        case .reset(_, let form): line = "reset \(form.mistake.map { "\($0)" } ?? "good") seal=\(form.seal)"
        case .passwordSet(let account, let endedSessions): line = "set \(account) sessions=\(endedSessions)"
        case .problem(let problem, let ended): line = "problem \(problem) \(ended.map { $0.kind.rawValue } ?? "-")"
        }
        return RenderedPage(body: Array("\(site.path) \(line)".utf8), language: visitor.languages.first ?? "en")
    }
}

/// Two hosts, and tokens that are good for what a test says.
private final class FakeHosts: WebHosts {
    struct State {
        var checks: [Token: TokenCheck] = [:]
        /// Whether they are known without waiting.
        var isKnown = false
        var outcome = WebOutcome.later
        var makesContacts = true
        /// By name; others are free.
        var usernames: [String: UsernameState] = [:]
        /// Names that were asked for.
        var asked: [String] = []
        var registrations: [WebRegistration] = []
        var resets: [WebReset] = []
    }

    let state = Mutex(State())
    let bases: HostBases
    static let logo = SiteImage(Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8))

    init() {
        var bases = HostBases()
        // Written here to be read.
        bases.add(try! BaseURL("https://join.own.example/"), of: "own.example")
        self.bases = bases
    }

    func host(named name: String) -> WebHost? {
        switch name {
        case "a.example":
            WebHost(
                name: name, asciiName: name, base: nil, site: Site(host: name, name: "A"), logo: FakeHosts.logo)
        case "ü.example", "xn--tda.example":
            WebHost(
                name: "ü.example", asciiName: "xn--tda.example", base: nil, site: Site(host: "ü.example", name: "Ü"))
        case "own.example":
            WebHost(
                name: name, asciiName: name, base: try? BaseURL("https://join.own.example/"),
                site: Site(host: name, name: "Own"), logo: FakeHosts.logo)
        default: nil
        }
    }

    func check(_ token: Token, on host: String) async -> TokenCheck {
        state.withLock { $0.checks[token] ?? .refused(.unknown) }
    }

    func recentCheck(_ token: Token, on host: String) -> TokenCheck? {
        state.withLock { $0.isKnown ? $0.checks[token] : nil }
    }

    func check(_ token: Token, for attempt: WebAttempt, on host: String) async -> TokenCheck {
        await check(token, on: host)
    }

    func register(_ registration: WebRegistration, on host: String) async -> WebOutcome {
        state.withLock { state in
            state.registrations.append(registration)
            return state.outcome
        }
    }

    func state(
        of username: String, for attempt: WebAttempt, with token: Token, on host: String
    ) async -> UsernameState {
        state.withLock { state in
            state.asked.append(username)
            return state.usernames[username] ?? .free
        }
    }

    func makesContacts(with inviter: Account, on host: String) async -> Bool {
        state.withLock { $0.makesContacts }
    }

    func reset(_ reset: WebReset, on host: String) async -> WebOutcome {
        state.withLock { state in
            state.resets.append(reset)
            return state.outcome
        }
    }
}

@Suite struct WebAppTests {
    // Written here to be read.
    private static let token = Token("AAAAAAAAAAAA1")!
    private static let path = "/a.example/AAAAAAAAAAAA1"
    private let hosts = FakeHosts()
    private let limits = WebLimits()
    private let dependencies = ControlledDependencies()

    private func good(
        _ kind: InviteKind = .account, token: Token = Self.token, username: String? = nil, makesAccounts: Bool = true,
        uses: InviteUses = InviteUses()
    ) -> TokenCheck {
        let inviter = Account(localpart: "ann", domain: "a.example")
        let now = dependencies.dependencies.now()
        let invite = Invite(
            token: token, kind: kind, inviter: inviter, username: username, uses: uses, createdAt: now,
            expiresAt: now.advanced(by: .week))
        return .good(
            GoodToken(
                invite: invite, uri: "xmpp:a.example?register;preauth=AAAAAAAAAAAA1", makesAccounts: makesAccounts,
                setsContacts: true))
    }

    private func set(_ check: TokenCheck) { hosts.state.withLock { $0.checks[Self.token] = check } }

    private func respond(
        _ method: HTTPMethod, _ target: String, body: String = "", host: String = "invite.example",
        fields: [(String, String)] = [], client: String = "9.9.9.9"
    ) async throws -> HTTPResponse {
        let (app, request, peer) = try call(method, target, body: body, host: host, fields: fields, client: client)
        return await app.respond(to: request, from: peer)
    }

    /// What is answered without waiting.
    private func respondAtOnce(_ method: HTTPMethod, _ target: String) throws -> HTTPResponse? {
        let (app, request, peer) = try call(method, target)
        return app.respondAtOnce(to: request, for: app.route(of: request), from: peer)
    }

    private func call(
        _ method: HTTPMethod, _ target: String, body: String = "", host: String = "invite.example",
        fields: [(String, String)] = [], client: String = "9.9.9.9"
    ) throws -> (WebApp, HTTPRequest, HTTPPeer) {
        let app = WebApp(
            settings: WebSettings(
                listen: .unix("/nowhere"), base: try BaseURL("https://invite.example/"),
                proxies: TrustedProxies(["127.0.0.1"].compactMap { IPRange($0) })),
            hosts: hosts, renderer: LineRenderer(), key: SealKey(Array(0..<32)), limits: limits,
            dependencies: dependencies.dependencies)
        let all = [("host", host), ("x-forwarded-for", client)] + fields
        let request = HTTPRequest(
            method: method, target: target, fields: all.map { HTTPField(name: $0.0, value: $0.1) },
            body: Array(body.utf8))
        return (app, request, .address(try #require(IPAddress("127.0.0.1"))))
    }

    private func post(
        _ target: String, _ body: String, fields: [(String, String)] = [("sec-fetch-site", "same-origin")],
        client: String = "9.9.9.9"
    ) async throws -> HTTPResponse {
        try await respond(
            .post, target, body: body, fields: fields + [("content-type", "application/x-www-form-urlencoded")],
            client: client)
    }

    private func seal(_ response: HTTPResponse) throws -> String {
        let text = String(decoding: response.body, as: UTF8.self)
        let seal = String(try #require(text.split(separator: "seal=").last))
        return seal.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")
    }

    private func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test(arguments: [
        (TokenCheck.refused(.expired), HTTPStatus.gone), (.refused(.used), .gone), (.refused(.revoked), .gone),
        (.refused(.unknown), .notFound), (.refused(.reservedByOthers), .conflict),
        (.refused(.suspended), .serviceUnavailable), (.unavailable, .serviceUnavailable),
    ])
    func eachEndHasItsStatus(check: TokenCheck, status: HTTPStatus) async throws {
        set(check)
        for path in [Self.path, Self.path + "/register", Self.path + "/apps/x"] {
            let response = try await respond(.get, path)
            #expect(response.status == status)
            #expect(response["Link"] == nil && response["Access-Control-Allow-Origin"] == nil)
            #expect((response["Retry-After"] != nil) == (status == .conflict || status == .serviceUnavailable))
            #expect(response["Cache-Control"] == "no-store")
        }
    }

    @Test func whatIsKnownIsAnsweredAtOnceAndInTheSameWay() async throws {
        set(good())
        #expect(try respondAtOnce(.get, Self.path) == nil)
        hosts.state.withLock { $0.isKnown = true }
        for method in [HTTPMethod.get, .head] {
            #expect(try await respondAtOnce(method, Self.path) == respond(method, Self.path))
        }
        for target in [Self.path + "?lang=de", "/own.example/AAAAAAAAAAAA1", "/xn--tda.example/AAAAAAAAAAAA1"] {
            #expect(try await respondAtOnce(.get, target) == respond(.get, target))
        }
        // What has to be made first, or may take longer.
        for target in [Self.path + "/register", Self.path + "/qr.svg", Self.path + "/apps/x", "/-/static/a.css", "/"] {
            #expect(try respondAtOnce(.get, target) == nil)
        }
        set(good(.reset))
        #expect(try respondAtOnce(.get, Self.path) == nil)
        set(.refused(.revoked))
        #expect(try respondAtOnce(.get, Self.path) == nil)
    }

    @Test func whoGuessesIsCountedAtOnce() async throws {
        for _ in 0..<30 { #expect(try respondAtOnce(.get, "/none.example/AAAAAAAAAAAA1")?.status == .notFound) }
        set(good())
        hosts.state.withLock { $0.isKnown = true }
        #expect(try respondAtOnce(.get, Self.path)?.status == .tooManyRequests)
    }

    @Test func aLandingPageSaysItsLink() async throws {
        set(good())
        for method in [HTTPMethod.get, .head] {
            let response = try await respond(method, Self.path)
            #expect(response.status == .ok)
            #expect(response["Link"] == "<xmpp:a.example?register;preauth=AAAAAAAAAAAA1>; rel=\"alternate\"")
            #expect(response["Access-Control-Allow-Origin"] == "*")
            #expect(text(response) == "/a.example/ landing account registers=true")
        }
        let form = try await respond(.get, Self.path + "/register")
        #expect(form["Link"] != nil && form["Access-Control-Allow-Origin"] == nil)
    }

    @Test func aPageSaysWhatHasEnded() async throws {
        set(.refused(.used, of: EndedInvite(kind: .reset, expiresAt: dependencies.dependencies.now())))
        #expect(text(try await respond(.get, Self.path)) == "/a.example/ problem used reset")
    }

    /// How a password was set that nobody has confirmed: the form is kept, and it is the same attempt.
    @Test func anUnknownEndKeepsTheForm() async throws {
        set(good(.reset, username: "bob"))
        hosts.state.withLock { $0.outcome = .unknown }
        let seal = try seal(try await respond(.get, Self.path + "/reset"))
        let response = try await post(Self.path + "/reset", "password=correct+horse&seal=\(seal)")
        #expect(response.status == .serviceUnavailable && response["Retry-After"] != nil)
        #expect(text(response).hasPrefix("/a.example/ reset outcomeUnknown"))
    }

    /// 5 a minute with a link for one; of one with more uses, more.
    @Test(arguments: [(1, 0, 5), (30, 0, 63), (30, 29, 5), (30, 20, 23), (Int.max, 0, 200), (1, 1, 5)])
    func aLinkIsPostedAsOftenAsItHasUses(total: Int, confirmed: Int, most: Int) async throws {
        set(good(uses: InviteUses(total: total, confirmed: confirmed)))
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        // Each from an address of its own.
        for number in 0..<most {
            let response = try await post(
                Self.path + "/register", "username=bob&password=&seal=\(seal)", client: "10.0.\(number / 8).1")
            try #require(response.status == .unprocessableContent, "\(number)")
        }
        let last = try await post(Self.path + "/register", "username=bob&password=&seal=\(seal)", client: "10.9.0.1")
        #expect(last.status == .tooManyRequests && last["Retry-After"] != nil)
    }

    @Test func aCodeIsShownOfGoodTokensOnly() async throws {
        #expect(try await respond(.get, Self.path + "/qr.svg").status == .notFound)
        set(good())
        let code = try await respond(.get, Self.path + "/qr.svg")
        #expect(code.status == .ok && code.body == Array("<svg/>".utf8))
        #expect(code["Content-Type"] == "image/svg+xml" && code["Cache-Control"] == "no-store")
    }

    @Test func hostsAreInPathsWithALabels() async throws {
        set(good())
        let response = try await respond(.get, "/%C3%BC.example/AAAAAAAAAAAA1/register?lang=de")
        #expect(response.status == .permanentRedirect)
        #expect(response["Location"] == "/xn--tda.example/AAAAAAAAAAAA1/register?lang=de")
        #expect(try await respond(.get, "/xn--tda.example/AAAAAAAAAAAA1").status == .ok)
    }

    @Test func hostsWithBasesAreThere() async throws {
        set(good())
        let response = try await respond(.get, "/own.example/AAAAAAAAAAAA1?lang=de")
        #expect(response["Location"] == "https://join.own.example/AAAAAAAAAAAA1?lang=de")
        let own = try await respond(.get, "/AAAAAAAAAAAA1", host: "join.own.example")
        #expect(text(own) == "/ landing account registers=true")
        // Host and path decide, and nothing else.
        #expect(try await respond(.get, Self.path, host: "join.own.example").status == .notFound)
        #expect(try await respond(.get, Self.path, host: "evil.example").status == .misdirectedRequest)
    }

    @Test func aFormIsRegisteredAsItIsTyped() async throws {
        set(good())
        hosts.state.withLock { $0.outcome = .done(Account(localpart: "bob", domain: "a.example")) }
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        let response = try await post(
            Self.path + "/register", "username=bob%40a.example&password=correct+horse&seal=\(seal)")
        // As the name was typed with its host, it is shown as it will be.
        #expect(text(response).hasPrefix("/a.example/ form good bob@a.example"))
        let done = try await post(Self.path + "/register", "username=bob&password=correct+horse&seal=\(seal)")
        #expect(text(done) == "/a.example/ registered bob@a.example")
        #expect(done["Cache-Control"] == "no-store")
        let made = hosts.state.withLock { $0.registrations }
        #expect(made.map(\.username) == ["bob"])
        #expect(made.map(\.password) == ["correct horse"])
        #expect(made.first?.client?.description == "9.9.9.9")
    }

    // MARK: Names while they are typed

    private static let asking = path + "/register/username"

    private func ask(_ username: String, seal: String, client: String = "9.9.9.9") async throws -> HTTPResponse {
        try await post(Self.asking, "username=\(username)&seal=\(seal)", client: client)
    }

    @Test(arguments: [
        ("bob", "free(bob@a.example)"), ("BOB", "free(bob@a.example)"), ("bob%40a.example", "free(bob@a.example)"),
        ("taken", "taken"), ("Taken", "taken"), ("a+b", "invalid"), ("%40", "invalid"), ("", "invalid"),
        ("unsure", "possible(unsure@a.example)"),
    ])
    func aNameIsAnsweredWhileItIsTyped(typed: String, answer: String) async throws {
        set(good())
        hosts.state.withLock { $0.usernames = ["taken": .taken, "unsure": .unknown] }
        let response = try await ask(typed, seal: try seal(try await respond(.get, Self.path + "/register")))
        #expect(response.status == .ok)
        #expect(text(response) == answer)
        #expect(response["Content-Type"] == "application/json" && response["Cache-Control"] == "no-store")
        // Nothing is made, and nothing held.
        #expect(hosts.state.withLock { $0.registrations.isEmpty })
    }

    @Test func onlyWhoHasTheFormIsAnswered() async throws {
        set(good())
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        #expect(try await ask("bob", seal: "").status == .forbidden)
        #expect(try await ask("bob", seal: seal.replacing("form", with: "farm")).status == .forbidden)
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let foreign = try await post(Self.asking, "username=bob&seal=\(seal)", fields: [(name, value)])
            #expect(foreign.status == .forbidden)
        }
        #expect(
            try await respond(.post, Self.asking, body: "username=bob&seal=\(seal)").status == .unsupportedMediaType)
        let get = try await respond(.get, Self.asking)
        #expect(get.status == .methodNotAllowed && get["Allow"] == "POST")
        dependencies.advance(byMilliseconds: 3_600_000)
        #expect(try await ask("bob", seal: seal).status == .forbidden)
        #expect(hosts.state.withLock { $0.asked.isEmpty })
    }

    @Test(arguments: [
        (TokenCheck.refused(.revoked), HTTPStatus.gone), (.refused(.used), .gone), (.refused(.unknown), .notFound),
        (.refused(.suspended), .serviceUnavailable), (.unavailable, .serviceUnavailable),
    ])
    func aTokenThatEndsAnswersNoMore(check: TokenCheck, status: HTTPStatus) async throws {
        set(good())
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        set(check)
        #expect(try await ask("bob", seal: seal).status == status)
        #expect(hosts.state.withLock { $0.asked.isEmpty })
    }

    @Test func whoHasNothingToChooseIsNotAnswered() async throws {
        set(good())
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        for check in [good(username: "carol"), good(.contact), good(.reset, username: "carol")] {
            set(check)
            #expect(try await ask("bob", seal: seal).status == .notFound)
        }
        set(good(makesAccounts: false))
        #expect(try await ask("bob", seal: seal).status == .serviceUnavailable)
        #expect(hosts.state.withLock { $0.asked.isEmpty })
    }

    /// Beyond the limit, of a token or of an address, the answer says less, whatever the name.
    @Test(arguments: [true, false])
    func namesAreNotListed(hasOneToken: Bool) async throws {
        set(good())
        hosts.state.withLock { $0.usernames = ["taken": .taken] }
        let other = try #require(Token("AAAAAAAAAAAA2"))
        hosts.state.withLock { $0.checks[other] = good(token: other) }
        var seals: [String] = []
        for token in [Self.token, other] {
            seals.append(try seal(try await respond(.get, "/a.example/\(token.text)/register")))
        }
        var answers: [String] = []
        for number in 0..<61 {
            let which = hasOneToken ? 0 : number % 2
            let token = [Self.token, other][which]
            let response = try await post(
                "/a.example/\(token.text)/register/username", "username=taken&seal=\(seals[which])",
                client: hasOneToken ? "9.9.9.\(number)" : "9.9.9.9")
            answers.append(text(response))
        }
        #expect(answers == Array(repeating: "taken", count: 60) + ["possible(taken@a.example)"])
        #expect(hosts.state.withLock { $0.asked.count } == 60)
        // What a form comes to is another matter.
        let form = try await post(
            Self.path + "/register", "username=taken&password=correct+horse&seal=\(seals[0])", client: "9.9.8.8")
        #expect(form.status == .serviceUnavailable)
        dependencies.advance(byMilliseconds: 7_200_000)
        let later = try seal(try await respond(.get, Self.path + "/register"))
        #expect(text(try await ask("taken", seal: later)) == "taken")
    }

    @Test func onlyAFormThatAsksMayLoadAScript() async throws {
        set(good())
        let form = try await respond(.get, Self.path + "/register")
        #expect(form["Content-Security-Policy"]?.contains("; script-src 'self'; connect-src 'self'; ") == true)
        let landing = try await respond(.get, Self.path)
        set(good(username: "carol"))
        let fixed = try await respond(.get, Self.path + "/register")
        set(good(.reset, username: "carol"))
        let reset = try await respond(.get, Self.path + "/reset")
        for page in [landing, fixed, reset, try await respond(.get, "/nowhere")] {
            let policy = try #require(page["Content-Security-Policy"])
            #expect(!policy.contains("script-src") && !policy.contains("connect-src"))
        }
    }

    @Test(arguments: [(true, " has contact"), (false, " xmpp:ann@a.example?roster;preauth=AAAAAAAAAAAA1")])
    func theContactIsThereOrIsToBeMade(makesContacts: Bool, expected: String) async throws {
        set(good(.accountAndContact))
        hosts.state.withLock { state in
            state.outcome = .done(Account(localpart: "bob", domain: "a.example"))
            state.makesContacts = makesContacts
        }
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        let done = try await post(Self.path + "/register", "username=bob&password=correct+horse&seal=\(seal)")
        #expect(text(done) == "/a.example/ registered bob@a.example\(expected)")
    }

    @Test(arguments: [
        (WebOutcome.taken, "usernameTaken", HTTPStatus.unprocessableContent),
        (.rejected("weak"), "refusedByServer(Optional(\"weak\"))", .unprocessableContent),
        (.later, "tryAgain", .serviceUnavailable),
    ])
    func theFormIsKept(outcome: WebOutcome, mistake: String, status: HTTPStatus) async throws {
        set(good())
        hosts.state.withLock { $0.outcome = outcome }
        var seal = try seal(try await respond(.get, Self.path + "/register"))
        for _ in 0..<2 {
            let response = try await post(
                Self.path + "/register", "username=bob&password=correct+horse&seal=\(seal)")
            #expect(response.status == status)
            #expect(text(response).hasPrefix("/a.example/ form \(mistake) bob@a.example"))
            #expect(!text(response).contains("correct horse"))
            seal = try self.seal(response)
        }
        // It is the same attempt.
        #expect(Set(hosts.state.withLock { $0.registrations.map(\.attempt) }).count == 1)
    }

    @Test(arguments: [
        "username=&password=correct+horse", "username=a+b&password=correct+horse", "username=bob&password=",
        "username=bob&password=password1", "username=correct-horse&password=correct-horse", "username=%40&password=x",
    ])
    func mistakesReachNoServer(fields: String) async throws {
        set(good())
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        let response = try await post(Self.path + "/register", "\(fields)&seal=\(seal)")
        #expect(response.status == .unprocessableContent)
        #expect(hosts.state.withLock { $0.registrations.isEmpty })
    }

    @Test func aFormIsOpenForAnHour() async throws {
        set(good())
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        dependencies.advance(byMilliseconds: 3_601_000)
        let response = try await post(Self.path + "/register", "username=bob&password=correct+horse&seal=\(seal)")
        #expect(response.status == .unprocessableContent)
        #expect(text(response).hasPrefix("/a.example/ form stale"))
        #expect(hosts.state.withLock { $0.registrations.isEmpty })
    }

    @Test(arguments: [
        [("sec-fetch-site", "cross-site")], [("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], [("origin", "null")],
        [("origin", "https://evil.example")], [("origin", "http://invite.example")],
        [("origin", "https://invite.example"), ("origin", "https://evil.example")],
        // It decides, whatever the origin is.
        [("sec-fetch-site", "cross-site"), ("origin", "https://invite.example")],
    ])
    func otherSitesPostNothing(fields: [(String, String)]) async throws {
        set(good())
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        let response = try await post(
            Self.path + "/register", "username=bob&password=correct+horse&seal=\(seal)", fields: fields)
        #expect(response.status == .forbidden)
        #expect(hosts.state.withLock { $0.registrations.isEmpty })
    }

    @Test(
        arguments: [[], [("origin", "https://invite.example")], [("sec-fetch-site", "none")]] as [[(String, String)]])
    func ownPagesPost(fields: [(String, String)]) async throws {
        set(good())
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        let response = try await post(
            Self.path + "/register", "username=bob&password=correct+horse&seal=\(seal)", fields: fields)
        #expect(response.status == .serviceUnavailable)
        #expect(hosts.state.withLock { $0.registrations.count } == 1)
    }

    @Test func onlyFormsArePosted() async throws {
        set(good())
        let path = Self.path + "/register"
        #expect(
            try await respond(.post, path, body: "{}", fields: [("content-type", "application/json")]).status
                == .unsupportedMediaType)
        #expect(try await post(path, "a=%").status == .badRequest)
        #expect(try await respond(.post, Self.path).status == .methodNotAllowed)
        #expect(try await respond(.post, Self.path)["Allow"] == "GET, HEAD")
        #expect(try await respond(.trace, path)["Allow"] == "GET, HEAD, POST")
    }

    @Test func formsAreForTheirKinds() async throws {
        set(good(.contact))
        #expect(try await respond(.get, Self.path + "/register").status == .notFound)
        #expect(try await respond(.get, Self.path + "/reset").status == .notFound)
        set(good(.reset, username: "bob"))
        #expect(try await respond(.get, Self.path + "/register").status == .notFound)
        let seal = try seal(try await respond(.get, Self.path + "/reset"))
        let bob = Account(localpart: "bob", domain: "a.example")
        hosts.state.withLock { $0.outcome = .passwordSet(bob, endedSessions: false) }
        let response = try await post(Self.path + "/reset", "username=eve&password=correct+horse&seal=\(seal)")
        #expect(text(response) == "/a.example/ set bob@a.example sessions=false")
        #expect(hosts.state.withLock { $0.resets.map(\.username) } == ["bob"])
        set(good(makesAccounts: false))
        #expect(try await respond(.get, Self.path + "/register").status == .serviceUnavailable)
    }

    @Test func aFixedNameIsNotTyped() async throws {
        set(good(username: "juliet"))
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        _ = try await post(Self.path + "/register", "username=eve&password=correct+horse&seal=\(seal)")
        #expect(hosts.state.withLock { $0.registrations.map(\.username) } == ["juliet"])
    }

    @Test func whoGuessesIsToldNothing() async throws {
        set(good())
        for number in 0..<30 {
            #expect(try await respond(.get, "/a.example/BBBBBBBBBBBB\(number)").status == .notFound)
        }
        let response = try await respond(.get, Self.path)
        #expect(response.status == .tooManyRequests)
        #expect(response["Retry-After"] != nil)
        #expect(try await respond(.get, Self.path, client: "8.8.8.8").status == .ok)
    }

    @Test func filesAreKeptForEver() async throws {
        let file = try await respond(.get, "/-/static/a.css")
        #expect(file.status == .ok)
        #expect(file["Cache-Control"] == "public, max-age=31536000, immutable")
        #expect(file["X-Content-Type-Options"] == "nosniff")
        let again = try await respond(.get, "/-/static/a.css", fields: [("if-none-match", "\"0\", \"1\"")])
        #expect(again.status == .notModified)
        #expect(again.body.isEmpty)
        #expect(try await respond(.get, "/-/static/b.css").status == .notFound)
    }

    /// An SVG shows itself, and does nothing, also when it is opened as a page; each host has its own.
    @Test func aLogoIsItsHostsOwn() async throws {
        let name = try #require(FakeHosts.logo?.name)
        for (path, host) in [("/a.example/-/\(name)", "invite.example"), ("/-/\(name)", "join.own.example")] {
            let logo = try await respond(.get, path, host: host)
            #expect(logo.status == .ok && logo["Content-Type"] == "image/svg+xml")
            let policy = try #require(logo["Content-Security-Policy"])
            #expect(policy.hasPrefix("default-src 'none'") && policy.hasSuffix("; sandbox"))
            #expect(
                logo["X-Content-Type-Options"] == "nosniff" && logo["Cross-Origin-Resource-Policy"] == "same-origin")
            #expect(logo["Cache-Control"] == "public, max-age=31536000, immutable")
            let etag = try #require(logo["ETag"])
            #expect(try await respond(.get, path, host: host, fields: [("if-none-match", etag)]).status == .notModified)
            #expect(try await respond(.post, path, host: host).status == .methodNotAllowed)
        }
        for path in ["/xn--tda.example/-/\(name)", "/a.example/-/other.svg", "/-/\(name)", "/a.example/-/x/\(name)"] {
            #expect(try await respond(.get, path).status == .notFound)
        }
    }

    @Test func whatIsKnownOfVisitorsIsBounded() async throws {
        set(good())
        let header = "de;q=0.5, ar, \(String(repeating: "x", count: 40)), <b>;q=1, fr;q=0, en;q=nan"
        let response = try await respond(.get, Self.path, fields: [("accept-language", header)])
        #expect(response["Content-Language"] == "ar")
    }
}
