import Testing

@testable import XMPP

@Suite struct PrivilegeTests {
    @Test func prosody() throws {
        let grant = try #require(
            PrivilegeGrant(
                element(
                    "<privilege xmlns='urn:xmpp:privilege:2'><perm type='both' access='roster' push='false'/>"
                        + "<perm type='outgoing' access='message'/><perm access='iq'><namespace ns='urn:a' type='set'/>"
                        + "<namespace ns='urn:b'/><namespace type='get'/></perm><perm type='both'/><odd access='x'/></privilege>"
                )))
        #expect(grant.namespace == "urn:xmpp:privilege:2")
        #expect(
            grant.permissions == [
                .init(access: "roster", type: "both", namespaces: [:], push: false),
                .init(access: "message", type: "outgoing", namespaces: [:], push: nil),
                .init(access: "iq", type: nil, namespaces: ["urn:a": "set", "urn:b": ""], push: nil),
            ])
    }

    @Test func ejabberd() throws {
        let grant = try #require(
            PrivilegeGrant(
                element(
                    "<privilege xmlns='urn:xmpp:privilege:1'><perm type='none' access='message'/>"
                        + "<perm type='both' access='roster' push='1'/><perm type='none' access='presence'/></privilege>"
                )))
        #expect(grant.namespace == "urn:xmpp:privilege:1")
        #expect(grant.permissions.map(\.access) == ["message", "roster", "presence"])
        #expect(grant.permissions.map(\.type) == ["none", "both", "none"])
        #expect(grant.permissions[1].push == true)
    }

    @Test func whatGrantsNothingIsLeftOut() throws {
        let grant = try #require(
            PrivilegeGrant(
                element(
                    "<privilege xmlns='urn:xmpp:privilege:2'><perm type='none' access='roster'/><perm access='iq'>"
                        + "<namespace ns='urn:b' type='none'/><namespace ns='urn:a' type='set'/><namespace ns='urn:c' type='get'/>"
                        + "</perm><perm type='outgoing' access='message'/></privilege>")))
        let left = grant.granting(mostNamespaces: 1).permissions
        #expect(left == [.init(access: "iq", type: nil, namespaces: ["urn:a": "set"], push: nil)])
        #expect(grant.granting(mostNamespaces: 2).permissions.map(\.access) == ["iq", "message"])
    }

    @Test(arguments: [("get", true, false), ("set", false, true), ("both", true, true), ("none", false, false)])
    func requestsInUsersNames(type: String, get: Bool, set: Bool) throws {
        for (version, counts) in [("urn:xmpp:privilege:2", true), ("urn:xmpp:privilege:1", false)] {
            let grant = try #require(
                PrivilegeGrant(
                    element(
                        "<privilege xmlns='\(version)'><perm access='iq'><namespace ns='urn:a' type='\(type)'/></perm></privilege>"
                    )))
            #expect(grant.allows(.get(Element("q", namespace: "urn:a"))) == (get && counts))
            #expect(grant.allows(.set(Element("q", namespace: "urn:a"))) == (set && counts))
            #expect(!grant.allows(.get(Element("q", namespace: "urn:b"))))
        }
    }

    @Test func aRequestInAUsersName() throws {
        let request = PrivilegedRequest(of: try JID("u@h"), to: try JID("h"), .set(Element("q", namespace: "urn:q")))
        #expect(
            request.envelope.element().xml()
                == "<iq type='set' id='' to='u@h'><privileged_iq xmlns='urn:xmpp:privilege:2'>"
                + "<iq xmlns='jabber:client' type='set' id='privileged' to='h'><q xmlns='urn:q'/></iq></privileged_iq></iq>"
        )
    }

    @Test(arguments: [
        ("<iq xmlns='jabber:client' type='result' id='1'><q xmlns='urn:q'/></iq>", "q"),
        ("<iq xmlns='jabber:client' type='result' id='1'/>", "nothing"),
        (
            "<iq xmlns='jabber:client' type='error' id='1'><error type='auth'>"
                + "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", "forbidden"
        ),
        ("<iq xmlns='jabber:client' type='get' id='1' from='a@b'><q/></iq>", "undefined-condition"),
        ("<iq type='result' id='1'/>", "undefined-condition"), ("", "undefined-condition"),
    ])
    func itsAnswer(inner: String, expected: String) throws {
        func name(_ payload: Element?) -> String {
            do {
                return try PrivilegedRequest.answer(in: payload)?.name ?? "nothing"
            } catch {
                if case .refused(let error) = error { return error.condition.rawValue }
                return "\(error)"
            }
        }
        let payload = try element(
            "<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>\(inner)</forwarded></privilege>"
        )
        #expect(name(payload) == expected)
        #expect(name(nil) == "undefined-condition")
        #expect(name(Array(payload.children)[0]) == "undefined-condition")
    }

    /// As ejabberd 24.12 answers where the admin may not.
    @Test func anErrorThatCarriesTheAnswersError() throws {
        let iq = try IQ(
            element(
                "<iq type='error' id='1' from='u@h' to='c'><privilege xmlns='urn:xmpp:privilege:2'>"
                    + "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='error' id='2'><error type='auth'>"
                    + "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                    + "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>why</text></error></iq></forwarded></privilege></iq>"
            ))
        #expect(iq.body == .error(StanzaError(.forbidden, text: "why")))
    }

    @Test func others() {
        #expect(PrivilegeGrant(Element("privilege", namespace: "urn:xmpp:privilege:3")) == nil)
        #expect(PrivilegeGrant(Element("perm", namespace: "urn:xmpp:privilege:2")) == nil)
    }
}
