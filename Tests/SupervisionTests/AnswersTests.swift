import Invites
import Languages
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// Discovery and ping.
@Suite struct AnswersTests {
    private func answer(_ iq: IQ, _ permissions: Permissions) throws -> IQ {
        RequestTable.answer(try #require(InboundRequest(direct: iq)), permissions: permissions)
    }

    private func permissions(_ asker: Asker, _ switches: Switches) -> Permissions {
        Permissions(of: Account(asker.address), under: switches.policy)
    }

    @Test(arguments: Asker.allCases, Switches.allCases)
    func theListHidesWhatIsForbidden(_ asker: Asker, _ switches: Switches) throws {
        for to in ["a.example", "invites.a.example", "invites.host.example"] as [JID] {
            let answer = try answer(
                get(
                    query(Namespaces.discoItems, node: Namespaces.commands), from: asker.address, to: to, language: "de"
                ),
                permissions(asker, switches))
            let payload = try #require(answer.payload)
            #expect(payload.is("query", Namespaces.discoItems))
            #expect(payload["node"] == Namespaces.commands)
            let items = Array(payload.children)
            #expect(items.map { $0["node"] } == CommandTable.nodes.filter { switches.lets(asker, use: $0) })
            for item in items {
                #expect(item["jid"] == to.description)
                #expect(Set(item.attributes.map(\.name)) == ["jid", "node", "name"])
                let isInvite = item["node"] == Namespaces.inviteCommand
                #expect(item["name"] == (isInvite ? Texts.german[.commandInvite] : Texts.german[.commandCreateAccount]))
            }
        }
    }

    @Test(arguments: Asker.allCases, Switches.allCases)
    func aNodeThatIsForbiddenIsNotThere(_ asker: Asker, _ switches: Switches) throws {
        for node in CommandTable.nodes + ["urn:xmpp:invite#other"] {
            let answer = try answer(
                get(query(Namespaces.discoInfo, node: node), from: asker.address, to: "a.example"),
                permissions(asker, switches))
            guard switches.lets(asker, use: node) else {
                #expect(answer.stanzaError == StanzaError(.itemNotFound), "\(node)")
                continue
            }
            let payload = try #require(answer.payload)
            #expect(payload["node"] == node)
            let identity = try #require(payload.child("identity", namespace: Namespaces.discoInfo))
            #expect(identity["category"] == "automation" && identity["type"] == "command-node")
            #expect(identity["name"]?.isEmpty == false)
            let features = payload.children.filter { $0.name == "feature" }.compactMap { $0["var"] }
            #expect(features.contains(Namespaces.commands))
        }
    }

    @Test func theAddressTellsWhatItCanDo() throws {
        let nobody = Permissions(contactHost: nil, accountHosts: [])
        for node in [nil, ""] as [String?] {
            let payload = try #require(
                try answer(get(query(Namespaces.discoInfo, node: node), from: "bob@b.example/r", to: component), nobody)
                    .payload)
            let features = payload.children.filter { $0.name == "feature" }.compactMap { $0["var"] }
            #expect(Set(features).isSuperset(of: [Namespaces.discoInfo, Namespaces.discoItems, Namespaces.commands]))
            #expect(payload.child("identity", namespace: Namespaces.discoInfo)?["category"] == "component")
        }
        let list = try #require(
            try answer(
                get(query(Namespaces.discoInfo, node: Namespaces.commands), from: "bob@b.example/r", to: component),
                nobody
            ).payload)
        #expect(list.child("identity", namespace: Namespaces.discoInfo)?["type"] == "command-list")
    }

    @Test func pingIsAnsweredWithNothing() throws {
        let ping = get(Element("ping", namespace: Namespaces.ping), from: "bob@b.example/r", to: component)
        let answer = try answer(ping, Permissions(contactHost: nil, accountHosts: []))
        #expect(answer == IQ(from: component, to: "bob@b.example/r", id: "r", body: .result(nil)))
    }

    /// A server that delegates its users' addresses too asks for them, with and without `to`.
    @Test(arguments: [nil, "alice@a.example", "bob@a.example", "a.example/x"] as [JID?])
    func accountsHaveNoCommands(_ account: JID?) throws {
        let all = Permissions(contactHost: "a.example", accountHosts: ["a.example"])
        func ask(_ iq: IQ) throws -> IQ {
            let answer = try answer(iq, all)
            #expect(answer.from == account && answer.to == "alice@a.example/r" && answer.id == "r")
            return answer
        }
        func getting(_ payload: Element) -> IQ { get(payload, from: "alice@a.example/r", to: account) }
        for node in [nil, "", Namespaces.commands] as [String?] {
            let payload = try #require(try ask(getting(query(Namespaces.discoItems, node: node))).payload)
            #expect(payload.firstChild == nil)
            #expect(payload["node"] == node)
        }
        let items = try ask(getting(query(Namespaces.discoItems, node: "x")))
        #expect(items.stanzaError?.condition == .itemNotFound)
        let execution = try ask(set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: account))
        #expect(execution.stanzaError?.condition == .itemNotFound)
        for payload in [query(Namespaces.discoInfo), Element("ping", namespace: Namespaces.ping)] {
            #expect(try ask(getting(payload)).stanzaError?.condition == .serviceUnavailable)
        }
    }

    @Test func whatIsUnknownIsSaidToBe() throws {
        let nobody = Permissions(contactHost: nil, accountHosts: [])
        let bob: JID = "bob@b.example/r"
        #expect(
            try answer(get(query(Namespaces.discoItems, node: "x"), from: bob, to: component), nobody).stanzaError
                == StanzaError(.itemNotFound))
        // RFC 6120 §8.4: a payload that is not understood is service-unavailable.
        for payload in [query("jabber:iq:version"), query(Namespaces.dataForms), Element("ping", namespace: "urn:x")] {
            for iq in [get(payload, from: bob, to: component), set(payload, from: bob, to: component)] {
                #expect(try answer(iq, nobody).stanzaError == StanzaError(.serviceUnavailable))
            }
        }
    }
}
