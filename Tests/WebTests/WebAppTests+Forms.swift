import Invites
import Pages
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import Web

/// Forms that make accounts and set passwords.
extension WebAppTests {
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
        // It takes precedence over the origin.
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

    @Test func whatTheServerSaysOfLaterIsShown() async throws {
        set(good())
        hosts.state.withLock { $0.outcome = .busy("not so quickly") }
        let seal = try seal(try await respond(.get, Self.path + "/register"))
        let response = try await post(
            Self.path + "/register", "username=bob&password=correct+horse&seal=\(seal)")
        #expect(response.status == .serviceUnavailable && response["Retry-After"] == "60")
        #expect(text(response).contains("not so quickly"))
    }
}
