import Testing

@testable import XMPP

@Suite struct StanzaTests {
    @Test func messages() throws {
        let read = try element(
            "<message from='a@b/c' to='d.example' id='1' type='chat'><body>x</body> <p xmlns='urn:p'/></message>")
        let message = Message(
            from: try JID("a@b/c"), to: try JID("d.example"), id: "1", type: "chat",
            children: [
                Element("body", namespace: Namespaces.component, text: "x"), Element("p", namespace: "urn:p"),
            ])
        #expect(try Stanza(read) == .message(message))
        #expect(
            message.element().xml()
                == "<message type='chat' id='1' from='a@b/c' to='d.example'><body>x</body><p xmlns='urn:p'/></message>")
        #expect(try Stanza(element("<message/>")) == .message(Message(from: nil, to: nil, children: [])))
    }

    @Test func presences() throws {
        #expect(
            try Stanza(element("<presence from='a@b/c' to='d' type='subscribe'><x/></presence>"))
                == .presence(Presence(from: JID("a@b/c"), to: JID("d"), type: "subscribe")))
    }

    @Test(arguments: [
        "<message from='@b'/>", "<message to='a b@c'/>", "<presence from=''/>", "<presence to='a@'/>", "<handshake/>",
        "<iq xmlns='jabber:client' id='1' type='get' from='a@b'><q/></iq>", "<x xmlns='urn:x'/>",
    ])
    func noStanza(xml: String) throws {
        let element = try element(xml)
        #expect {
            try Stanza(element)
        } throws: { error in
            if case .unanswerable? = error as? StanzaFault { true } else { false }
        }
    }
}
