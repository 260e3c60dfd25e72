import Invites
import Languages
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// The stages of `#create-account`, on one host.
@Suite struct CreateAccountTests {
    let address = CommandAddress()
    let admin = Account(localpart: "admin", domain: "a.example")

    private func account(_ username: String?, roster: Bool = false) -> InviteRequest {
        .account(by: admin, username: username, rosterSubscription: roster)
    }

    @Test func itAsksFirst() throws {
        let outcome = try address.createAccount(language: "de")
        let payload = try #require(outcome.answer?.payload)
        #expect(payload["status"] == "executing")
        #expect(payload["sessionid"]?.isEmpty == false)
        #expect(payload.language == "de")
        let actions = try #require(payload.child("actions", namespace: Namespaces.commands))
        #expect(actions["execute"] == "complete")
        #expect(actions.children.map(\.name) == ["complete"])
        let form = try #require(outcome.form)
        #expect(form.kind == .form)
        #expect(form.formType == Namespaces.createAccountCommand)
        #expect(form["username"]?.kind == .textSingle)
        #expect(form["username"]?.label == Texts.german[.commandUsername])
        #expect(form["roster-subscription"]?.kind == .boolean)
        #expect(form["roster-subscription"]?.values == ["0"])
        #expect(form["host"] == nil)
    }

    /// XEP-0050 §3.4: within a session `execute` is the default action, which is `complete` here.
    @Test(arguments: [nil, "execute", "complete"] as [String?])
    func theSubmittedFormCompletes(_ action: String?) throws {
        let session = try #require(try address.createAccount().sessionID)
        let outcome = try address.createAccount(
            action: action, session: session, form: submission(["username": "juliet", "roster-subscription": "true"]))
        #expect(outcome.wanted == account("juliet", roster: true))
        #expect(outcome.host == "a.example")
        guard case .invite(_, _, let completion) = outcome else { return }
        #expect(completion.sessionID == session)
        #expect(address.sessions.count == 0)
        let again = try address.createAccount(session: session, form: submission(["username": "juliet"]))
        #expect(again.commandError == "bad-sessionid")
    }

    @Test func aFormInTheFirstRequestCompletesAtOnce() throws {
        let outcome = try address.createAccount(form: submission(["username": "juliet"]))
        #expect(outcome.wanted == account("juliet"))
        #expect(address.sessions.count == 0)
    }

    @Test(
        arguments: [
            ("juliet", "juliet"), ("JuLiet", "juliet"), ("Jürgen", "jürgen"), ("\u{FF4A}uliet", "juliet"), ("", nil),
            ("j.c-1_2", "j.c-1_2"),
        ] as [(String, String?)])
    func aUsernameIsPrepared(_ typed: String, _ prepared: String?) throws {
        let outcome = try address.createAccount(form: submission(["username": typed]))
        #expect(outcome.wanted == account(prepared))
    }

    @Test(arguments: [
        "a b", " ", "juliet@a.example", "a/b", "\"", "a\u{0}b", "\u{200E}\u{7}", String(repeating: "x", count: 1024),
    ])
    func aNameThatCannotBeIsRefusedAndCanBeMended(_ typed: String) throws {
        let session = try #require(try address.createAccount().sessionID)
        let outcome = try address.createAccount(
            session: session, form: submission(["username": typed]), language: "de")
        #expect(outcome.error?.condition == .badRequest)
        #expect(outcome.commandError == "bad-payload")
        #expect(outcome.error?.text == Texts.german[.refusalUsernameInvalid])
        let mended = try address.createAccount(session: session, form: submission(["username": "juliet"]))
        #expect(mended.wanted == account("juliet"))
    }

    @Test(
        arguments: [
            ("1", true), ("true", true), ("0", false), ("false", false), ("", false), ("yes", nil), ("TRUE", nil),
        ] as [(String, Bool?)])
    func rosterSubscriptionIsABoolean(_ typed: String, _ value: Bool?) throws {
        let outcome = try address.createAccount(form: submission(["roster-subscription": typed]))
        if let value {
            #expect(outcome.wanted == account(nil, roster: value))
        } else {
            #expect(outcome.commandError == "bad-payload")
            #expect(outcome.error?.text == Texts.english[.refusalSubscriptionInvalid])
        }
    }

    @Test(arguments: [DataForm.Kind.form, .result, .cancel]) func onlyASubmittedFormIsTaken(_ kind: DataForm.Kind)
        throws
    {
        #expect(try address.createAccount(form: DataForm(kind)).commandError == "bad-payload")
    }

    @Test func completingWithoutAFormIsABadPayload() throws {
        let session = try #require(try address.createAccount().sessionID)
        #expect(try address.createAccount(action: "complete", session: session).commandError == "bad-payload")
    }

    @Test func cancelEndsTheSession() throws {
        let session = try #require(try address.createAccount().sessionID)
        let outcome = try address.createAccount(action: "cancel", session: session)
        #expect(outcome.status == "canceled")
        #expect(outcome.sessionID == session)
        #expect(outcome.form == nil)
        #expect(try address.createAccount(action: "cancel", session: session).commandError == "bad-sessionid")
    }

    @Test(arguments: ["next", "prev"]) func whatTheStageDoesNotOfferIsABadAction(_ action: String) throws {
        let session = try #require(try address.createAccount().sessionID)
        let outcome = try address.createAccount(action: action, session: session, form: submission([:]))
        #expect(outcome.error?.condition == .badRequest)
        #expect(outcome.commandError == "bad-action")
        // That cannot be accepted now; the session continues.
        #expect(try address.createAccount(session: session, form: submission([:])).wanted == account(nil))
    }

    @Test func aSessionIsItsOpenersOwn() throws {
        let session = try #require(try address.createAccount().sessionID)
        let others: [JID] = ["admin@a.example/other", "admin@a.example", "staff@b.example/r"]
        for other in others {
            for action in ["execute", "cancel"] {
                let outcome = try address.createAccount(
                    by: other, action: action, session: session, form: submission([:]))
                #expect(outcome.error?.condition == .badRequest)
                #expect(outcome.commandError == "bad-sessionid")
            }
        }
        #expect(try address.createAccount(session: session, form: submission([:])).wanted == account(nil))
    }

    @Test func aSessionExpires() throws {
        let session = try #require(try address.createAccount().sessionID)
        address.now = Timestamp(
            millisecondsSinceEpoch: address.now.millisecondsSinceEpoch + address.sessions.lifetime)
        let outcome = try address.createAccount(session: session, form: submission([:]))
        #expect(outcome.error?.condition == .notAllowed && outcome.error?.kind == .cancel)
        #expect(outcome.commandError == "session-expired")
    }

    @Test func anUnknownSessionIsToldSo() throws {
        #expect(try address.createAccount(session: "nonsense", form: submission([:])).commandError == "bad-sessionid")
        #expect(try address.createAccount(session: "", form: submission([:])).commandError == "bad-sessionid")
    }

    @Test func whoIsNoAdminAnyMoreCannotGoOn() throws {
        let session = try #require(try address.createAccount().sessionID)
        let outcome = try address.createAccount(on: [], session: session, form: submission([:]))
        #expect(outcome.error?.condition == .forbidden)
        // Still an admin, but of another host than the session is about.
        let other = try #require(try address.createAccount().sessionID)
        #expect(
            try address.createAccount(on: ["b.example"], session: other, form: submission([:])).error?.condition
                == .forbidden)
    }

    @Test func nobodyFillsTheMemoryWithSessions() throws {
        for index in 0..<50 { _ = try address.createAccount(by: JID("admin@a.example/\(index)")) }
        #expect(address.sessions.count <= address.sessions.perUser)
        for index in 0..<2000 { _ = try address.createAccount(by: JID("admin\(index)@a.example/r")) }
        #expect(address.sessions.count <= address.sessions.total)
    }

    @Test func aRefusedFormRepeatedForeverKeepsOneSession() throws {
        let session = try #require(try address.createAccount().sessionID)
        for _ in 0..<100 {
            #expect(
                try address.createAccount(session: session, form: submission(["username": "a b"])).commandError
                    == "bad-payload")
        }
        #expect(address.sessions.count == 1)
    }
}
