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

    @Test func others() {
        #expect(PrivilegeGrant(Element("privilege", namespace: "urn:xmpp:privilege:3")) == nil)
        #expect(PrivilegeGrant(Element("perm", namespace: "urn:xmpp:privilege:2")) == nil)
    }
}
