import Invites
import Pages
import Synchronization
import TestSupport
import Testing

@testable import Web

/// Names while they are typed.
extension WebAppTests {
    static let asking = path + "/register/username"

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

    /// Beyond the limit, of a token or of an address, the answer has less, for any name.
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
        // The outcome of a form does not depend on that limit.
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
}
