import Testing

@testable import XMPP

@Suite struct IQTests {
    @Test func requests() throws {
        let read = try element("<iq type='set' id='1' from='A@b/c' to='d' xml:lang='de'> <q xmlns='urn:q'/> </iq>")
        let iq = IQ(
            from: try JID("a@b/c"), to: try JID("d"), id: "1", language: "de",
            body: .set(Element("q", namespace: "urn:q")))
        #expect(try Stanza(read) == .iq(iq))
        #expect(iq.isRequest && iq.request?.name == "q")
        #expect(
            iq.element().xml() == "<iq type='set' id='1' from='a@b/c' to='d' xml:lang='de'><q xmlns='urn:q'/></iq>")
        #expect(try IQ(element(iq.element().xml())) == iq)
    }

    @Test func answers() throws {
        let iq = try IQ(element("<iq type='get' id='1' from='a@b/c' to='d'><q/></iq>"))
        #expect(iq.result().element().xml() == "<iq type='result' id='1' from='d' to='a@b/c'/>")
        let payload = Element("q", namespace: "urn:q")
        #expect(
            iq.result(payload).element().xml() == "<iq type='result' id='1' from='d' to='a@b/c'><q xmlns='urn:q'/></iq>"
        )
        #expect(
            iq.error(StanzaError(.forbidden, text: "no")).element(namespace: Namespaces.client).xml(inside: "")
                == "<iq xmlns='jabber:client' type='error' id='1' from='d' to='a@b/c'><error type='auth'>"
                + "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                + "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no</text></error></iq>")
        #expect(!iq.result().isRequest && iq.result().request == nil)
    }

    /// ejabberd 24 drops stanzas to a bare address of its own, and recognizes an answer by its id.
    @Test(arguments: [
        ("a.example", "rr-1-2-3-4", "a.example/answer"), ("a.example", "1", "a.example"),
        ("a.example", "xrr-1", "a.example"), ("a.example/x", "rr-1", "a.example/x"),
        ("u@a.example", "rr-1", "u@a.example"),
    ])
    func answersToAServersOwnRequests(from: String, id: String, to: String) throws {
        let iq = try IQ(element("<iq type='get' id='\(id)' from='\(from)' to='d'><q/></iq>"))
        #expect(iq.result(Element("q", namespace: "urn:q")).to == (try JID(to)))
        #expect(iq.error(StanzaError(.forbidden)).to == (try JID(to)))
    }

    @Test(
        arguments: [
            ("<iq type='result' id='1'/>", .result(nil)),
            ("<iq type='result' id='1'><q/></iq>", .result(Element("q", namespace: Namespaces.component))),
            ("<iq type='error' id='1'/>", .error(StanzaError(.undefinedCondition))),
            (
                "<iq type='error' id='1'><q/><error type='wait'/></iq>",
                .error(StanzaError(.undefinedCondition, kind: .wait))
            ),
            (
                "<iq type='error' id='1'><q/><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
                .error(StanzaError(.gone))
            ),
        ] as [(String, IQ.Body)])
    func readsAnswers(xml: String, body: IQ.Body) throws {
        #expect(try IQ(element(xml)).body == body)
    }

    @Test(arguments: [
        "<iq type='get' from='a@b'><q/></iq>", "<iq type='get' from='a@b' id=''><q/></iq>",
        "<iq type='get' from='@b' id='1'><q/></iq>", "<iq type='set' id='1'/>", "<iq type='set' id='1'><q/></iq>",
        "<iq id='1'><q/></iq>",
        "<iq type='get' id='1' to='@'><q/></iq>", "<iq type='result' id='1' from='a@b' to='@'/>",
        "<iq type='error' id='1' from='a@b' to='@'/>", "<iq type='result'/>", "<iq type='result' from='a b@c' id='1'/>",
    ])
    func unanswerable(xml: String) throws {
        let element = try element(xml)
        #expect {
            try IQ(element)
        } throws: { error in
            if case .unanswerable? = error as? StanzaFault { true } else { false }
        }
    }

    @Test(
        arguments: [
            ("<iq type='get' id='1' from='a@b' to='d'/>", .badRequest, "d"),
            ("<iq type='set' id='1' from='a@b' to='d'>text</iq>", .badRequest, "d"),
            ("<iq type='set' id='1' from='a@b' to='d'><q/><q/></iq>", .badRequest, "d"),
            ("<iq type='fetch' id='1' from='a@b' to='d'><q/></iq>", .badRequest, "d"),
            ("<iq id='1' from='a@b' to='d'><q/></iq>", .badRequest, "d"),
            ("<iq id='1' from='a@b'><q/></iq>", .badRequest, nil),
            ("<iq type='get' id='1' from='a@b' to='@d'><q/></iq>", .jidMalformed, nil),
        ] as [(String, StanzaError.Condition, String?)])
    func refused(xml: String, condition: StanzaError.Condition, from: String?) throws {
        let element = try element(xml)
        let fault = try #require(#expect(throws: StanzaFault.self) { try IQ(element) })
        guard case .refused(let answer) = fault, case .error(let error) = answer.body else {
            Issue.record("\(fault)")
            return
        }
        #expect(error.condition == condition && error.kind == .modify)
        #expect(answer.to?.description == "a@b" && answer.id == "1")
        #expect(answer.from?.description == from)
    }
}
