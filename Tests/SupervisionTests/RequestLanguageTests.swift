import Invites
import Languages
import Testing
import XMPP

@testable import Component

/// In which language a request is answered, and which one is stored with its invite.
@Suite struct RequestLanguageTests {
    @Test(
        arguments: [
            (nil, nil, "en"), ("en", "en", "en"), ("de", "de", "de"), ("DE", "de", "de"), ("de-ch", "de-CH", "de"),
            ("pt_PT", "pt-PT", "pt-BR"), ("tlh", "tlh", "en"), ("", nil, "en"), ("!!", nil, "en"), ("x-de", nil, "en"),
            (String(repeating: "de-", count: 10_000), nil, "en"),
        ] as [(String?, String?, String)])
    func theInviteKeepsWhatTheClientSays(_ said: String?, _ kept: String?, _ answered: String) throws {
        let address = CommandAddress()
        let outcome = try address.decide(
            set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: "a.example", language: said),
            Permissions(contactHost: "a.example", accountHosts: []))
        let alice = Account(localpart: "alice", domain: "a.example")
        #expect(outcome.wanted == .contact(inviter: alice, language: kept))
        let form = try address.createAccount(language: said)
        #expect(form.answer?.payload?.language == answered)
        let account = try address.createAccount(
            session: form.sessionID, form: submission(["username": "juliet"]), language: said)
        let admin = Account(localpart: "admin", domain: "a.example")
        #expect(
            account.wanted
                == .account(by: admin, username: "juliet", rosterSubscription: false, language: kept))
    }

    @Test(arguments: LanguageCatalog.builtIn.all.map(\.language)) func errorsSayTheirLanguage(_ language: String) throws
    {
        let address = CommandAddress()
        let session = try #require(try address.createAccount(language: language).sessionID)
        let outcome = try address.createAccount(
            session: session, form: submission(["username": "a b"]), language: language)
        let texts = try #require(LanguageCatalog.builtIn.texts(for: language))
        let error = try #require(outcome.error)
        #expect(error.text == texts[.refusalUsernameInvalid] && error.language == language)
        // On the wire, too (RFC 6120 §8.3.2), and read from there.
        #expect(StanzaError(error.element(namespace: "jabber:client")) == error)
    }

    @Test func discoveryHasItsLanguage() throws {
        let request = get(
            Element("query", namespace: Namespaces.discoInfo, attributes: ["node": Namespaces.commands]),
            from: "alice@a.example/r", to: "a.example", language: "ar")
        let inbound = try #require(InboundRequest(direct: request))
        let answer = RequestTable.answer(inbound, permissions: Permissions(contactHost: "a.example", accountHosts: []))
        #expect(answer.language == "ar")
        let identity = answer.payload?.child("identity", namespace: Namespaces.discoInfo)
        #expect(identity?["name"] == "الدعوات")
    }
}
