import Testing

@testable import XMPP

@Suite struct DiscoTests {
    /// XEP-0050, example 6.
    @Test func info() throws {
        let info = DiscoInfo(
            node: "config",
            identities: [.init(category: "automation", type: "command-node", name: "Configure Service")],
            features: [Namespaces.commands, Namespaces.dataForms])
        let golden = """
            <query xmlns='http://jabber.org/protocol/disco#info' node='config'><identity name='Configure Service' \
            category='automation' type='command-node'/><feature var='http://jabber.org/protocol/commands'/>\
            <feature var='jabber:x:data'/></query>
            """
        #expect(info.element.isEquivalent(to: try element(golden)))
        #expect(DiscoInfo(try element(golden)) == info)
        #expect(DiscoItems(try element(golden)) == nil)
    }

    /// XEP-0128, example 1.
    @Test func extendedInfo() {
        let form = DataForm(.result, fields: [.formType("http://jabber.org/network/serverinfo")])
        #expect(DiscoInfo(extensions: [form]).element.content == [.element(form.element)])
        #expect(DiscoInfo(DiscoInfo(extensions: [form]).element)?.extensions == [form])
        #expect(DiscoInfo().element.xml() == "<query xmlns='http://jabber.org/protocol/disco#info'/>")
    }

    /// XEP-0401, example 4.
    @Test func items() throws {
        let host = try JID("example.com")
        let items = DiscoItems(
            node: Namespaces.commands,
            items: [
                .init(jid: host, node: Namespaces.inviteCommand, name: "Invite user"),
                .init(jid: host, node: Namespaces.createAccountCommand, name: "Create account"),
            ])
        #expect(
            items.element.xml()
                == "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'>"
                + "<item jid='example.com' node='urn:xmpp:invite#invite' name='Invite user'/>"
                + "<item jid='example.com' node='urn:xmpp:invite#create-account' name='Create account'/></query>")
        #expect(DiscoItems(items.element) == items)
        #expect(DiscoInfo(items.element) == nil)
        #expect(DiscoItems().element.xml() == "<query xmlns='http://jabber.org/protocol/disco#items'/>")
    }

    @Test func whatIsIncompleteIsLeftOut() throws {
        let info = try element(
            "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='a'/><feature/><feature var='f'/>"
                + "<x xmlns='jabber:x:data'/><feature xmlns='urn:x' var='g'/></query>")
        #expect(DiscoInfo(info) == DiscoInfo(features: ["f"]))
        let items = try element(
            "<query xmlns='http://jabber.org/protocol/disco#items'><item/><item jid='@'/><item jid='a@b'/></query>")
        #expect(DiscoItems(items) == DiscoItems(items: [.init(jid: try JID("a@b"))]))
    }
}
