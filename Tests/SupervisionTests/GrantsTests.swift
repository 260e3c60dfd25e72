import Configuration
import TestSupport
import Testing
import XMPP

@testable import Accounts
@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct GrantsTests {
    private let delegation = Element(
        "delegation", namespace: "urn:xmpp:delegation:2",
        children: [
            Element(
                "delegated", namespace: "urn:xmpp:delegation:2", attributes: ["namespace": Namespaces.discoItems]),
            Element(
                "delegated", namespace: "urn:xmpp:delegation:2", attributes: ["namespace": Namespaces.commands]),
        ])

    private func privilege(_ namespace: String) -> Element {
        Element(
            "privilege", namespace: namespace,
            children: [
                Element("perm", namespace: namespace, attributes: ["type": "both", "access": "roster"]),
                Element("perm", namespace: namespace, attributes: ["type": "none", "access": "presence"]),
                Element("perm", namespace: namespace, attributes: ["type": "outgoing", "access": "message"]),
            ])
    }

    private func message(from: JID, to: JID = component, type: String? = nil, _ children: Element...) -> Stanza {
        .message(Message(from: from, to: to, type: type, children: children))
    }

    private let hosts = [HostConfiguration(host: "a.example"), HostConfiguration(host: "b.example")]

    @Test(arguments: ["urn:xmpp:privilege:1", "urn:xmpp:privilege:2"]) func theyAreKeptByHost(_ version: String)
        async throws
    {
        try await ComponentFixture.with(hosts) { fixture in
            fixture.router.receive([
                message(from: "a.example", delegation), message(from: "a.example", privilege(version)),
                message(from: "b.example", privilege(version), delegation),
            ])
            let grants = fixture.router.servers.grants
            #expect(grants["a.example"]?.delegated == [Namespaces.commands, Namespaces.discoItems])
            #expect(grants["a.example"]?.privileges == ["message: outgoing", "roster: both"])
            #expect(grants["b.example"] == grants["a.example"])
        }
    }

    /// ejabberd announces the grants of each of our addresses.
    @Test func whatAnotherAddressMayIsNotKept() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            let version = "urn:xmpp:privilege:2"
            let nothing = Element("privilege", namespace: version)
            fixture.router.receive([
                message(from: "a.example", privilege(version)),
                message(from: "a.example", to: "invites.a.example", nothing, delegation),
            ])
            let grants = fixture.router.servers.grants["a.example"]
            #expect(grants?.rosterAccess == "both")
            #expect(grants?.delegatesCommands == true)
        }
    }

    /// A server announces them once, and the host's file may be added later.
    @Test func thoseOfADomainWithoutAFileAreKept() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            fixture.router.receive([message(from: "c.example", delegation)])
            #expect(fixture.router.servers.grants["c.example"]?.delegatesCommands == true)
            for number in 0..<Grants.mostOthers + 100 {
                fixture.router.receive([message(from: try JID("d\(number).example"), delegation)])
            }
            #expect(fixture.router.servers.grants.all.count == hosts.count + Grants.mostOthers)
            fixture.router.receive([message(from: "b.example", delegation)])
            #expect(fixture.router.servers.grants["b.example"]?.delegatesCommands == true)
        }
    }

    @Test func aDelegatedRequestIsProof() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            func ask(_ asker: JID, _ address: JID, by host: JID) async throws {
                let request = set(command(Namespaces.inviteCommand), from: asker, to: address)
                _ = try await fixture.answers(to: [envelope(request, by: host)])
            }
            // At a user's account, or at a host that is not the server's own, it proves nothing about the host.
            try await ask("alice@a.example/r", "alice@a.example", by: "a.example")
            try await ask("alice@a.example/r", "b.example", by: "a.example")
            #expect(fixture.router.servers.grants["a.example"]?.delegatesCommands != true)
            #expect(fixture.router.servers.grants["b.example"] == nil)
            try await ask("eve@evil.example/r", "a.example", by: "a.example")
            #expect(fixture.router.servers.grants["a.example"]?.delegated == [Namespaces.commands])
        }
    }

    @Test func onlyAHostItselfTellsThem() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            fixture.router.receive([
                message(from: "alice@a.example", delegation),
                message(from: "a.example/x", delegation), message(from: "a.example", type: "error", delegation),
                message(from: component, privilege("urn:xmpp:privilege:2")), message(from: "a.example", query("x")),
            ])
            for host in ["a.example", component.domain] { #expect(fixture.router.servers.grants[host] == nil) }
        }
    }

    @Test func anotherConnectionStartsWithNone() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            fixture.router.receive([message(from: "a.example", delegation)])
            #expect(fixture.router.servers.grants["a.example"] != nil)
            fixture.router.connected()
            #expect(fixture.router.servers.grants["a.example"] == nil)
        }
    }
}
