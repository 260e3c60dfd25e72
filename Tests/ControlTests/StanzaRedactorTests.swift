import Access
import Invites
import TestSupport
import Testing
import XMPP

@testable import Control

@Suite struct StanzaRedactorTests {
    private var random = SeededGenerator(seed: 7)

    private mutating func token() -> String {
        Token.random(at: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000), using: &random).text
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    /// A text with the token in one of the ways in which it is written.
    private mutating func text(_ token: String) -> String {
        pick([
            token, "xmpp:alice@a.example?roster;preauth=\(token)", "xmpp:a.example?register;preauth=\(token);ibr=y",
            "https://a.example/invite/\(token)", "https://a.example/?t=\(token)&x=1", "see \(token).",
            "\(token)\u{301}",
            "é\(token)", "preauth=\(token)\u{200D}", "xmpp%3Aa.example%3Fregister%3Bpreauth%3D\(token)",
            "preauth=preauth=\(token)",
        ])
    }

    /// An element that contains the token at some depth.
    private mutating func element(_ token: String, depth: Int) -> Element {
        let name = pick(["iq", "command", "x", "field", "value", "note", "item", "preauth", "forwarded", "message"])
        let namespace = pick([
            Namespaces.component, Namespaces.client, Namespaces.commands, Namespaces.dataForms, "urn:xmpp:pars:0",
        ])
        var element = Element(
            name, namespace: namespace,
            attributes: ["var": pick(["uri", "landing-url", "token", "username", "host"]), "type": "set"])
        if depth > 0, pick([true, true, true, false]) {
            element.content = [
                .text(pick(["", "before"])), .element(self.element(token, depth: depth - 1)), .text("after"),
            ]
        } else if pick([true, false]) {
            element.attributes.append(
                .init(name: pick(["token", "preauth", "node", "id", "uri"]), value: text(token)))
        } else {
            // A parser may hand text over in pieces.
            let text = text(token)
            let cut = text.unicodeScalars.index(
                text.unicodeScalars.startIndex,
                offsetBy: Int.random(in: 0...text.unicodeScalars.count, using: &random))
            element.content = [
                .text(String(text.unicodeScalars[..<cut])), .text(String(text.unicodeScalars[cut...])),
            ]
        }
        return element
    }

    @Test mutating func noTokenIsShownWhereverItStands() {
        for _ in 0..<5000 {
            let token = token()
            let element = element(token, depth: 6)
            #expect(element.containsText(token))
            let redacted = StanzaRedactor(hosts: .all).redact(element)
            #expect(!redacted.containsText(token), "\(redacted.xml())")
            #expect(redacted.containsText("[token]"))
            #expect(StanzaRedactor(hosts: .all, revealsTokens: true).redact(element).containsText(token))
        }
    }

    @Test func theRestStaysAsItIs() {
        let session = String(repeating: "ab12", count: 6)
        let element = Element(
            "command", namespace: Namespaces.commands,
            attributes: ["node": Namespaces.inviteCommand, "sessionid": session],
            children: [
                DataForm(
                    .result,
                    fields: [
                        .formType(Namespaces.invitationForm),
                        .init("uri", values: ["xmpp:alice@a.example?roster;preauth=short123;ibr=y"]),
                        .init("expire", values: ["2026-11-29T19:58:33Z"]),
                    ]
                ).element
            ])
        let redacted = StanzaRedactor(hosts: .all).redact(element)
        #expect(redacted["sessionid"] == session)
        let form = redacted.firstChild.flatMap { DataForm($0) }
        #expect(form?.value(of: "uri") == "xmpp:alice@a.example?roster;preauth=[token];ibr=y")
        #expect(form?.value(of: "expire") == "2026-11-29T19:58:33Z")
        #expect(form?.formType == Namespaces.invitationForm)
    }

    @Test(arguments: [
        "xmpp:a.example?register;preauth=ab-cd_ef.gh~ij;ibr=y": "xmpp:a.example?register;preauth=[token];ibr=y",
        "xmpp:a.example?register;PreAuth=%41b%2Dcd&x=1": "xmpp:a.example?register;PreAuth=[token]&x=1",
        "https://a.example/?u=xmpp%3Aa.example%3Fregister%3Bpreauth%3Dab-cd": "https://a.example/?u=xmpp%3Aa.example"
            + "%3Fregister%3Bpreauth%3D[token]",
        "https://a.example/?token=ab+cd/ef==#top": "https://a.example/?token=[token]#top",
        "preauth=; token = 5, preauth of 2026-11-22": "preauth=; token = 5, preauth of 2026-11-22",
    ]) func tokensOfOthersAreHiddenToTheirEnd(text: String, redacted: String) {
        #expect(StanzaRedactor.redactTokens(in: text) == redacted)
    }

    @Test(arguments: [false, true]) func passwordsAreNeverShown(revealsTokens: Bool) {
        let form = DataForm(
            .submit,
            fields: [
                .init("password", values: ["hunter2"]), .init("password-verify", values: ["hunter2"]),
                .init("secret", kind: .textPrivate, values: ["hunter2", "hunter2"]),
            ])
        let query = Element(
            "query", namespace: "jabber:iq:register",
            children: [Element("password", namespace: "jabber:iq:register", text: "hunter2"), form.element])
        let redacted = StanzaRedactor(hosts: .all, revealsTokens: revealsTokens).redact(query)
        #expect(!redacted.xml().contains("hunter2") && redacted.xml().contains("[secret]"))
    }

    @Test(arguments: [false, true]) func noPasswordOfTheServerModuleIsShown(revealsTokens: Bool) {
        let module = "urn:invited:server-module:1"
        for name in ["create", "password"] {
            let element = Element(
                name, namespace: module, attributes: ["username": "juliet", "password": "hunter2"])
            let redacted = StanzaRedactor(hosts: .all, revealsTokens: revealsTokens).redact(element)
            #expect(redacted["password"] == "[secret]" && redacted["username"] == "juliet")
        }
        let reserve = Element("reserve", namespace: module, attributes: ["token": "shortone", "username": "juliet"])
        #expect(StanzaRedactor(hosts: .all).redact(reserve)["token"] == "[token]")
        let rules = Element("rules", namespace: module, attributes: ["password-length": "8"])
        #expect(StanzaRedactor(hosts: .all).redact(rules) == rules)
    }

    @Test func hostsOutOfScopeAreNotShown() {
        let form = DataForm(
            .form,
            fields: [
                .init(
                    "host", kind: .listSingle, values: ["other.example"],
                    options: [.init(value: "a.example"), .init(value: "other.example")])
            ])
        let redacted = StanzaRedactor(hosts: .some(["a.example"])).redact(form.element)
        #expect(!redacted.xml().contains("other.example") && redacted.xml().contains("a.example"))
        #expect(StanzaRedactor(hosts: .all).redact(form.element) == form.element)
    }
}

extension Element {
    fileprivate func containsText(_ needle: String) -> Bool {
        // By scalars: with an accent behind it, its last letter is another Character.
        Array(xml().unicodeScalars).firstRange(of: Array(needle.unicodeScalars)) != nil
    }
}
