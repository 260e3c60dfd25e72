import Configuration
import Synchronization
import TestSupport
import Testing

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision
@testable import XMPP

@Suite(.timeLimit(.minutes(5))) struct StanzaWatchTests {
    private let files = [
        "a.example": "admins: [admin@a.example]\nservice_address: invites.a.example",
        "b.example": "admins: [staff@a.example, admin@a.example]",
    ]

    private func shown(
        _ fixture: DaemonFixture, _ iq: IQ, to host: String = "b.example", whoSees hosts: Set<String>? = nil
    ) -> Bool {
        let seen = Mutex(0)
        let isSeen: @Sendable (String) -> Bool = { hosts?.contains($0) ?? true }
        let watch = fixture.daemon.component.watch(host, naming: isSeen) { _ in seen.withLock { $0 += 1 } }
        defer { watch.end() }
        fixture.daemon.component.connection.outlet.tap.received(iq.element(), .iq(iq))
        return seen.withLock { $0 } == 1
    }

    @Test func aHostsStanzasAreItsOwnWhicheverWayTheyCome() async throws {
        try await DaemonFixture.with(files) { fixture in
            let payload = command(Namespaces.inviteCommand)
            func from(_ from: JID, _ to: JID) -> IQ { set(payload, from: from, to: to) }
            #expect(shown(fixture, from("b.example", component)))
            #expect(!shown(fixture, from("a.example", component)))
            #expect(shown(fixture, from("bob@b.example/r", component)))
            #expect(!shown(fixture, from("alice@a.example/r", component)))
            // One of its admins, who lives elsewhere.
            #expect(shown(fixture, from("staff@a.example/r", component)))
            #expect(!shown(fixture, from("staff@a.example/r", "invites.a.example")))
            #expect(shown(fixture, from("eve@evil.example/r", "invites.a.example"), to: "a.example"))
            #expect(!shown(fixture, from("eve@evil.example/r", "invites.a.example")))
            #expect(!shown(fixture, from("eve@evil.example/r", component)))
            // A user's request to another host is shown to callers who see that host.
            #expect(shown(fixture, from("bob@b.example/r", "invites.a.example")))
            #expect(!shown(fixture, from("bob@b.example/r", "invites.a.example"), whoSees: ["b.example"]))
            #expect(fixture.daemon.component.stanzaWatchers == 0)
        }
    }

    @Test func whatAnAdminOfSeveralHostsSaysIsForWhoSeesThemAll() async throws {
        try await DaemonFixture.with(files) { fixture in
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            // The host of the account was asked for before: the stanza itself does not name it.
            let form = submission(["username": "juliet"])
            let named = set(
                command(Namespaces.createAccountCommand, form: form), from: "admin@a.example/r", to: component)
            for host in ["a.example", "b.example"] {
                #expect(shown(fixture, named, to: host))
                #expect(shown(fixture, named, to: host, whoSees: ["a.example", "b.example"]))
                #expect(!shown(fixture, named, to: host, whoSees: [host]))
            }
            let staff = set(command(Namespaces.createAccountCommand), from: "staff@a.example/r", to: component)
            #expect(shown(fixture, staff, whoSees: ["b.example"]))
            #expect(!shown(fixture, staff, to: "a.example", whoSees: ["a.example"]))
        }
    }

    @Test func answersAreShownAsTheyAreOnTheWire() async throws {
        try await DaemonFixture.with(files) { fixture in
            let out = Inbox<WatchedStanza>()
            let watch = fixture.daemon.component.watch("b.example") { out.put($0) }
            let answer = try await fixture.invite(by: "bob@b.example/r")
            let seen = try await out.next()
            #expect(seen.direction == .out && seen.time == fixture.controlled.now && seen.leftOut == 0)
            #expect(seen.element == answer.element())
            _ = try await fixture.invite(by: "alice@a.example/r", id: "other")
            // Of an admin who lives elsewhere, but about another host.
            let account = command(Namespaces.createAccountCommand, form: submission([:]))
            _ = try await fixture.answer(to: set(account, from: "admin@a.example/r", to: "invites.a.example", id: "o"))
            #expect(out.items.isEmpty)
            watch.end()
            _ = try await fixture.invite(by: "bob@b.example/r", id: "unseen")
            #expect(out.items.isEmpty && fixture.daemon.component.stanzaWatchers == 0)
        }
    }

    @Test func moreThanSomeInASecondAreLeftOutAndCounted() async throws {
        try await DaemonFixture.with(files) { fixture in
            let seen = Inbox<WatchedStanza>()
            let watch = fixture.daemon.component.watch("b.example") { seen.put($0) }
            defer { watch.end() }
            let iq = set(command(Namespaces.inviteCommand), from: "b.example", to: component)
            let tap = fixture.daemon.component.connection.outlet.tap
            for _ in 0..<ComponentService.watchedPerSecond + 70 { tap.received(iq.element(), .iq(iq)) }
            #expect(seen.items.count == ComponentService.watchedPerSecond)
            #expect(seen.items.allSatisfy { $0.leftOut == 0 })
            fixture.controlled.advance(byMilliseconds: 1000)
            tap.received(iq.element(), .iq(iq))
            #expect(seen.items.last?.leftOut == 70)
        }
    }

    @Test func whatFindsNoConnectionIsNotShown() {
        let outlet = Outlet()
        let seen = Mutex(0)
        let watcher = outlet.tap.add { _, _, _, _ in
            true
        } _: { _ in
            seen.withLock { $0 += 1 }
        }
        outlet.send(set(command(Namespaces.inviteCommand), from: "b.example", to: component))
        var answers = Outlet.Answers(of: "b.example", for: outlet)
        answers.write(set(command(Namespaces.inviteCommand), from: "b.example", to: component))
        outlet.send(answers)
        #expect(seen.withLock { $0 } == 0 && outlet.dropped == 2)
        outlet.tap.remove(watcher)
        #expect(outlet.tap.count == 0)
    }
}
