import Invites
import Languages

@testable import Pages

/// Pages with values that make a difference.
struct Samples {
    var inviter = Account(localpart: "alice", domain: "example.com")
    var user = Account(localpart: "bob", domain: "example.com")
    var siteName = "Example Chat"
    var typed = "Bob"
    var message = "not today"
    var parameter = "ibr=y"

    static let now = Timestamp(millisecondsSinceEpoch: 1_795_903_910_000)
    static let token = Token("0Yk3kd9aBcDeFgHiJkLmNoPqRsTuV")

    /// One for all tests, since what it makes does not depend on what it has made before.
    private static let shared = Result { PageRenderer(try PageDesign(languages: .builtIn)) }

    static func renderer() throws -> PageRenderer { try shared.get() }

    var site: Site {
        Site(
            host: inviter.domain, name: siteName, path: "/example.com/", url: "https://invite.example/example.com/",
            logoPath: "/-/logos/\(siteName).png", color: "#ffcc00", webchatURL: "https://chat.example/?\(parameter)",
            imprintURL: "https://example.com/imprint", termsURL: "https://example.com/terms",
            privacyURL: "https://example.com/privacy", timeZone: "Europe/Berlin")
    }

    func visitor(_ language: String = "en", _ platform: Platform = .android, chosen: String? = nil) -> Visitor {
        Visitor(languages: [language], chosenLanguage: chosen, platform: platform, now: Self.now)
    }

    func landing(_ kind: InviteKind, username: String? = nil, hasInviter: Bool = true, registers: Bool = true) throws
        -> Landing
    {
        Landing(
            kind: kind, token: Self.token!, uri: "xmpp:example.com?register;preauth=TOKEN;\(parameter)",
            inviter: hasInviter ? inviter : nil, username: username,
            expiresAt: Timestamp(millisecondsSinceEpoch: Self.now.millisecondsSinceEpoch + 300_000_000),
            registers: registers, setsContacts: true)
    }

    static let mistakes: [FormMistake] = [
        .usernameMissing, .usernameInvalid, .usernameTaken, .passwordMissing, .passwordTooShort(10),
        .passwordTooLong(1024),
        .passwordIsUsername, .passwordCommon, .passwordInvalid, .refusedByServer(nil), .tryAgain, .outcomeUnknown,
        .stale,
    ]

    static let problems: [PageProblem] = [
        .unknown, .expired, .used, .revoked, .inUse, .suspended, .unavailable, .tooMany(retryAfter: 90),
        .refused(status: 405), .refused(status: 500),
    ]

    /// Every page, with what it is.
    func pages() throws -> [(name: String, page: Page)] {
        var pages: [(String, Page)] = []
        for kind in InviteKind.allCases {
            for (username, hasInviter) in [(nil, true), (nil, false), (user.localpart, true)] as [(String?, Bool)] {
                let name = "\(kind) \(username ?? "-") \(hasInviter)"
                let landing = try landing(kind, username: username, hasInviter: hasInviter)
                pages.append(("landing \(name)", .landing(landing)))
                pages.append(("app \(name)", .app(landing, id: "conversations")))
                pages.append(("app without links \(name)", .app(landing, id: "gajim")))
            }
            pages.append(("landing without form \(kind)", .landing(try landing(kind, registers: false))))
        }
        for mistake in Self.mistakes + [.refusedByServer(message)] {
            let form = RegistrationForm(
                username: typed, address: user, seal: "seal", shortestPassword: 10, mistake: mistake)
            pages.append(("registration \(mistake)", .registration(try landing(.account), form)))
            pages.append(
                (
                    "reset \(mistake)",
                    .reset(
                        try landing(.reset, username: user.localpart),
                        ResetForm(seal: "seal", shortestPassword: 1, mistake: mistake))
                ))
        }
        let form = RegistrationForm(seal: "seal", shortestPassword: 10)
        pages.append(("registration", .registration(try landing(.accountAndContact), form)))
        pages.append(("registration fixed", .registration(try landing(.account, username: user.localpart), form)))
        pages.append(
            ("reset", .reset(try landing(.reset, username: nil), ResetForm(seal: "seal", shortestPassword: 10))))
        pages.append(("registered", .registered(Registered(account: user, inviter: inviter, hasContact: true))))
        let uri = "xmpp:alice@example.com?roster;\(parameter)"
        pages.append(
            (
                "registered alone",
                .registered(Registered(account: user, inviter: inviter, hasContact: false, contactURI: uri))
            ))
        pages.append(("registered by nobody", .registered(Registered(account: user, hasContact: false))))
        for ended in [true, false] { pages.append(("password set \(ended)", .passwordSet(user, endedSessions: ended))) }
        for problem in Self.problems { pages.append(("problem \(problem)", .problem(problem))) }
        let end = Timestamp(millisecondsSinceEpoch: Self.now.millisecondsSinceEpoch - 300_000_000)
        for kind in InviteKind.allCases {
            for problem in [PageProblem.expired, .used, .revoked, .inUse] {
                let ended = EndedInvite(kind: kind, expiresAt: end)
                pages.append(("problem \(problem) \(kind)", .problem(problem, of: ended)))
            }
        }
        return pages
    }
}
