import Foundation
import Invites
import Languages
import Pages

// Writes every page in every language below a directory, with the files that pages ask for, as a web server has them:
//
//   render-pages DIRECTORY
//   render-pages --measure [ROUNDS]     prints how long a landing page takes, over the kinds and three languages
//
// The browser tests serve the directory and check the pages.

/// Pages by the names of their files.
struct Samples {
    let token: Token
    static let now = Timestamp(millisecondsSinceEpoch: 1_795_903_910_000)
    var site: Site {
        Site(
            host: "example.com", name: "Example Chat", path: "/example.com/",
            url: "https://invite.example/example.com/",
            webchatURL: "https://chat.example.com/", imprintURL: "https://example.com/imprint",
            termsURL: "https://example.com/terms", privacyURL: "https://example.com/privacy", timeZone: "Europe/Berlin",
            hiddenApps: [])
    }
    let alice = Account(localpart: "alice", domain: "example.com")
    let bob = Account(localpart: "bob", domain: "example.com")

    func landing(_ kind: InviteKind, username: String? = nil, inviter: Bool = true, registers: Bool = true) -> Landing {
        let uri =
            kind == .contact || kind == .accountAndContact
            ? "xmpp:alice@example.com?roster;preauth=\(token.text);ibr=y"
            : "xmpp:\(username.map { "\($0)@" } ?? "")example.com?register;preauth=\(token.text)"
        return Landing(
            kind: kind, token: token, uri: uri, inviter: inviter && kind != .reset ? alice : nil, username: username,
            expiresAt: Timestamp(millisecondsSinceEpoch: Self.now.millisecondsSinceEpoch + 300_000_000),
            registers: registers && kind != .contact, setsContacts: true)
    }

    var pages: [(name: String, page: Page)] {
        let form = RegistrationForm(seal: "c2VhbA", shortestPassword: 10)
        var wrong = RegistrationForm(username: "Bob", address: bob, seal: "c2VhbA", shortestPassword: 10)
        wrong.mistake = .usernameTaken
        var short = wrong
        short.mistake = .passwordTooShort(10)
        let problems: [(String, PageProblem)] = [
            ("unknown", .unknown), ("expired", .expired), ("used", .used), ("revoked", .revoked), ("in-use", .inUse),
            ("suspended", .suspended), ("unavailable", .unavailable), ("too-many", .tooMany(retryAfter: 30)),
            ("refused", .refused(status: 405)),
        ]
        return [
            ("account", .landing(landing(.account, inviter: false))),
            ("account-fixed", .landing(landing(.account, username: "bob"))),
            ("contact", .landing(landing(.contact))),
            ("both", .landing(landing(.accountAndContact))),
            ("reset", .landing(landing(.reset, username: "bob"))),
            ("app", .app(landing(.accountAndContact), id: "conversations")),
            ("app-without-links", .app(landing(.accountAndContact), id: "gajim")),
            ("registration", .registration(landing(.accountAndContact), form)),
            ("registration-fixed", .registration(landing(.account, username: "bob"), form)),
            ("registration-taken", .registration(landing(.accountAndContact), wrong)),
            ("registration-short", .registration(landing(.accountAndContact), short)),
            ("registered", .registered(Registered(account: bob, inviter: alice, hasContact: true))),
            (
                "registered-alone",
                .registered(
                    Registered(
                        account: bob, inviter: alice, hasContact: false, contactURI: "xmpp:alice@example.com?roster"))
            ),
            ("reset-form", .reset(landing(.reset, username: "bob"), ResetForm(seal: "c2VhbA", shortestPassword: 10))),
            (
                "reset-form-common",
                .reset(
                    landing(.reset, username: "bob"),
                    ResetForm(seal: "c2VhbA", shortestPassword: 10, mistake: .passwordCommon))
            ),
            ("password-set", .passwordSet(bob)),
        ] + problems.map { ("problem-\($0.0)", .problem($0.1)) }
    }
}

func write(_ bytes: [UInt8], to path: String, below directory: URL) throws {
    let file = directory.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
}

/// Renders landing pages, each of another invite, and prints how long one takes.
func measure(_ samples: Samples, by renderer: PageRenderer, rounds: Int) {
    let kinds: [InviteKind] = [.account, .accountAndContact]
    var cases: [(Page, Visitor)] = []
    for language in ["en", "de", "ar"] {
        for (number, kind) in kinds.enumerated() {
            let visitor = Visitor(languages: [language], platform: .android, now: Samples.now)
            var landing = samples.landing(kind)
            landing.expiresAt = Timestamp(
                millisecondsSinceEpoch: Samples.now.millisecondsSinceEpoch + Int64(number) * 90_000_000)
            cases.append((.landing(landing), visitor))
        }
    }
    for _ in 0..<5 {
        var bytes = 0
        let start = ContinuousClock.now
        for round in 0..<rounds {
            let (page, visitor) = cases[round % cases.count]
            bytes += renderer.render(page, of: samples.site, for: visitor).body.count
        }
        let nanoseconds = (ContinuousClock.now - start) / rounds / .nanoseconds(1)
        print("\(Int(nanoseconds)) ns, \(Int(1e9 / nanoseconds)) a second, \(bytes / rounds) bytes")
    }
}

/// What every page in every language is.
func writeAll(_ samples: Samples, by renderer: PageRenderer, below directory: URL) throws {
    for language in LanguageCatalog.builtIn.all.map(\.language) {
        for platform in [Platform.android, .linux] {
            for (name, page) in samples.pages {
                let visitor = Visitor(languages: [language], platform: platform, now: Samples.now)
                let body = renderer.render(page, of: samples.site, for: visitor).body
                try write(body, to: "\(language)/\(platform)/\(name).html", below: directory)
                for match in String(decoding: body, as: UTF8.self).matches(of: /"\/(-\/static\/([^"]+))"/) {
                    // The browser reports missing files.
                    guard let file = renderer.staticFile(String(match.2)) else { continue }
                    try write(file.body, to: String(match.1), below: directory)
                }
            }
        }
    }
    let code = renderer.qrCode(of: samples.landing(.accountAndContact), site: samples.site) ?? []
    try write(code, to: "example.com/\(samples.token.text)/qr.svg", below: directory)
}

guard let token = Token("0Yk3kd9aBcDeFgHiJkLmNoPqRsTuV"), let argument = CommandLine.arguments.dropFirst().first else {
    FileHandle.standardError.write(Data("Usage: render-pages DIRECTORY | --measure [ROUNDS]\n".utf8))
    exit(2)
}
let samples = Samples(token: token)
let renderer = PageRenderer(try PageDesign(languages: .builtIn))
if argument == "--measure" {
    measure(samples, by: renderer, rounds: CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 100_000)
} else {
    try writeAll(samples, by: renderer, below: URL(filePath: argument))
}
