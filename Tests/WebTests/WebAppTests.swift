import Invites
import Pages
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import Web

/// Requests for pages, without connections and hosts.
@Suite struct WebAppTests {
    // Written here to be read.
    static let token = Token("AAAAAAAAAAAA1")!
    static let path = "/a.example/AAAAAAAAAAAA1"
    let hosts = FakeHosts()
    let limits = WebLimits()
    let dependencies = ControlledDependencies()

    func good(
        _ kind: InviteKind = .account, token: Token = Self.token, username: String? = nil, makesAccounts: Bool = true,
        uses: InviteUses = InviteUses(), action: InviteAction = .roster
    ) -> TokenCheck {
        let inviter = Account(localpart: "ann", domain: "a.example")
        let now = dependencies.dependencies.now()
        let invite = Invite(
            token: token, kind: kind, action: action, inviter: inviter, username: username, uses: uses, createdAt: now,
            expiresAt: now.advanced(by: .week))
        return .good(
            GoodToken(
                invite: invite, uri: "xmpp:a.example?register;preauth=AAAAAAAAAAAA1", makesAccounts: makesAccounts,
                setsContacts: true))
    }

    func set(_ check: TokenCheck) { hosts.state.withLock { $0.checks[Self.token] = check } }

    func respond(
        _ method: HTTPMethod, _ target: String, body: String = "", host: String = "invite.example",
        fields: [(String, String)] = [], client: String = "9.9.9.9"
    ) async throws -> HTTPResponse {
        let (app, request, peer) = try call(method, target, body: body, host: host, fields: fields, client: client)
        return await app.respond(to: request, from: peer)
    }

    /// What is answered without waiting.
    func respondAtOnce(_ method: HTTPMethod, _ target: String) throws -> HTTPResponse? {
        let (app, request, peer) = try call(method, target)
        return app.respondAtOnce(to: request, for: app.route(of: request), from: peer)
    }

    func call(
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

    func post(
        _ target: String, _ body: String, fields: [(String, String)] = [("sec-fetch-site", "same-origin")],
        client: String = "9.9.9.9"
    ) async throws -> HTTPResponse {
        try await respond(
            .post, target, body: body, fields: fields + [("content-type", "application/x-www-form-urlencoded")],
            client: client)
    }

    func seal(_ response: HTTPResponse) throws -> String {
        let text = String(decoding: response.body, as: UTF8.self)
        let seal = String(try #require(text.split(separator: "seal=").last))
        return seal.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")
    }

    func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

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

    /// Whether the password was set is unknown: the form stays usable, and is the same attempt.
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

    /// Its links are valid again when its file is corrected: they are neither called invalid nor counted as guesses.
    @Test func aHostWhoseFileHasMistakesIsAwayForNow() async throws {
        for _ in 0..<40 {
            let response = try await respond(.get, "/refused.example/AAAAAAAAAAAA1")
            #expect(response.status == .serviceUnavailable && response["Retry-After"] != nil)
        }
        #expect(try await respond(.get, "/other.example/AAAAAAAAAAAA1").status == .notFound)
    }

    /// There is no way to become a contact by a link that registers.
    @Test func aLinkThatRegistersIsOneForAnAccount() async throws {
        set(good(.accountAndContact))
        #expect(text(try await respond(.get, Self.path)).contains("landing \(InviteKind.accountAndContact.rawValue) "))
        set(good(.accountAndContact, username: "carol", action: .register))
        #expect(text(try await respond(.get, Self.path)).contains("landing account "))
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
