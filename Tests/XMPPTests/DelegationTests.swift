import Testing

@testable import XMPP

/// The stanzas are what Prosody 0.12.3 and ejabberd 23.01 put on the wire.
@Suite struct DelegationTests {
    private func delegated(_ xml: String) throws -> DelegatedRequest { try DelegatedRequest(IQ(element(xml))) }

    @Test func prosodyAsksForTheCommandList() throws {
        let request = try delegated(
            "<iq id='74A8O-suZVwd' type='set' to='invites.host.example' from='a.example'><delegation xmlns='urn:xmpp:delegation:2'>"
                + "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' from='alice@a.example/r' id='0' "
                + "to='a.example' type='get' xml:lang='en'><query xmlns='http://jabber.org/protocol/disco#items' "
                + "node='http://jabber.org/protocol/commands'/></iq></forwarded></delegation></iq>")
        #expect(request.version == .v2)
        #expect(request.envelope.from?.description == "a.example")
        #expect(request.request.from?.description == "alice@a.example/r")
        #expect(request.request.language == "en")
        guard case .get(let query) = request.request.body else {
            Issue.record("\(request.request)")
            return
        }
        #expect(query["node"] == Namespaces.commands)

        let items = DiscoItems(
            node: Namespaces.commands,
            items: [.init(jid: try JID("a.example"), node: Namespaces.inviteCommand, name: "Invite")])
        #expect(
            request.wrap(request.request.result(items.element)).element().xml()
                == "<iq type='result' id='74A8O-suZVwd' from='invites.host.example' to='a.example'>"
                + "<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                + "<iq xmlns='jabber:client' type='result' id='0' from='a.example' to='alice@a.example/r'>"
                + "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'>"
                + "<item jid='a.example' node='urn:xmpp:invite#invite' name='Invite'/></query></iq></forwarded>"
                + "</delegation></iq>")
    }

    @Test func ejabberdExecutes() throws {
        let request = try delegated(
            "<iq to='invites.host.example' from='a.example' type='set' id='rr-1+/='><delegation xmlns='urn:xmpp:delegation:1'>"
                + "<forwarded xmlns='urn:xmpp:forward:0'><iq xml:lang='en' to='a.example' from='alice@a.example/r' type='set' id='0' "
                + "xmlns='jabber:client'><command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#invite' "
                + "action='execute'/></iq></forwarded></delegation></iq>")
        #expect(request.version == .v1)
        #expect(try CommandRequest(#require(request.request.request)) == CommandRequest(node: Namespaces.inviteCommand))
        // A refusal is an error inside a result: the client would not see the outer error.
        #expect(
            request.wrap(request.request.error(StanzaError(.forbidden))).element().xml()
                == "<iq type='result' id='rr-1+/=' from='invites.host.example' to='a.example/answer'>"
                + "<delegation xmlns='urn:xmpp:delegation:1'><forwarded xmlns='urn:xmpp:forward:0'>"
                + "<iq xmlns='jabber:client' type='error' id='0' from='a.example' to='alice@a.example/r'>"
                + "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq></forwarded>"
                + "</delegation></iq>")
    }

    @Test func withoutAnInnerToTheAnswerHasNoFrom() throws {
        let request = try delegated(
            "<iq id='AP4W' type='set' to='invites.host.example' from='a.example'><delegation xmlns='urn:xmpp:delegation:2'>"
                + "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' from='alice@a.example/r' id='0' type='set' "
                + "xml:lang='en'><command xmlns='http://jabber.org/protocol/commands' node='n'/></iq></forwarded></delegation></iq>"
        )
        #expect(request.request.to == nil)
        #expect(
            request.wrap(request.request.error(StanzaError(.itemNotFound))).element().xml()
                .contains("<iq xmlns='jabber:client' type='error' id='0' to='alice@a.example/r'><error type='cancel'>"))
    }

    @Test func theSharedAddressCanBeDelegatedToo() throws {
        let request = try delegated(
            "<iq id='3bRunpmyKv4C' type='set' to='invites.host.example' from='invites.host.example'>"
                + "<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' "
                + "from='alice@a.example/r' id='0' to='invites.host.example' type='set' xml:lang='en'>"
                + "<command xmlns='http://jabber.org/protocol/commands' node='n'/></iq></forwarded></delegation></iq>")
        let answer = request.wrap(request.request.result())
        #expect(answer.from == answer.to)
        #expect(answer.from?.description == "invites.host.example")
    }

    @Test(arguments: [
        "<iq type='get' id='1' from='a' to='b'><delegation xmlns='urn:xmpp:delegation:2'/></iq>",
        "<iq type='set' id='1' from='a' to='b'><delegation xmlns='urn:xmpp:delegation:3'/></iq>",
        "<iq type='set' id='1' from='a' to='b'><other xmlns='urn:xmpp:delegation:2'/></iq>",
        "<iq type='result' id='1' from='a' to='b'><delegation xmlns='urn:xmpp:delegation:2'/></iq>",
    ])
    func notDelegated(xml: String) throws {
        let iq = try IQ(element(xml))
        #expect(DelegatedRequest.version(of: iq) == nil)
        #expect(throws: StanzaFault.unanswerable("no delegated request")) { try DelegatedRequest(iq) }
    }

    @Test(arguments: [
        "", "<forwarded xmlns='urn:xmpp:forward:0'/>", "<forwarded/>",
        "<forwarded xmlns='urn:xmpp:forward:0'><iq type='get' id='1' from='a@b'><q/></iq></forwarded>",
        "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='get' from='a@b'><q/></iq></forwarded>",
        "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='get' id='1'><q/></iq></forwarded>",
        "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='get' id='1' from='@'><q/></iq></forwarded>",
        "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='result' id='1' from='a@b'/></forwarded>",
    ])
    func wronglyWrapped(content: String) throws {
        let envelope = try IQ(
            element(
                "<iq type='set' id='7' from='h' to='c'><delegation xmlns='urn:xmpp:delegation:2'>\(content)</delegation></iq>"
            ))
        let fault = try #require(#expect(throws: StanzaFault.self) { try DelegatedRequest(envelope) })
        guard case .refused(let answer) = fault, case .error(let error) = answer.body else {
            Issue.record("\(fault)")
            return
        }
        #expect(error.condition == .badRequest)
        #expect(answer.id == "7" && answer.from == envelope.to && answer.to == envelope.from)
    }

    @Test(arguments: [
        ("<iq xmlns='jabber:client' type='set' id='1' from='a@b' to='h'/>", "bad-request"),
        ("<iq xmlns='jabber:client' type='set' id='1' from='a@b' to='h'><q/><q/></iq>", "bad-request"),
        ("<iq xmlns='jabber:client' type='odd' id='1' from='a@b' to='h'><q/></iq>", "bad-request"),
        ("<iq xmlns='jabber:client' type='set' id='1' from='a@b' to='@h'><q/></iq>", "jid-malformed"),
    ])
    func aWrongInnerRequestIsAnsweredInItsEnvelope(inner: String, condition: String) throws {
        let envelope = try IQ(
            element(
                "<iq type='set' id='7' from='h' to='c'><delegation xmlns='urn:xmpp:delegation:1'>"
                    + "<forwarded xmlns='urn:xmpp:forward:0'>\(inner)</forwarded></delegation></iq>"))
        let fault = try #require(#expect(throws: StanzaFault.self) { try DelegatedRequest(envelope) })
        guard case .refused(let answer) = fault else {
            Issue.record("\(fault)")
            return
        }
        let xml = answer.element().xml()
        #expect(xml.hasPrefix("<iq type='result' id='7' from='c' to='h'><delegation xmlns='urn:xmpp:delegation:1'>"))
        #expect(xml.contains("<iq xmlns='jabber:client' type='error' id='1'"))
        #expect(xml.contains("to='a@b'") && xml.contains("<\(condition) xmlns="))
    }

    @Test func grants() throws {
        let prosody = try element(
            "<message><delegation xmlns='urn:xmpp:delegation:2'><delegated namespace='http://jabber.org/protocol/commands'>"
                + "<attribute name='node'/></delegated><delegated namespace='urn:xmpp:delegation:2:bare:disco#items:*'/>"
                + "<delegated/><delegated xmlns='urn:odd' namespace='x'/></delegation></message>")
        let grant = try #require(prosody.firstChild.flatMap { DelegationGrant($0) })
        #expect(grant.version == .v2)
        #expect(
            grant.namespaces == [Namespaces.commands: ["node"], "urn:xmpp:delegation:2:bare:disco#items:*": []])
        let ejabberd = try element(
            "<delegation xmlns='urn:xmpp:delegation:1'><delegated namespace='http://jabber.org/protocol/commands'/></delegation>"
        )
        #expect(DelegationGrant(ejabberd)?.version == .v1)
        #expect(DelegationGrant(ejabberd)?.namespaces == [Namespaces.commands: []])
        #expect(DelegationGrant(Element("delegation", namespace: "urn:xmpp:delegation:0")) == nil)
        #expect(DelegationGrant(Element("other", namespace: "urn:xmpp:delegation:2")) == nil)
    }

    @Test(
        arguments: [
            ("urn:xmpp:delegation:2::http://jabber.org/protocol/commands", .v2, false, Namespaces.commands),
            ("urn:xmpp:delegation:2:bare:http://jabber.org/protocol/commands", .v2, true, Namespaces.commands),
            ("urn:xmpp:delegation:1::http://jabber.org/protocol/disco#items", .v1, false, Namespaces.discoItems),
            ("urn:xmpp:delegation:1:bare:x", .v1, true, "x"),
            ("urn:xmpp:delegation:1::", .v1, false, ""),
        ] as [(String, DelegationVersion, Bool, String)])
    func nestingNodes(text: String, version: DelegationVersion, isForUsers: Bool, namespace: String) throws {
        let node = try #require(DelegationNestingNode(text))
        #expect(node.version == version && node.isForUsers == isForUsers && node.namespace == namespace)
    }

    @Test(arguments: [
        "", "urn:xmpp:delegation:2", "urn:xmpp:delegation:2:x", "urn:xmpp:delegation:3::x", Namespaces.commands,
    ])
    func otherNodes(text: String) {
        #expect(DelegationNestingNode(text) == nil)
    }
}
