import Configuration
import Invites
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// What is explained is what happens.
@Suite(.timeLimit(.minutes(5))) struct ExplanationTests {
    @Test(arguments: Switches.allCases, [false, true])
    func verdictsAgreeWithTheAnswers(switches: Switches, isSuspended: Bool) async throws {
        let text = """
            admins: [admin@a.example, staff@b.example]
            allow_contact_invites: \(switches.allowContactInvites)
            allow_user_invites: \(switches.allowUserInvites)
            service_address: invites.a.example
            suspended: \(isSuspended)
            """
        try await DaemonFixture.with(["a.example": text, "b.example": "{}"]) { fixture in
            let service: JID = "invites.a.example"
            for asker in Asker.allCases {
                let explained = try #require(await fixture.daemon.explain(asker.address, at: "a.example"))
                let verdicts = Dictionary(explained.map { ($0.subject, $0.verdict) }) { first, _ in first }
                let contact = try await fixture.answer(
                    to: set(command(Namespaces.inviteCommand), from: asker.address, to: service, id: "c\(asker)"))
                #expect((verdicts["invite contacts"] == "yes") == (contact.uri != nil), "\(asker)")
                let account = command(Namespaces.createAccountCommand, form: submission([:]))
                let made = try await fixture.answer(
                    to: set(account, from: asker.address, to: service, id: "a\(asker)"))
                #expect((verdicts["create accounts"] == "yes") == (made.uri != nil), "\(asker)")
                let mayRegister = verdicts["invited contacts register"] == "yes"
                #expect(
                    mayRegister
                        == (contact.uri != nil && (switches.allowUserInvites || asker.isAdmin)), "\(asker)")
            }
        }
    }

    @Test func theDecidingSettingIsNamedWithItsPlace() async throws {
        let files = [
            "a.example": "admins: [admin@a.example]\nallow_contact_invites: false\n",
            "b.example": "allow_user_invites: true",
        ]
        try await DaemonFixture.with(files, daemon: "defaults:\n  admins: [staff@b.example]\n") { fixture in
            let directory = fixture.directory.path
            let alice = try #require(await fixture.daemon.explain("alice@a.example", at: "a.example"))
            let a = "\(directory)/config.d/a.example.yaml"
            #expect(alice.prefix(3).map(\.origin) == ["\(a):2:24", "\(a):2:24", "\(a):1:9"])
            let admin = try #require(await fixture.daemon.explain("admin@a.example", at: "a.example"))
            #expect(admin.map(\.verdict) == ["yes", "yes", "yes", "0", "0", "0 of 100000"])
            #expect(admin.prefix(3).map(\.origin) == ["\(a):1:9", "\(a):1:9", "\(a):1:9"])
            let staff = try #require(await fixture.daemon.explain("staff@b.example", at: "b.example"))
            #expect(
                staff.prefix(3).map(\.origin) == [
                    "default", "\(directory)/config.d/b.example.yaml:1:21", "\(directory)/invited.yaml:4:11",
                ])
            let foreign = try #require(await fixture.daemon.explain("eve@evil.example", at: "a.example"))
            #expect(foreign[0].verdict == "no" && foreign[0].origin == nil)
            #expect(await fixture.daemon.explain("eve@evil.example", at: "nowhere.example") == nil)
        }
    }

    /// Operators learn the reason without naming a user who was refused because of it.
    @Test func aHostThatIsNearlyFullSaysSoAndWhatToDo() async throws {
        let files = ["a.example": "max_invites: 2\nadmins: [admin@a.example]\n", "b.example": "{}"]
        try await DaemonFixture.with(files) { fixture in
            func stored(_ host: String) async throws -> Explanation {
                let explained = try #require(await fixture.daemon.explain(host))
                return try #require(explained.first { $0.subject == "stored invites" })
            }
            let toDo = """
                `invite purge a.example --state expired` removes what is no longer good, and \
                `host set a.example max_invites NUMBER` allows more
                """
            #expect(
                try await stored("b.example")
                    == Explanation(
                        "stored invites", "0 of 100000", because: "`max_invites` is 100000, for all", origin: "default")
            )
            _ = try await fixture.invite(by: "admin@a.example/r", id: "one")
            _ = try await fixture.invite(by: "admin@a.example/r", id: "two")
            #expect(try await fixture.invite(by: "admin@a.example/r").stanzaError?.condition == .resourceConstraint)
            let full = try await stored("a.example")
            #expect(full.verdict == "2 of 2")
            #expect(full.because == "`max_invites` is 2, for all; users and admins make no more: \(toDo)")
            #expect(full.origin?.hasSuffix("config.d/a.example.yaml:1:14") == true)
            _ = try await fixture.daemon.configuration.set(.maxInvites, to: ["2000"], of: "a.example")
            #expect(try await stored("a.example").because == "`max_invites` is 2000, for all")
        }
    }

    @Test func theWarningComesBeforeTheHostIsFull() async throws {
        try await DaemonFixture.with(["a.example": "max_invites: 1\n"]) { fixture in
            let host = try #require(fixture.daemon.registry["a.example"])
            var policy = host.policy
            policy.maxInvites = .atMost(10)
            let rules = RuleExplainer(policy: policy, origins: Origins([]))
            #expect(rules.stored(8).because == "`max_invites` is 10, for all")
            #expect(rules.stored(9).because.hasPrefix("`max_invites` is 10, for all; from then on users and admins"))
            #expect(rules.stored(nil).verdict == "unknown")
        }
    }
}
