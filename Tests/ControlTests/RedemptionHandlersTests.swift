import Access
import Configuration
import Control
import Daemon
import Foundation
import Invites
import Reconfiguration
import Shell
import Storage
import Supervision
import TestSupport
import Testing

/// What operators see and do about redemptions.
@Suite(.timeLimit(.minutes(5))) struct RedemptionHandlersTests {
    /// Has hosts do what front doors ask them.
    struct Door {
        let fixture: CommandFixture
        var host = "a.example"

        func redeem(_ requests: [RedemptionRequest]) async throws {
            let terms = RedemptionTerms(now: fixture.controlled.now)
            let results = try await fixture.daemon.registry.withInvites(of: host, for: .storing) {
                repository throws(StoreError) in
                try await repository.redeem(requests, under: terms).results
            }
            for result in results { _ = try result.get() }
        }

        func token(_ invite: Int64) async throws -> Token {
            let found = try await fixture.daemon.registry.withInvites(of: host) { repository throws(StoreError) in
                try await repository.invites(numbered: [invite])
            }
            return try #require(found.first).invite.token
        }

        func reserve(_ name: String, _ invite: Int64, attempt: String? = nil) async throws {
            try await redeem([
                .reserve(
                    Reservation(
                        token: try await token(invite), attempt: attempt ?? name, username: name, way: .stream,
                        checkedAt: nil))
            ])
        }

        func register(_ name: String, _ invite: Int64) async throws {
            try await reserve(name, invite)
            let confirmation = Confirmation(token: try await token(invite), attempt: name, username: name, way: .stream)
            try await redeem([.confirm(confirmation)])
        }

        /// Makes an invite of the inviter's, and an account with it at once.
        func invite(_ name: String, by inviter: String) async throws {
            let row = try await fixture.row("invite create account \(host) --contact \(inviter)@\(host)")
            try await register(name, try #require(row["invite"]?.integer))
        }
    }

    func with(_ body: (CommandFixture, Door) async throws -> Void) async throws {
        try await InviteHandlersTests.with { try await body($0, Door(fixture: $0)) }
    }

    // MARK: Several uses

    @Test func anInviteWithSeveralUses() async throws {
        try await with { fixture, door in
            let made = try await fixture.row("invite create account a.example --uses 3 --note choir")
            #expect(made["uses"] == 3 && made["redeemed"] == nil)
            try await door.register("juliet", 1)
            try await door.reserve("romeo", 1)
            let row = try await fixture.row("invite list a.example")
            #expect((row["state"], row["uses"], row["redeemed"], row["reserved"]) == ("open", 3, 1, 1))
            for line in ["--uses 0", "--uses 10001", "--uses 2 --username juliet"] {
                #expect(try await fixture.run("invite create account a.example \(line)").code == .badArgument)
            }
            #expect(try await fixture.row("invite create account a.example --uses 1 --username x")["uses"] == nil)
        }
    }

    // MARK: Showing

    @Test func showTellsWhatBecameOfAnInvite() async throws {
        try await with { fixture, door in
            _ = try await fixture.row("invite create account a.example --contact alice@a.example --uses 3")
            try await door.reserve("weak", 1)
            try await door.redeem([.release(attempt: "weak", reason: "the password is too weak")])
            try await door.register("juliet", 1)
            try await door.reserve("romeo", 1)
            let row = try await fixture.row("invite show a.example 1")
            let redemptions = try #require(row["redemptions"]?.list)
            #expect(redemptions.map { $0["account"] } == ["juliet@a.example", "romeo@a.example", "weak@a.example"])
            #expect(redemptions.map { $0["state"] } == ["confirmed", "reserved", "released"])
            #expect(redemptions[0]["ended"] == "2027-01-15T08:00:00Z" && redemptions[0]["way"] == "stream")
            #expect(redemptions[1]["next_question"] == "2027-01-15T08:01:00Z" && redemptions[1]["questions"] == 0)
            #expect(redemptions[2]["reason"] == "the password is too weak")
            let tasks = try #require(row["tasks"]?.list)
            #expect(tasks.map { $0["action"] } == ["contacts", "notify"])
            #expect(tasks.allSatisfy { $0["state"] == "open" && $0["user"] == "alice@a.example" })

            _ = try await fixture.rows("invite revoke a.example 1 --reason 'sent to all' --yes")
            let revoked = try await fixture.row("invite show a.example 1")
            #expect((revoked["revoked_by"], revoked["revoked_because"]) == ("someone", "sent to all"))
            #expect((revoked["state"], revoked["revoked"]) == ("revoked", "2027-01-15T08:00:00Z"))
        }
    }

    @Test func whatIsImpossibleIsShownAndWhatIsDoneIsNot() async throws {
        try await with { fixture, door in
            try await door.invite("juliet", by: "alice")
            let now = fixture.controlled.now
            try await fixture.daemon.registry.withInvites(of: "a.example", for: .storing) {
                repository throws(StoreError) in
                let due = try await repository.dueWork(at: now, limit: 10).tasks
                let outcomes = [due[0].number: TaskOutcome.impossible("no such user"), due[1].number: .done]
                try await repository.record(outcomes, at: now)
            }
            let tasks = try #require(try await fixture.row("invite show a.example 1")["tasks"]?.list)
            #expect(tasks.map { [$0["state"], $0["reason"]] } == [["impossible", "no such user"]])
        }
    }

    // MARK: Revoking and releasing

    @Test func revokingAsksKeepsTheRowsAndNamesNobodyInTheJournal() async throws {
        try await with { fixture, door in
            for _ in 0..<3 { _ = try await fixture.row("invite create contact alice@a.example") }
            _ = try await fixture.row("invite create account a.example")
            try await door.register("juliet", 4)
            let output = RecordingOutput(answers: ["yes"])
            let end = try await fixture.run("invite revoke a.example 1 2 4", output: output)
            #expect(end == .init(.ok, "revoked 2 invites", hint: "1 invite had been used up or revoked before"))
            #expect(output.questions == [.confirm("Revoke these 2 invites of a.example? Their links stop working.")])
            #expect(fixture.recorder.entries.last?.before == "1 contact, 2 contact")
            let states = try await fixture.rows("invite list a.example").map { $0["state"] }
            #expect(states == ["revoked", "revoked", "open", "used"])
            #expect(try await fixture.run("invite revoke a.example 1 --yes").code == .deniedInvite)
            #expect(try await fixture.run("invite revoke a.example 9 --yes").code == .unknownInvite)
            #expect(try await fixture.run("invite revoke a.example 3").code == .unconfirmed)
        }
    }

    @Test func revokingByFilters() async throws {
        try await with { fixture, door in
            for user in ["alice", "eve", "eve"] { _ = try await fixture.row("invite create contact \(user)@a.example") }
            for line in ["", "1 --all", "1 --kind contact", "--all --kind contact"] {
                #expect(try await fixture.run("invite revoke a.example \(line) --yes").code == .badArgument, "\(line)")
            }
            let filter = "invite revoke a.example --inviter eve@a.example"
            #expect(try await fixture.rows("\(filter) --dry-run").map { $0["state"] } == ["open", "open"])
            #expect(try await fixture.run("\(filter) --reason spam --yes").message == "revoked 2 invites")
            #expect(try await fixture.run("\(filter) --yes").message == "revoked 0 invites")
            #expect(try await fixture.rows("invite list --state open").map { $0["inviter"] } == ["alice@a.example"])
            #expect(fixture.recorder.entries.map(\.before).contains("2 contact, 3 contact"))
        }
    }

    @Test func whatAnAttemptHoldsIsReleasedWhereItIsMeant() async throws {
        try await with { fixture, door in
            _ = try await fixture.row("invite create account a.example")
            #expect(try await fixture.run("invite release a.example 1 --yes").code == .deniedInvite)
            #expect(try await fixture.run("invite release a.example 2 --yes").code == .unknownInvite)
            try await door.reserve("juliet", 1)
            #expect(try await fixture.row("invite list a.example")["state"] == "reserved")
            #expect(try await fixture.run("invite release a.example 1").code == .unconfirmed)
            let output = RecordingOutput(answers: ["yes"])
            let end = try await fixture.run("invite release a.example 1 --reason 'looked it up'", output: output)
            #expect(end == .init(.ok, "released 1 attempt"))
            #expect(output.rows.map { $0["account"] } == ["juliet@a.example"])
            let row = try await fixture.row("invite show a.example 1")
            #expect(row["state"] == "open")
            #expect(row["redemptions"]?.list?.first?["reason"] == "released by someone: looked it up")
            #expect(fixture.recorder.entries.last?.before == "invite 1")
        }
    }

    // MARK: Finding

    private func because(_ fixture: CommandFixture, _ what: String) async throws -> [String] {
        try await fixture.rows("invite find \(what)").map {
            "\($0["host"]?.text ?? "") \($0["invite"]?.integer ?? 0) \($0["state"]?.text ?? ""): \($0["because"]?.text ?? "")"
        }
    }

    @Test func aLinkIsExplained() async throws {
        try await with { fixture, door in
            func link(_ options: String = "") async throws -> String {
                try #require(try await fixture.row("invite create account a.example \(options)")["uri"]?.text)
            }
            let open = try await link("--uses 3")
            try await door.register("juliet", 1)
            #expect(
                try await because(fixture, open) == [
                    "a.example 1 open: 2 of its 3 uses are left, and it is good until 2027-01-22T08:00:00Z"
                ])
            let used = try await link()
            try await door.register("romeo", 2)
            #expect(
                try await because(fixture, used) == [
                    "a.example 2 used: used by romeo@a.example at 2027-01-15T08:00:00Z (stream)"
                ])
            let reserved = try await link()
            try await door.reserve("tybalt", 3)
            #expect(
                try await because(fixture, reserved) == [
                    "a.example 3 reserved: reserved by an attempt for tybalt@a.example since 2027-01-15T08:00:00Z"
                ])
            let revoked = try await link()
            _ = try await fixture.rows("invite revoke a.example 4 --yes --reason 'sent to all'")
            #expect(
                try await because(fixture, revoked) == [
                    "a.example 4 revoked: revoked by someone at 2027-01-15T08:00:00Z because: sent to all"
                ])
            let expired = try await link("--expires 1h")
            let failed = try await link()
            try await door.reserve("paris", 6)
            try await door.redeem([.release(attempt: "paris", reason: "too weak")])
            fixture.controlled.advance(byMilliseconds: 3_600_000)
            #expect(try await because(fixture, expired) == ["a.example 5 expired: expired at 2027-01-15T09:00:00Z"])
            #expect(
                try await because(fixture, failed) == [
                    "a.example 6 open: it is good until 2027-01-22T08:00:00Z; an attempt for paris@a.example failed at "
                        + "2027-01-15T08:00:00Z: too weak"
                ])
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            #expect(
                try await because(fixture, failed) == [
                    "a.example 6 open: the host is suspended; `host resume a.example` ends that"
                ])
        }
    }

    @Test func tokensPagesNamesAndAddressesAreTaken() async throws {
        try await with { fixture, door in
            let uri = try #require(
                try await fixture.row("invite create account a.example --username juliet")["uri"]?.text)
            let token = try #require(uri.split(separator: "=").last).description
            let escaped = "https://page.example/#juliet%40a.example%3Fregister%3Bpreauth%3D\(token)"
            let page = "https://invitation.example/invitations/\(token)?from=mail"
            for what in [uri, token, escaped, page, "juliet", "JULIET", "juliet@a.example", "juliet a.example"] {
                #expect(try await because(fixture, what).map { $0.prefix(16) } == ["a.example 1 open"], "\(what)")
            }
            // A link that is given as an answer is in no history.
            let asked = RecordingOutput(answers: [uri])
            #expect(try await fixture.run("invite find", output: asked).code == .ok)
            #expect(asked.rows.count == 1)
            for what in ["nobody", "juliet@b.example", "juliet b.example", String(repeating: "x", count: 29)] {
                #expect(try await fixture.run("invite find \(what)").code == .unknownInvite, "\(what)")
            }
            for what in ["xmpp:a.example?register", "@x", "'a b'"] {
                #expect(try await fixture.run("invite find \(what)").code == .badArgument, "\(what)")
            }
            // A deleted invite is found by the account that was made with it.
            try await door.register("juliet", 1)
            _ = try await fixture.rows("invite delete a.example 1 --yes")
            #expect(
                try await because(fixture, "juliet") == [
                    "a.example 1 removed: the invite was removed; used by juliet@a.example at 2027-01-15T08:00:00Z "
                        + "(stream)"
                ])
        }
    }

    @Test func onlyHostsThatTheCallerSeesAreLookedThrough() async throws {
        try await with { fixture, _ in
            let uri = try #require(try await fixture.row("invite create account a.example")["uri"]?.text)
            let b = Caller.someone(.viewer, .some(["b.example"]))
            let end = try await fixture.run("invite find \(uri)", as: b)
            #expect(end.code == .unknownInvite && !"\(end)".contains("a.example"))
            #expect(try await fixture.run("invite tree", as: b).message == "0 accounts")
            #expect(try await fixture.run("invite tree a.example", as: b).code == .unknownHost)
        }
    }

    @Test func aHostWithoutAFileIsNamed() async throws {
        try await with { fixture, _ in
            let uri = try #require(try await fixture.row("invite create account b.example")["uri"]?.text)
            await fixture.daemon.store(of: "b.example").close()
            let state = fixture.directory.path + "/state/hosts/"
            try FileManager.default.copyItem(
                atPath: state + "b.example.sqlite3", toPath: state + "gone.example.sqlite3")
            _ = try await fixture.rows("invite delete b.example 1 --yes")
            #expect(
                try await because(fixture, uri) == [
                    "gone.example 1 open: gone.example has no file, so it redeems nothing"
                ])
        }
    }

    /// The argument is in no line of the journal, and the token in no output.
    @Test func theTokenIsNowhere() async throws {
        try await with { fixture, _ in
            let uri = try #require(try await fixture.row("invite create account a.example")["uri"]?.text)
            let token = try #require(uri.split(separator: "=").last)
            let output = RecordingOutput()
            for line in ["invite find \(uri)", "invite find \(token) b.example", "invite find \(uri) x y"] {
                _ = try await fixture.run(line, output: output)
            }
            let parsed = try CommandParser(.standard).parse(["invite", "find", uri, "a.example"])
            #expect(parsed.line == "invite find '[LINK]' a.example" || parsed.line == "invite find [LINK] a.example")
            #expect(
                !"\(output.messages.items) \(fixture.recorder.entries) \(fixture.controlled.log.items)".contains(token))
        }
    }
}
