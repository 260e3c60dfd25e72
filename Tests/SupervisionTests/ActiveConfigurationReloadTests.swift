import Configuration
import TestSupport
import Testing
import XMPP
import YAML

@testable import Accounts
@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct ActiveConfigurationReloadTests {
    @Test func whatChangedChangesAndNothingElse() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}", "c.example": "{}"]) { fixture in
            #expect(fixture.daemon.hostCounts == (3, 0))
            let (a, b) = (fixture.endpoint("a.example"), fixture.endpoint("b.example"))
            let c = try #require(fixture.router.currentTable.hosts["c.example"])
            try fixture.write("allow_contact_invites: false\n", host: "b.example")
            try fixture.remove("c.example")
            try fixture.write("{}", host: "d.example")
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 1, removed: 1, changed: 1, unchanged: 1))
            #expect(fixture.daemon.hostCounts == (3, 0))
            // The same services as before: their queues, databases and troubles stay theirs.
            #expect(fixture.endpoint("a.example") === a && fixture.endpoint("b.example") === b)
            #expect(fixture.endpoint("c.example") == nil)
            // A caller that still has the old service gets an error from it.
            let late = set(command(Namespaces.inviteCommand), from: "carol@c.example/r", to: component)
            let request = try #require(InboundRequest(direct: late))
            #expect(c.endpoint.offer(request, under: c.host) == StanzaError(.itemNotFound))
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "a").uri != nil)
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "b").stanzaError?.condition == .forbidden)
            #expect(try await fixture.invite(by: "carol@c.example/r", id: "c").stanzaError?.condition == .forbidden)
            #expect(try await fixture.invite(by: "dave@d.example/r", id: "d").uri != nil)
            let delegated = envelope(
                set(command(Namespaces.inviteCommand), from: "carol@c.example/r", to: "c.example"), by: "c.example")
            #expect(try await fixture.answer(to: delegated).stanzaError?.condition == .forbidden)

            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 0, removed: 0, changed: 0, unchanged: 3))
        }
    }

    @Test func aBadFileRefusesAll() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"]) { fixture in
            let before = fixture.endpoint("a.example")
            try fixture.write("allow_contact_invites: false\n", host: "a.example")
            try fixture.write("allow_contact_invites: maybe\nwhat: 1\n", host: "b.example")
            try fixture.remove("b.example")
            try fixture.write("admins: [not a jid@]\n", host: "c.example")
            guard case .refused(let mistakes) = await fixture.daemon.configuration.reload() else {
                Issue.record("applied")
                return
            }
            #expect(mistakes.allSatisfy { $0.file.hasSuffix("config.d/c.example.yaml") } && !mistakes.isEmpty)
            #expect(fixture.endpoint("a.example") === before)
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "a").uri != nil)
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "b").uri != nil)
            #expect(fixture.controlled.log.items.contains { $0.hasPrefix("error configuration refused") })

            try fixture.remove("c.example")
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 0, removed: 1, changed: 1, unchanged: 0))
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "c").stanzaError?.condition == .forbidden)
        }
    }

    @Test func aBadDaemonFileRefusesAll() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.directory.write("component: [", to: "invited.yaml")
            guard case .refused = await fixture.daemon.configuration.reload() else {
                Issue.record("applied")
                return
            }
            #expect(try await fixture.invite(by: "alice@a.example/r").uri != nil)
        }
    }

    @Test func aHostRefusedAtStartStartsOnceItsFileIsMended() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "admins: {}\n"]) { fixture in
            #expect(fixture.daemon.hostCounts == (1, 1))
            #expect(try await fixture.invite(by: "alice@a.example/r", id: "a").uri != nil)
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "b").stanzaError?.condition == .forbidden)
            guard case .refused = await fixture.daemon.configuration.reload() else {
                Issue.record("applied")
                return
            }
            #expect(fixture.daemon.hostCounts == (1, 1))
            try fixture.write("{}", host: "b.example")
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 1, removed: 0, changed: 0, unchanged: 1))
            #expect(fixture.daemon.hostCounts == (2, 0))
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "b2").uri != nil)
        }
    }

    @Test func aServiceAddressMoves() async throws {
        let address = "service_address: invites.a.example\n"
        try await DaemonFixture.with(["a.example": address, "b.example": "{}"]) { fixture in
            let service: JID = "invites.a.example"
            #expect(try await fixture.invite(by: "alice@a.example/r", at: service, id: "1").uri != nil)
            #expect(
                try await fixture.invite(by: "bob@b.example/r", at: service, id: "2").stanzaError?.condition
                    == .forbidden)
            try fixture.write("{}", host: "a.example")
            try fixture.write(address, host: "b.example")
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 0, removed: 0, changed: 2, unchanged: 0))
            #expect(
                try await fixture.invite(by: "alice@a.example/r", at: service, id: "3").stanzaError?.condition
                    == .forbidden)
            #expect(try await fixture.invite(by: "bob@b.example/r", at: service, id: "4").uri != nil)
            try fixture.write("{}", host: "b.example")
            _ = await fixture.daemon.configuration.reload()
            #expect(
                try await fixture.invite(by: "bob@b.example/r", at: service, id: "5").stanzaError?.condition
                    == .itemNotFound)
        }
    }

    @Test func anAdminByDefaultIsAskedForTheHostsThereAreNow() async throws {
        let defaults = "defaults: {admins: [root@provider.example]}"
        try await DaemonFixture.with(["a.example": "{}", "b.example": "admins: []\n"], daemon: defaults) { fixture in
            func ask(_ id: String) async throws -> DataForm? {
                let payload = command(Namespaces.createAccountCommand)
                return try await fixture.answer(
                    to: set(payload, from: "root@provider.example/r", to: component, id: id)
                ).form
            }
            #expect(try await ask("1")?["username"] != nil)
            try fixture.write("{}", host: "c.example")
            _ = await fixture.daemon.configuration.reload()
            #expect(try await ask("2")?["host"]?.options.map(\.value) == ["a.example", "c.example"])
        }
    }

    @Test func aHostThatComesBackStillHasItsGrants() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            let grant = Element("delegation", namespace: "urn:xmpp:delegation:2")
            fixture.router.receive([.message(Message(from: "a.example", to: component, children: [grant]))])
            #expect(fixture.router.servers.grants["a.example"] != nil)
            try fixture.remove("a.example")
            _ = await fixture.daemon.configuration.reload()
            // The server announces them once a connection, not again for a file that was missing for a while.
            #expect(fixture.router.servers.grants["a.example"] != nil)
        }
    }

    @Test func whatNeedsARestartIsSaid() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.directory.makeDirectory("other.d")
            try fixture.directory.write("{}", to: "other.d/other.example.yaml")
            try fixture.directory.write(
                "component: {jid: invites.host.example, secret: x}\nstate_directory: state\nhosts_directory: other.d\n",
                to: "invited.yaml")
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 1, removed: 1, changed: 0, unchanged: 0))
            #expect(try await fixture.invite(by: "olga@other.example/r").uri != nil)
            let warnings = fixture.controlled.log.items.filter { $0.hasPrefix("warning") }
            #expect(
                warnings == [
                    "warning the configuration takes something away lost=a.example (no longer served)",
                    "warning settings that take effect after a restart keys=component.server, component.secret",
                ])
        }
    }
}
