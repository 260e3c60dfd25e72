import Access
import Configuration
import Control
import Daemon
import Dispatch
import Invites
import QR
import Reconfiguration
import Shell
import TestSupport
import Testing

@testable import Storage
@testable import Supervision

/// The commands `invite …`.
@Suite(.timeLimit(.minutes(5))) struct InviteHandlersTests {
    static let files = [
        "a.example": "admins: [admin@a.example]\n", "b.example": "allow_user_invites: true\ninvite_expiry: 2h\n",
        "c.example": "{}",
    ]

    static func with(_ files: [String: String] = files, _ body: (CommandFixture) async throws -> Void) async throws {
        try await CommandFixture.with(files) { daemon, handlers in
            InviteHandlers(daemon.registry).register(in: &handlers)
            RedemptionHandlers(daemon.registry).register(in: &handlers)
        } _: {
            try await body($0)
        }
    }

    // MARK: Making

    @Test func everyCommandHasItsHandler() async throws {
        var handlers = CommandHandlers()
        try await Self.with { fixture async throws in
            InviteHandlers(fixture.daemon.registry).register(in: &handlers)
            RedemptionHandlers(fixture.daemon.registry).register(in: &handlers)
        }
        let names = CommandRegistry.standard.commands.map(\.name).filter { $0.hasPrefix("invite ") }
        #expect(names.count == 14)
        for name in names { #expect(handlers[name] != nil, "\(name)") }
    }

    @Test func anAccount() async throws {
        try await Self.with { fixture async throws in
            let row = try await fixture.row("invite create account A.example --username Juliet")
            #expect(row["host"] == "a.example")
            #expect(row["invite"] == 1)
            #expect(row["kind"] == "account")
            #expect(row["state"] == "open")
            #expect(row["inviter"] == nil)
            #expect(row["username"] == "juliet")
            #expect(row["created"] == "2027-01-15T08:00:00Z")
            #expect(row["expires"] == "2027-01-22T08:00:00Z")
            #expect(row["uri"]?.text?.hasPrefix("xmpp:juliet@a.example?register;preauth=") == true)
            #expect(row["qr"] == nil)
            #expect(
                fixture.recorder.entries == [
                    .init(
                        line: "invite create account --username Juliet a.example", hosts: ["a.example"], code: .ok,
                        after: "1 account for juliet")
                ])
        }
    }

    @Test func anAccountWithAContact() async throws {
        try await Self.with { fixture async throws in
            let row = try await fixture.row(
                "invite create account a.example --contact Alice@A.example --expires 1d --qr")
            #expect(row["kind"] == "account-and-contact")
            #expect(row["inviter"] == "alice@a.example")
            #expect(row["expires"] == "2027-01-16T08:00:00Z")
            let uri = try #require(row["uri"]?.text)
            #expect(uri.hasPrefix("xmpp:a.example?register;preauth="))
            #expect(row["qr"]?.text == QRCode(uri)?.halfBlocks)
            let foreign = try await fixture.run("invite create account a.example --contact bob@b.example")
            #expect(foreign.code == .deniedInvite)
        }
    }

    @Test func aContact() async throws {
        try await Self.with { fixture async throws in
            #expect(try await fixture.row("invite create contact alice@a.example")["kind"] == "contact")
            #expect(try await fixture.row("invite create contact admin@a.example")["kind"] == "account-and-contact")
            let row = try await fixture.row("invite create contact bob@b.example")
            #expect(row["kind"] == "account-and-contact")
            #expect(row["inviter"] == "bob@b.example")
            #expect(row["expires"] == "2027-01-15T10:00:00Z")
            #expect(row["uri"]?.text?.hasPrefix("xmpp:bob@b.example?roster;preauth=") == true)
        }
    }

    @Test func aReset() async throws {
        try await Self.with { fixture async throws in
            let row = try await fixture.row("invite create reset alice@a.example")
            #expect(row["kind"] == "reset")
            #expect(row["username"] == "alice")
            #expect(row["inviter"] == nil)
            #expect(row["expires"] == "2027-01-16T08:00:00Z")
            #expect(row["uri"]?.text?.hasPrefix("xmpp:alice@a.example?register;preauth=") == true)
            #expect(try await fixture.row("invite create reset bob@b.example")["expires"] == "2027-01-15T10:00:00Z")
        }
    }

    @Test func aLinkHasItsWebPageBesideIt() async throws {
        let files = [
            "bücher.example": "landing_page: \"https://{host}/{token}?{host}\"\n", "b.example": "admins: []\n",
        ]
        try await Self.with(files) { fixture async throws in
            let made = try await fixture.row("invite create contact alice@bücher.example")
            let token = try #require(made["uri"]?.text?.split(separator: "=").last)
            let page = "https://xn--bcher-kva.example/\(token)?b%C3%BCcher.example"
            #expect(made["landing_url"]?.text == page)
            let shown = try await fixture.row("invite show bücher.example 1 --reveal")
            #expect(shown["landing_url"]?.text == page)
            for line in ["invite show bücher.example 1", "invite show bücher.example 1 --qr", "invite list"] {
                #expect(try await fixture.row(line)["landing_url"] == nil)
            }
            #expect(try await fixture.row("invite create contact bob@b.example")["landing_url"] == nil)
            // Changed at run time, too.
            let url = "https://b.example/#{uri_without_scheme}"
            _ = try await fixture.daemon.configuration.set(.landingPage, to: [url], of: "b.example")
            let row = try await fixture.row("invite create contact bob@b.example")
            #expect(row["landing_url"]?.text?.hasPrefix("https://b.example/#bob@b.example?roster;preauth=") == true)
        }
    }

    @Test func aTakenUsername() async throws {
        try await Self.with { fixture async throws in
            _ = try await fixture.row("invite create account a.example --username juliet")
            let second = try await fixture.run("invite create account a.example --username JULIET")
            #expect(second.code == .takenUsername)
            _ = try await fixture.row("invite create account b.example --username juliet")
            _ = try await fixture.row("invite create reset juliet@a.example")
        }
    }

    @Test(arguments: [
        ("invite create account a.example --username juliet@a.example", ResultCode.badArgument),
        ("invite create account a.example --username 'a b'", .badArgument),
        ("invite create account a.example --expires 0s", .badArgument),
        ("invite create account a.example --expires 3651d", .badArgument),
        ("invite create account nowhere.example", .unknownHost),
        ("invite create contact alice@nowhere.example", .unknownHost),
        ("invite create reset a.example", .badArgument),
        ("invite create reset alice@a.example/phone", .badArgument),
        ("invite show a.example 1", .unknownInvite),
        ("invite show a.example 0", .badArgument),
        ("invite extend a.example 1 1d", .unknownInvite),
        ("invite delete a.example 1 --yes", .unknownInvite),
        ("invite purge a.example --yes", .badArgument),
        ("invite purge a.example --all --kind reset --yes", .badArgument),
        ("invite list --kind none", .badArgument),
        ("invite list nowhere.example", .unknownHost),
    ])
    func whatIsWrongIsTold(line: String, code: ResultCode) async throws {
        try await Self.with { fixture async throws in
            let output = RecordingOutput()
            let end = try await fixture.run(line, output: output)
            #expect(end.code == code)
            #expect(output.rows.isEmpty)
        }
    }

    // MARK: Listing

    @Test func listsAreSortedAndHaveNoLinks() async throws {
        try await Self.with { fixture async throws in
            for host in ["b", "a", "b"] { _ = try await fixture.row("invite create contact alice@\(host).example") }
            let rows = try await fixture.rows("invite list")
            #expect(rows.map(CommandFixture.name) == ["a.example 1", "b.example 1", "b.example 2"])
            #expect(rows.allSatisfy { $0["uri"] == nil && $0["qr"] == nil })
            #expect(try await fixture.rows("invite list b.example a.example b.example") == rows)
            #expect(
                try await fixture.rows("invite list b.example --limit 1").map(CommandFixture.name) == ["b.example 1"])
            #expect(
                try await fixture.rows("invite list --limit 1").map(CommandFixture.name) == [
                    "a.example 1", "b.example 1",
                ])
            #expect(try await fixture.rows("invite list c.example").isEmpty)
            // No command opens or makes a database that does not exist.
            #expect(
                try await fixture.daemon.registry.hostsWithInvites().reduce(into: []) { $0.append($1) } == [
                    "a.example", "b.example",
                ])
            #expect(fixture.recorder.entries.count == 3)
        }
    }

    @Test func whoSeesSomeHostsListsThose() async throws {
        try await Self.with { fixture async throws in
            for host in ["a", "b"] { _ = try await fixture.row("invite create contact alice@\(host).example") }
            let caller = Caller.someone(.viewer, .some(["b.example"]))
            let output = RecordingOutput()
            #expect(try await fixture.run("invite list", as: caller, output: output).code == .ok)
            #expect(output.rows.map(CommandFixture.name) == ["b.example 1"])
            #expect(output.texts.isEmpty)
        }
    }

    @Test func filtersChoose() async throws {
        try await Self.with { fixture async throws in
            _ = try await fixture.row("invite create account a.example --username juliet --expires 1h")
            _ = try await fixture.row("invite create contact alice@a.example")
            fixture.controlled.advance(byMilliseconds: 7_200_000)
            _ = try await fixture.row("invite create reset alice@a.example")
            func numbers(_ filter: String) async throws -> [Int64?] {
                try await fixture.rows("invite list a.example \(filter)").map { $0["invite"]?.integer }
            }
            #expect(try await numbers("--kind account") == [1])
            #expect(try await numbers("--kind reset") == [3])
            #expect(try await numbers("--inviter ALICE@a.example") == [2])
            #expect(try await numbers("--state open") == [2, 3])
            #expect(try await numbers("--state expired") == [1])
            #expect(try await numbers("--older-than 1h") == [1, 2])
            #expect(try await numbers("--newer-than 1h") == [3])
            #expect(try await numbers("--older-than 1h --state open") == [2])
            #expect(try await numbers("--newer-than 2h") == [1, 2, 3])
            #expect(try await numbers("--older-than 2h") == [])
            #expect(try await numbers("--newer-than 3650d --older-than 3650d") == [])
        }
    }

    @Test func aBrokenHostIsANoteAmongOthers() async throws {
        try await Self.with { fixture async throws in
            for host in ["a", "b", "c"] { _ = try await fixture.row("invite create contact alice@\(host).example") }
            try await fixture.breakDatabase(of: "b.example")
            let output = RecordingOutput()
            #expect(try await fixture.run("invite list", output: output).code == .ok)
            #expect(output.rows.map(CommandFixture.name) == ["a.example 1", "c.example 1"])
            #expect(output.texts.count == 1 && output.texts[0].contains("b.example"))
            for line in [
                "invite list b.example", "invite show b.example 1", "invite create account b.example",
                "invite delete b.example 1 --yes", "invite extend b.example 1 1d", "invite purge b.example --all --yes",
            ] {
                #expect(try await fixture.run(line).code == .unavailableHost, "\(line)")
            }
        }
    }

    @Test func aHostWithTooMuchToDoIsTold() async throws {
        try await Self.with { fixture async throws in
            let store = fixture.daemon.store(of: "a.example")
            let (held, door) = (Inbox<Void>(), DispatchSemaphore(value: 0))
            async let holding: Void? = store.perform(.checking) { _ in
                held.put(())
                door.wait()
            }
            try await held.next()
            let now = fixture.controlled.now
            let many = try (0..<16_384).map { number in
                Invite(
                    token: try #require(Token("token\(10_000_000 + number)")), kind: .account, inviter: nil,
                    createdAt: now, expiresAt: now)
            }
            async let adding: Void = store.add(many)
            while store.waitingRows < many.count { await Task.yield() }
            for line in ["invite list a.example", "invite create account a.example --username juliet"] {
                #expect(try await fixture.run(line).code == .overloadedHost)
            }
            _ = try await fixture.row("invite create account b.example")
            door.signal()
            _ = try await (holding, adding)
            _ = try await fixture.row("invite create account a.example --username juliet")
        }
    }

    @Test func aSuspendedHostKeepsItsInvitesAndMakesNoMore() async throws {
        try await Self.with(["a.example": "suspended: true\n"]) { fixture async throws in
            let end = try await fixture.run("invite create account a.example")
            #expect(end.code == .deniedInvite)
            #expect(end.hint == "`host resume a.example` ends that")
            #expect(try await fixture.run("invite list a.example").code == .ok)
        }
    }

    @Test func aRefusedHostIsANoteAmongOthers() async throws {
        try await Self.with(["a.example": "{}", "bad.example": "allow_user_invites: perhaps\n"]) {
            fixture async throws in
            _ = try await fixture.row("invite create account a.example")
            try fixture.directory.write("", to: "state/hosts/bad.example.sqlite3")
            let output = RecordingOutput()
            #expect(try await fixture.run("invite list", output: output).code == .ok)
            #expect(output.rows.map(CommandFixture.name) == ["a.example 1"])
            #expect(output.texts.count == 1 && output.texts[0].contains("bad.example"))
            #expect(try await fixture.run("invite list bad.example").code == .refusedHost)
            #expect(try await fixture.run("invite create account bad.example").code == .refusedHost)
        }
    }

    @Test func aLinkIsShownWhenAskedForAndThatIsWrittenDown() async throws {
        try await Self.with { fixture async throws in
            let made = try await fixture.row("invite create contact alice@a.example")
            let uri = try #require(made["uri"]?.text)
            let plain = try await fixture.row("invite show a.example 1")
            #expect(plain["uri"] == nil && plain["qr"] == nil)
            #expect(fixture.recorder.entries.count == 1)
            #expect(try await fixture.row("invite show a.example 1 --reveal") == made)
            let drawn = try await fixture.row("invite show a.example 1 --qr")
            #expect(drawn["uri"] == nil && drawn["qr"]?.text == QRCode(uri)?.halfBlocks)
            #expect(fixture.recorder.entries.map(\.after) == Array(repeating: "1 contact by alice@a.example", count: 3))
            let viewer = try await fixture.run("invite show a.example 1 --reveal", as: .someone(.viewer))
            #expect(viewer.code == .denied)
        }
    }

    /// The tokens are in the rows that are asked for them, and nowhere else.
    @Test func tokensAreNowhereElse() async throws {
        try await Self.with { fixture async throws in
            var tokens: [Substring] = []
            for line in ["account a.example --username juliet", "contact alice@a.example", "reset alice@a.example"] {
                let uri = try #require(try await fixture.row("invite create \(line) --qr")["uri"]?.text)
                tokens.append(try #require(uri.split(separator: "preauth=").last))
            }
            let output = RecordingOutput(answers: ["yes", "yes"])
            for line in [
                "list", "show a.example 2", "extend a.example 2 1d", "delete a.example 1", "purge a.example --all",
            ] {
                #expect(try await fixture.run("invite \(line)", output: output).code == .ok)
            }
            let said = "\(output.messages.items) \(fixture.recorder.entries) \(fixture.controlled.log.items)"
            #expect(tokens.count == 3 && output.rows.count == 6)
            for token in tokens { #expect(!said.contains(token)) }
        }
    }
}

extension Daemon {
    func store(of host: String) -> InviteStore {
        guard let store = registry.databases.repository(of: host) as? InviteStore else {
            fatalError("tests run on SQLite")
        }
        return store
    }
}

extension CommandFixture {
    /// Runs a command that must succeed, and returns its rows, each as its command says.
    func rows(_ line: String, answers: [String?] = []) async throws -> [JSON] {
        let output = RecordingOutput(answers: answers)
        let end = try await run(line, output: output)
        #expect(end.code == .ok, "\(line): \(end)")
        let spec = try CommandParser(.standard).parse(try Words(line).words).spec
        #expect(RowChecker(spec).mistakes(in: output) == [], "\(line)")
        return output.rows
    }

    /// Runs a command that must answer one row.
    func row(_ line: String) async throws -> JSON {
        let rows = try await rows(line)
        try #require(rows.count == 1, "\(line)")
        return rows[0]
    }

    /// `a.example 1`.
    static func name(_ row: JSON) -> String { "\(row["host"]?.text ?? "") \(row["invite"]?.integer ?? 0)" }

    /// Puts something else where a host's database is.
    func breakDatabase(of host: String) async throws {
        // An open database would continue to use its cache, so it is closed.
        let store = daemon.store(of: host)
        await store.close()
        try directory.write(String(repeating: "*", count: 8192), to: "state/hosts/\(host).sqlite3")
    }
}
