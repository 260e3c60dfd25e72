import Configuration
import Invites
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// Domains whose files are removed and restored. They may have another owner by then.
@Suite(.timeLimit(.minutes(5))) struct ReturningDomainTests {
    private func token(
        _ fixture: DaemonFixture, _ id: String, by asker: JID = "alice@a.example/r"
    ) async throws -> Token {
        fixture.controlled.advance(byMilliseconds: 1)
        let uri = try #require(try await fixture.invite(by: asker, id: id).uri)
        return try #require(Token(String(uri.split(separator: "=").last ?? "")))
    }

    /// The results of checking the tokens, in words.
    private func states(
        _ fixture: DaemonFixture, _ tokens: [Token], of name: String = "a.example"
    ) async throws -> [String] {
        let host = try #require(fixture.daemon.registry[name])
        return await host.service.check(tokens, under: host.policy).map { result in
            switch result {
            case .success: "good"
            case .failure(.refused(let refusal)): "\(refusal)"
            case .failure(.failed(let refusal)): "failed: \(refusal)"
            }
        }
    }

    private func apply(
        _ fixture: DaemonFixture, keepsOpen: Bool = false, confirmWithin timeout: Lifetime? = nil
    ) async throws -> ActiveConfiguration.AppliedConfiguration {
        fixture.controlled.advance(byMilliseconds: 60_000)
        return try await fixture.daemon.configuration.apply(
            expecting: nil, confirmWithin: timeout, keepsOpen: keepsOpen, by: "someone")
    }

    private func leave(_ fixture: DaemonFixture, confirmWithin timeout: Lifetime? = nil) async throws {
        try fixture.remove("a.example")
        _ = try await apply(fixture, confirmWithin: timeout)
    }

    private static let hosts = ["a.example": "{}", "b.example": "{}"]

    @Test func olderInvitesAreRevokedAndNewOnesAreNot() async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = [try await token(fixture, "1"), try await token(fixture, "2")]
            let other = try await token(fixture, "3", by: "bob@b.example/r")
            #expect(try await states(fixture, old) == ["good", "good"])
            try await leave(fixture)
            try fixture.write("{}", host: "a.example")
            let plan = try await fixture.daemon.configuration.plan()
            #expect(plan.steps.map(\.host) == ["a.example"] && plan.revokesInvites)
            #expect(plan.steps.first?.losses == ["2 open invites from before are revoked"])
            let applied = try await apply(fixture)
            #expect(applied.losses == plan.losses)
            let new = try await token(fixture, "4")
            #expect(try await states(fixture, old + [new]) == ["revoked", "revoked", "good"])
            #expect(try await states(fixture, [other], of: "b.example") == ["good"])
            let rows = try await fixture.daemon.registry.invites(of: "a.example")
            #expect(rows.map(\.invite.revocation?.why) == ["the domain came back", "the domain came back", nil])
            // What is done is not done again.
            try await fixture.restarted { fixture in
                let states = try await states(fixture, [new])
                #expect(states == ["good"])
            }
        }
    }

    @Test func theOperatorKeepsThem() async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = try await token(fixture, "1")
            try await leave(fixture)
            try fixture.write("{}", host: "a.example")
            let applied = try await apply(fixture, keepsOpen: true)
            #expect(applied.losses.isEmpty)
            #expect(try await states(fixture, [old]) == ["good"])
            try await fixture.restarted { fixture in
                let states = try await states(fixture, [old])
                #expect(states == ["good"])
            }
        }
    }

    @Test func theOperatorTakesItBack() async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = [try await token(fixture, "1"), try await token(fixture, "2")]
            let registry = fixture.daemon.registry
            let revocation = Revocation(at: fixture.controlled.now, by: "root", why: "the domain came back")
            _ = try await registry.withInvites(of: "a.example", for: .storing) { repository throws(StoreError) in
                try await repository.revoke([1], revocation)
            }
            try await leave(fixture)
            try fixture.write("{}", host: "a.example")
            _ = try await apply(fixture)
            #expect(try await states(fixture, old) == ["revoked", "revoked"])
            // What an operator has revoked stays revoked.
            #expect(try await registry.reopen("a.example") == 1)
            #expect(try await states(fixture, old) == ["revoked", "good"])
            #expect(try await registry.reopen("a.example") == 0)
        }
    }

    @Test func aRestartWithTheFilesInPlaceRevokesNothing() async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = try await token(fixture, "1")
            // Removed and restored between two applies.
            try fixture.remove("a.example")
            try fixture.write("site_name: A\n", host: "a.example")
            _ = try await apply(fixture)
            try await fixture.restarted { fixture in
                let states = try await states(fixture, [old])
                #expect(states == ["good"])
                // Nor when its file had mistakes at a start, and is corrected.
                try fixture.write("no_such_key: 1\n", host: "a.example")
                try await fixture.restarted { fixture in
                    #expect(fixture.daemon.registry["a.example"] == nil)
                    try fixture.write("{}", host: "a.example")
                    let losses = try await apply(fixture).losses
                    #expect(losses.isEmpty)
                    let states = try await self.states(fixture, [old])
                    #expect(states == ["good"])
                }
            }
        }
    }

    /// Whether the daemon ran when the file was removed, and when it was restored.
    @Test(arguments: [true, false], [true, false])
    func itIsKnownOverRestarts(isRunningThen: Bool, runsAgain: Bool) async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = try await token(fixture, "1")
            if isRunningThen { try await leave(fixture) } else { try fixture.remove("a.example") }
            try await fixture.restarted { fixture in
                #expect(fixture.daemon.registry["a.example"] == nil)
                try fixture.write("{}", host: "a.example")
                if runsAgain {
                    let losses = try await apply(fixture).losses
                    #expect(losses.hosts.count == 1)
                    let states = try await states(fixture, [old])
                    #expect(states == ["revoked"])
                } else {
                    try await fixture.restarted { fixture in
                        let states = try await states(fixture, [old])
                        #expect(states == ["revoked"])
                        let summaries = await fixture.daemon.configuration.startEvents.map(\.summary)
                        #expect(
                            summaries.contains("domains came back, whose invites from before are revoked: a.example"))
                    }
                }
            }
        }
    }

    @Test func aClockThatWasSetBackHidesNone() async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            fixture.controlled.advance(byMilliseconds: 3_600_000)
            let old = try await token(fixture, "1")
            try await leave(fixture)
            try fixture.write("{}", host: "a.example")
            fixture.controlled.setClock(forwardByMilliseconds: -1_800_000)
            _ = try await apply(fixture)
            let new = try await token(fixture, "2")
            #expect(try await states(fixture, [old, new]) == ["revoked", "good"])
        }
    }

    /// Whether the domain is restored at the start, or runs as before.
    @Test(arguments: [true, false])
    func aDamagedFileLetsNoneBeForgotten(comesBack: Bool) async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = try await token(fixture, "1")
            if comesBack {
                try await leave(fixture)
                try fixture.write("{}", host: "a.example")
            }
            let ending = Task { await fixture.daemon.shutDown(within: .seconds(1)) }
            await ending.value
            try fixture.directory.write("{\"a.exa", to: "state/configuration/away.json")
            try await fixture.restarted { fixture in
                #expect(try await states(fixture, [old]) == [comesBack ? "revoked" : "good"])
                try await fixture.restarted { fixture in
                    // What is done is not done again.
                    let events = await fixture.daemon.configuration.startEvents
                    #expect(events.isEmpty)
                }
            }
        }
    }

    /// A start would forget all domains that are away.
    @Test func aListThatCannotBeReadIsNoEmptyOne() async throws {
        try await DaemonFixture.with(Self.hosts) { fixture in
            _ = try await token(fixture, "1")
            #expect(fixture.daemon.registry.domainsWithDatabase() == ["a.example"])
            let ending = Task { await fixture.daemon.shutDown(within: .seconds(1)) }
            await ending.value
            #expect(fixture.daemon.registry.domainsWithDatabase() == nil)
        }
    }

    @Test func anUndoBringsThemBack() async throws {
        let timeout = try Lifetime("5m")
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = try await token(fixture, "1")
            let configuration = fixture.daemon.configuration
            // Not confirmed, its domain has not left.
            try await leave(fixture, confirmWithin: timeout)
            _ = try await configuration.undo(to: nil, expecting: nil)
            #expect(try await states(fixture, [old]) == ["good"])
            try fixture.write("{}", host: "a.example")
            _ = try await apply(fixture)
            try await leave(fixture)
            #expect(try await configuration.planUndo(to: nil).plan.losses.isEmpty)
            _ = try await configuration.undo(to: nil, expecting: nil)
            #expect(try await states(fixture, [old]) == ["good"])
        }
        try await DaemonFixture.with(Self.hosts) { fixture in
            let old = try await token(fixture, "1")
            try await leave(fixture, confirmWithin: timeout)
            _ = try await fixture.daemon.configuration.confirm()
            try fixture.write("{}", host: "a.example")
            #expect(try await apply(fixture).losses.hosts.count == 1)
            #expect(try await states(fixture, [old]) == ["revoked"])
        }
    }

    @Test func nameGivenAwaySinceIsNotTakenBack() async throws {
        try await DaemonFixture.with(["a.example": "admins: [admin@a.example]\n"]) { fixture in
            let registry = fixture.daemon.registry
            func make() async throws -> Token {
                fixture.controlled.advance(byMilliseconds: 1)
                let request = OperatorRequest(.account(username: "juliet", contact: nil))
                return try await registry.invite(request, on: "a.example").invite.invite.token
            }
            let old = try await make()
            try await leave(fixture)
            try fixture.write("{}", host: "a.example")
            _ = try await apply(fixture)
            let new = try await make()
            #expect(try await registry.reopen("a.example") == 0)
            #expect(try await states(fixture, [old, new]) == ["revoked", "good"])
        }
    }
}
