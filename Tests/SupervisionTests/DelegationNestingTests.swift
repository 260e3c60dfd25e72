import Configuration
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// What a server asks about the namespaces that it delegates (XEP-0355 §7.2).
@Suite(.timeLimit(.minutes(5))) struct DelegationNestingTests {
    private func answer(_ node: String, from: JID = "a.example") async throws -> IQ {
        var answers: [IQ] = []
        try await ComponentFixture.with([HostConfiguration(host: "a.example")]) { fixture in
            answers = try await fixture.answers(
                to: [get(query(Namespaces.discoInfo, node: node), from: from, to: component, id: "nesting")])
        }
        let answer = try #require(answers.first)
        #expect(answers.count == 1)
        #expect(answer.id == "nesting" && answer.from == component && answer.to == from)
        return answer
    }

    @Test(arguments: DelegationVersion.allCases, [Namespaces.commands, Namespaces.discoItems])
    func theHostAnnouncesTheNamespace(_ version: DelegationVersion, _ namespace: String) async throws {
        let node = "\(version.namespace)::\(namespace)"
        let payload = try #require(try await answer(node).payload)
        #expect(payload.is("query", Namespaces.discoInfo))
        #expect(payload["node"] == node)
        #expect(payload.children.map(\.name) == ["feature"])
        #expect(payload.firstChild?["var"] == namespace)
    }

    /// With a result ejabberd would hand over what is sent to its users.
    @Test(arguments: DelegationVersion.allCases, [Namespaces.commands, Namespaces.discoItems])
    func theUsersAnnounceNothing(_ version: DelegationVersion, _ namespace: String) async throws {
        let answer = try await answer("\(version.namespace):bare:\(namespace)")
        switch version {
        case .v1: #expect(answer.stanzaError == StanzaError(.itemNotFound))
        case .v2: #expect(answer.payload.map { $0.firstChild == nil } == true)
        }
    }

    @Test(arguments: [
        "urn:xmpp:delegation:2::urn:xmpp:mam:2", "urn:xmpp:delegation:2:bare:disco#items:*", "urn:xmpp:delegation:1::",
    ])
    func whatIsNotOursIsNotFound(_ node: String) async throws {
        #expect(try await answer(node).stanzaError?.condition == .itemNotFound)
    }

    /// A user's question about such a node is an ordinary one.
    @Test func onlyServersAsk() async throws {
        let node = "urn:xmpp:delegation:2::\(Namespaces.commands)"
        #expect(try await answer(node, from: "alice@a.example/r").stanzaError?.condition == .itemNotFound)
    }
}
