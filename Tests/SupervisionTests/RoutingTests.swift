import Configuration
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// Every request of any kind gets exactly one answer, from the address it was sent to; other stanzas get none.
@Suite(.timeLimit(.minutes(5))) struct RoutingTests {
    static let hosts = [
        HostConfiguration(
            host: "a.example", admins: ["admin@a.example", "staff@b.example"], serviceAddress: "invites.a.example"),
        HostConfiguration(host: "b.example", admins: ["staff@b.example"], allowContactInvites: false),
    ]

    static let payloads: [Element] = [
        command(Namespaces.inviteCommand), command(Namespaces.inviteCommand, action: "cancel", session: "1"),
        command(Namespaces.createAccountCommand),
        command(Namespaces.createAccountCommand, form: submission(["username": "j", "host": "b.example"])),
        command("config"), Element("command", namespace: Namespaces.commands),
        query(Namespaces.discoInfo), query(Namespaces.discoInfo, node: Namespaces.inviteCommand),
        query(Namespaces.discoInfo, node: "urn:xmpp:delegation:2::\(Namespaces.commands)"),
        query(Namespaces.discoItems), query(Namespaces.discoItems, node: Namespaces.commands),
        query(Namespaces.discoItems, node: "some:other"), Element("ping", namespace: Namespaces.ping),
        query("jabber:iq:register"), Element("delegation", namespace: "urn:xmpp:delegation:1"),
        Element("delegation", namespace: "urn:xmpp:delegation:3"), Element("x", namespace: ""),
    ]

    static let senders: [JID] = [
        "alice@a.example/r", "admin@a.example/r", "staff@b.example/r", "bob@b.example", "eve@evil.example/r",
        "a.example",
        "b.example", "evil.example", "invites.host.example", "invites.host.example/x", "a.example/x",
    ]

    /// The requests of a table, in the order of `ids`.
    private func check(
        _ fixture: ComponentFixture, _ requests: [IQ], _ verify: (_ request: IQ, _ answer: IQ) throws -> Void
    ) async throws {
        var numbered: [String: IQ] = [:]
        for (index, request) in requests.enumerated() {
            var request = request
            request.id = "q\(index)"
            numbered[request.id] = request
        }
        let all = numbered.values.sorted { $0.id < $1.id }
        // Fewer at once than a host's mailbox holds.
        for start in stride(from: 0, to: all.count, by: 500) {
            let part = Array(all[start..<min(start + 500, all.count)])
            let answers = try await fixture.answers(to: part)
            #expect(answers.count == part.count)
            let byID = Dictionary(grouping: answers, by: \.id)
            for request in part {
                let found = byID[request.id] ?? []
                #expect(found.count == 1, "\(request.element().xml()) got \(found.map { $0.element().xml() })")
                guard let answer = found.first else { continue }
                #expect(!answer.isRequest)
                #expect(answer.to == request.from)
                // Servers end the stream for want of a sender.
                #expect(answer.from == request.to ?? component)
                try verify(request, answer)
            }
        }
    }

    @Test func directRequests() async throws {
        let addresses: [JID?] = [
            component, "invites.host.example/x", "user@invites.host.example", "invites.a.example",
            "user@invites.a.example/x", "nobody.example", "a.example", "alice@a.example", nil,
        ]
        var requests: [IQ] = []
        for sender in Self.senders {
            for address in addresses {
                for payload in Self.payloads {
                    requests.append(get(payload, from: sender, to: address))
                    requests.append(set(payload, from: sender, to: address))
                }
            }
        }
        try await ComponentFixture.with(Self.hosts) { fixture in
            try await check(fixture, requests) { request, answer in
                guard let to = request.to, let from = request.from else { return }
                let isOurs = to == component || to == "invites.a.example"
                let isNesting = request.request?["node"]?.hasPrefix("urn:xmpp:delegation") == true && from.isDomain
                if !isOurs, !isNesting { #expect(answer.stanzaError != nil) }
                // No link is sent to a sender who may not have it.
                if answer.uri != nil {
                    #expect(from.localpart != nil && ["a.example", "b.example"].contains(from.domain) && isOurs)
                }
            }
        }
    }

    @Test(arguments: DelegationVersion.allCases) func delegatedRequests(_ version: DelegationVersion) async throws {
        let addresses: [JID?] = [
            "a.example", "b.example", "alice@a.example", "alice@a.example/r", "a.example/x", component,
            "user@invites.host.example", nil,
        ]
        var requests: [IQ] = []
        for sender in Self.senders where sender.isDomain || sender.localpart == "alice" || sender.resource == "x" {
            for asker in [
                "alice@a.example/r", "admin@a.example/r", "staff@b.example/r", "bob@b.example/r", "a.example",
            ] as [JID] {
                for address in addresses {
                    for payload in Self.payloads {
                        let inner = [
                            get(payload, from: asker, to: address, id: "0"),
                            set(payload, from: asker, to: address, id: "0"),
                        ]
                        requests += inner.map { envelope($0, by: sender, version: version) }
                    }
                }
            }
        }
        try await ComponentFixture.with(Self.hosts) { fixture in
            try await check(fixture, requests) { request, answer in
                let sent = try DelegatedRequest(request).request
                guard let host = request.from, host.isDomain, ["a.example", "b.example", component].contains(host),
                    (sent.to ?? sent.from)?.domain == host.domain
                else {
                    // To the server, not to the client: nothing in it can be trusted.
                    #expect(answer.stanzaError?.condition == .forbidden)
                    return
                }
                let inner = try #require(answer.unwrapped(version), "\(answer.element().xml())")
                #expect(inner.id == "0" && inner.to == sent.from && inner.from == sent.to && !inner.isRequest)
                if inner.uri != nil {
                    #expect(sent.to == host && host.isDomain && sent.from?.localpart != nil)
                    if sent.request?["node"] == Namespaces.inviteCommand, host != component {
                        #expect(sent.from?.domain == host.domain)
                    }
                }
                if sent.to != host { #expect(inner.form == nil, "an account has no commands") }
            }
        }
    }

    /// XEP-0355 §4.3: the envelope is sent to the component; one at another address is not from a server.
    @Test func anEnvelopeIsTakenAtTheComponentAndAtItsHostsOwnAddress() async throws {
        let inner = set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: "a.example", id: "0")
        try await ComponentFixture.with(Self.hosts) { fixture in
            for (address, isTaken) in [
                (component, true), ("invites.a.example", true), (nil, true),
                ("invites.b.example", false), ("a.example", false), ("other.example", false),
                ("user@invites.host.example", false), ("invites.host.example/x", false),
            ] as [(JID?, Bool)] {
                try await check(fixture, [envelope(inner, by: "a.example", to: address)]) { _, answer in
                    if isTaken {
                        #expect(answer.unwrapped()?.uri != nil, "\(address as Any)")
                    } else {
                        #expect(answer.stanzaError?.condition == .forbidden, "\(address as Any)")
                    }
                }
            }
        }
    }

    @Test func whatIsNoRequestIsNotAnswered() async throws {
        try await ComponentFixture.with(Self.hosts) { fixture in
            var stanzas: [Stanza] = []
            for from in [nil] + Self.senders.map(Optional.some) {
                for to in [component, "invites.a.example", nil] as [JID?] {
                    stanzas += [
                        .iq(IQ(from: from, to: to, id: "1", body: .result(nil))),
                        .iq(IQ(from: from, to: to, id: "1", body: .result(command(Namespaces.inviteCommand)))),
                        .iq(IQ(from: from, to: to, id: "1", body: .error(StanzaError(.forbidden)))),
                        .message(Message(from: from, to: to, children: [])),
                        .message(
                            Message(from: from, to: to, children: [command(Namespaces.inviteCommand)])),
                        .message(Message(from: from, to: to, type: "error", children: [])),
                        .presence(Presence(from: from, to: to)),
                        .presence(Presence(from: from, to: to, type: "subscribe")),
                        .presence(Presence(from: from, to: to, type: "error")),
                    ]
                }
                stanzas.append(.iq(set(command(Namespaces.inviteCommand), from: nil, to: component)))
                stanzas.append(
                    .iq(envelope(set(command(Namespaces.inviteCommand), from: from, to: "a.example"), by: nil)))
            }
            fixture.router.receive(stanzas)
            await fixture.inFlight.waitUntilNone()
            try await fixture.wire.flush()
            #expect(fixture.wire.all == [])
        }
    }

    @Test func aMalformedEnvelopeIsRefusedToItsServer() async throws {
        let inner = set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: "a.example")
        let client = inner.element(namespace: Namespaces.client)
        func wrap(_ children: [Element]) -> IQ {
            set(
                Element("delegation", namespace: DelegationVersion.v2.namespace, children: children), from: "a.example",
                to: component)
        }
        func forwarded(_ children: [Element]) -> Element {
            Element("forwarded", namespace: Namespaces.forward, children: children)
        }
        let result = IQ(from: "alice@a.example/r", to: "a.example", id: "0", body: .result(nil))
        let requests = [
            wrap([]), wrap([forwarded([])]), wrap([client]), wrap([forwarded([inner.element()])]),
            wrap([forwarded([result.element(namespace: Namespaces.client)])]),
            wrap([forwarded([set(command("x"), from: nil, to: "a.example").element(namespace: Namespaces.client)])]),
        ]
        try await ComponentFixture.with(Self.hosts) { fixture in
            try await check(fixture, requests) { _, answer in
                #expect(answer.stanzaError?.condition == .badRequest)
            }
        }
    }

    /// A command of a user to his own account, as Prosody hands it over: without `to`.
    @Test func anAccountHasNoCommands() async throws {
        try await ComponentFixture.with(Self.hosts) { fixture in
            let inner = set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: nil, id: "0")
            let answer = try #require(
                try await fixture.answers(to: [envelope(inner, by: "a.example")]).first?.unwrapped())
            #expect(answer.stanzaError?.condition == .itemNotFound)
            #expect(answer.from == nil && answer.to == "alice@a.example/r" && answer.id == "0")
        }
    }

    @Test func allWaysLeadToTheSameHost() async throws {
        try await ComponentFixture.with(Self.hosts) { fixture in
            let invite = command(Namespaces.inviteCommand)
            let alice: JID = "alice@a.example/r"
            let ways = [
                set(invite, from: alice, to: component), set(invite, from: alice, to: "invites.a.example"),
                envelope(set(invite, from: alice, to: "a.example"), by: "a.example"),
                envelope(set(invite, from: alice, to: component), by: component),
            ]
            var links: [String] = []
            for way in ways {
                let answer = try #require(try await fixture.answers(to: [way]).first)
                links.append(try #require((answer.unwrapped() ?? answer).uri))
            }
            #expect(Set(links).count == 4)
            #expect(links.allSatisfy { $0.hasPrefix("xmpp:alice@a.example?roster;preauth=") && !$0.contains("ibr") })
            #expect(try await fixture.databases.store(for: "a.example").count() == 4)
            #expect(try fixture.databases.hostsWithInvites() == ["a.example"])
        }
    }

    @Test func theServiceAddressIsOneHosts() async throws {
        try await ComponentFixture.with(Self.hosts) { fixture in
            let foreign = set(command(Namespaces.inviteCommand), from: "bob@b.example/r", to: "invites.a.example")
            #expect(try await fixture.answers(to: [foreign]).first?.stanzaError?.condition == .forbidden)
            // staff administers both hosts, and is not asked which.
            let account = set(
                command(Namespaces.createAccountCommand, form: submission([:])), from: "staff@b.example/r",
                to: "invites.a.example")
            let uri = try #require(try await fixture.answers(to: [account]).first?.uri)
            #expect(uri.hasPrefix("xmpp:a.example?register;preauth="))
        }
    }

    @Test func theSharedAddressAsksWhichHost() async throws {
        try await ComponentFixture.with(Self.hosts) { fixture in
            let staff: JID = "staff@b.example/r"
            func ask(_ session: String?, _ form: DataForm?) async throws -> IQ {
                let payload = command(Namespaces.createAccountCommand, session: session, form: form)
                return try #require(try await fixture.answers(to: [set(payload, from: staff, to: component)]).first)
            }
            let choice = try await ask(nil, nil)
            #expect(choice.form?["host"]?.options.map(\.value) == ["a.example", "b.example"])
            let session = choice.payload?["sessionid"]
            #expect(try await ask(session, submission(["host": "a.example"])).form?["username"] != nil)
            let made = try await ask(session, submission(["username": "Juliet"]))
            #expect(made.payload?["sessionid"] == session)
            #expect(made.uri?.hasPrefix("xmpp:juliet@a.example?register;preauth=") == true)
            #expect(try await fixture.databases.store(for: "a.example").count() == 1)
        }
    }
}
