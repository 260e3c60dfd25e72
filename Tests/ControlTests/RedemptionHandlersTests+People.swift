import Access
import Invites
import Shell
import Storage
import Supervision
import TestSupport
import Testing

/// Who invited whom, and what is stored about people.
extension RedemptionHandlersTests {
    // MARK: The tree

    private func tree(_ fixture: CommandFixture, _ arguments: String = "a.example") async throws -> [String] {
        try await fixture.rows("invite tree \(arguments)").map {
            String(repeating: "-", count: Int($0["depth"]?.integer ?? 0)) + ($0["account"]?.text ?? "?")
        }
    }

    @Test func whoInvitedWhom() async throws {
        try await with { fixture, door in
            _ = try await fixture.row("invite create account a.example --uses 9")
            try await door.register("first", 1)
            try await door.invite("anna", by: "alice")
            try await door.invite("child", by: "first")
            try await door.invite("bea", by: "alice")
            try await door.invite("grandchild", by: "child")
            try await door.register("second", 1)
            try await door.invite("late", by: "first")
            // Not in it: one that is not confirmed.
            try await door.reserve("nobody", 1)
            let all = [
                "first@a.example", "-child@a.example", "--grandchild@a.example", "-late@a.example",
                "alice@a.example", "-anna@a.example", "-bea@a.example", "second@a.example",
            ]
            #expect(try await tree(fixture) == all)
            #expect(try await tree(fixture, "") == all)
            #expect(try await tree(fixture, "a.example alice") == Array(all[4...6]))
            #expect(
                try await tree(fixture, "a.example first@a.example") == Array(all[0...3]))
            #expect(try await tree(fixture, "a.example nobody") == [])
            let row = try #require(try await fixture.rows("invite tree a.example child").first)
            #expect((row["inviter"], row["redeemed"]) == ("first@a.example", "2027-01-15T08:00:00Z"))
            #expect(try await fixture.run("invite tree a.example 'a b'").code == .badArgument)
        }
    }

    /// An account may be made again, invited by a user whom its predecessor of that name had invited.
    @Test func aCircleComesToAnEnd() async throws {
        try await with { fixture, door in
            try await door.invite("anna", by: "bert")
            try await door.invite("bert", by: "anna")
            let again = try await fixture.row("invite create account a.example --contact bert@a.example")
            let number = try #require(again["invite"]?.integer)
            try await door.reserve("anna", number, attempt: "again")
            let token = try await door.token(number)
            try await door.redeem([.confirm(.init(token: token, attempt: "again", username: "anna", way: .stream))])
            // By the second of that name.
            try await door.invite("carol", by: "anna")
            #expect(
                try await tree(fixture) == [
                    "bert@a.example", "-anna@a.example", "--bert@a.example", "---anna@a.example",
                    "----carol@a.example",
                ])
            #expect(
                try await tree(fixture, "a.example bert")
                    == ["bert@a.example", "-anna@a.example", "--carol@a.example"])
        }
    }

    @Test func aLongChainAndManyChildrenAreShownOnce() async throws {
        try await with { fixture, door in
            for number in 1...80 { try await door.invite("n\(number)", by: "n\(number - 1)") }
            for number in 1...150 { try await door.invite("c\(number)", by: "n3") }
            let all = try await tree(fixture)
            #expect(all.count == 231 && Set(all).count == 231)
            #expect(all.last == "----c150@a.example")
            #expect(all[80].hasSuffix("-n80@a.example") && all[80].hasPrefix(String(repeating: "-", count: 80)))
        }
    }

    // MARK: People

    @Test func aPersonsRowsAreShownAndForgotten() async throws {
        try await with { fixture, door in
            try await door.invite("juliet", by: "alice")
            try await door.invite("romeo", by: "juliet")
            _ = try await fixture.row("invite create contact juliet@a.example --note hers")
            _ = try await fixture.row("invite create reset juliet@a.example")
            let contact = Account(localpart: "juliet", domain: "a.example")
            let other = Door(fixture: fixture, host: "b.example")
            _ = try await fixture.row("invite create contact bob@b.example")
            try await other.redeem([
                .subscribe(ContactRequest(token: try await other.token(1), user: "bob", contact: contact))
            ])
            let rows = try await fixture.rows("invite export juliet@a.example")
            #expect(
                rows.map { "\($0["host"]?.text ?? "") \($0["row"]?.text ?? "") \($0["number"]?.integer ?? 0)" } == [
                    "a.example invite 2", "a.example invite 3", "a.example invite 4", "a.example redemption 1",
                    "a.example redemption 2", "a.example task 1", "a.example task 2", "a.example task 3",
                    "a.example task 4", "b.example redemption 1", "b.example task 1", "b.example task 2",
                ])
            #expect(rows[1]["data"]?["note"] == "hers")
            #expect(rows[3]["data"]?["account"] == "juliet@a.example")
            let token = try await door.token(3).text
            #expect(!rows.contains { $0.line.contains(token) })
            let b = RecordingOutput()
            _ = try await fixture.run(
                "invite export juliet@a.example", as: .someone(.viewer, .some(["b.example"])), output: b)
            #expect(b.rows.allSatisfy { $0["host"] == "b.example" } && b.rows.count == 3)

            #expect(try await fixture.run("invite forget juliet@a.example").code == .unconfirmed)
            let forgotten = try await fixture.rows("invite forget Juliet@a.example", answers: ["yes"])
            #expect(forgotten.map { $0["host"] } == ["a.example", "b.example"])
            #expect(forgotten[0]["revoked"] == 2 && forgotten[0]["kept"] == 0)
            #expect(try await fixture.rows("invite export juliet@a.example").isEmpty)
            #expect(
                try await fixture.run("invite forget juliet@a.example --yes").message
                    == "nothing is stored about that person")
            #expect(
                try await fixture.rows("invite list a.example").map { $0["state"] } == [
                    "used", "used", "revoked", "revoked",
                ])
            // It still shows that accounts were made, with `?` in place of the forgotten one.
            #expect(try await tree(fixture) == ["alice@a.example", "-?", "romeo@a.example"])
            let entry = try #require(fixture.recorder.entries.first { $0.hosts.isEmpty && $0.code == .ok })
            #expect(entry.line.hasPrefix("invite forget") && entry.after?.contains("a.example: revoked 3, 4") == true)
            #expect(!fixture.recorder.entries.suffix(3).contains { "\($0)".lowercased().contains("juliet") })
        }
    }

    @Test func whoForgetsOnOneHostLeavesTheOthers() async throws {
        try await with { fixture, _ in
            for host in ["a", "b"] { _ = try await fixture.row("invite create contact alice@\(host).example") }
            _ = try await fixture.row("invite create account a.example --username eve")
            let b = Caller.someone(.operator, .some(["b.example"]))
            let output = RecordingOutput()
            #expect(try await fixture.run("invite forget eve@a.example --yes", as: b, output: output).code == .ok)
            #expect(output.rows.isEmpty)
            #expect(try await fixture.rows("invite export eve@a.example").count == 1)
            // Without its name it would be valid for any username.
            _ = try await fixture.rows("invite forget eve@a.example --yes")
            #expect(try await fixture.row("invite show a.example 2")["state"] == "revoked")
            #expect(try await fixture.run("invite extend a.example 2 7d").code == .deniedInvite)
        }
    }

    @Test func aHostThatFailsMakesItIncomplete() async throws {
        try await with { fixture, _ in
            for host in ["a", "b"] { _ = try await fixture.row("invite create contact alice@\(host).example") }
            try await fixture.breakDatabase(of: "a.example")
            let end = try await fixture.run("invite forget alice@b.example --yes")
            #expect(end.code == .unavailableHost)
            #expect(try await fixture.row("invite show b.example 1")["state"] == "revoked")
            #expect(fixture.recorder.entries.last?.after == "b.example: revoked 1, names removed")
        }
    }
}
