import Invites
import Languages
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// At the shared address, who administers several hosts is asked on which the account shall be.
@Suite struct HostChoiceTests {
    let address = CommandAddress()
    let hosts = ["a.example", "b.example", "c.example"]

    @Test func theChoiceIsOfExactlyThoseHosts() throws {
        let outcome = try address.createAccount(on: hosts)
        let field = try #require(outcome.form?["host"])
        #expect(outcome.status == "executing")
        #expect(field.kind == .listSingle)
        #expect(field.isRequired)
        #expect(field.options.map(\.value) == hosts)
        #expect(outcome.form?["username"] == nil)
        let actions = try #require(outcome.answer?.payload?.child("actions", namespace: Namespaces.commands))
        #expect(actions["execute"] == "next")
        #expect(actions.children.map(\.name) == ["next"])
    }

    @Test(arguments: [nil, "execute", "next"] as [String?])
    func thenTheAccountIsAskedForUnderTheSameSession(_ action: String?) throws {
        let session = try #require(try address.createAccount(on: hosts).sessionID)
        let second = try address.createAccount(
            on: hosts, action: action, session: session, form: submission(["host": "b.example"]))
        #expect(second.status == "executing")
        #expect(second.sessionID == session)
        #expect(second.form?["username"] != nil && second.form?["host"] == nil)
        #expect(second.answer?.payload?.child("actions", namespace: Namespaces.commands)?["execute"] == "complete")
        let third = try address.createAccount(on: hosts, session: session, form: submission(["username": "juliet"]))
        #expect(third.host == "b.example")
        guard case .account(_, let username, _, _)? = third.wanted else {
            Issue.record("no account")
            return
        }
        #expect(username == "juliet")
    }

    @Test(arguments: ["d.example", "", "a.example/x", "x@a.example", "..", "A.EXAMPLE."])
    func anotherHostIsABadPayloadThatCanBeMended(_ named: String) throws {
        let session = try #require(try address.createAccount(on: hosts).sessionID)
        let outcome = try address.createAccount(
            on: hosts, session: session, form: submission(["host": named]), language: "de")
        if named == "A.EXAMPLE." {
            // The same host, as a user may type it.
            #expect(outcome.status == "executing")
        } else {
            #expect(outcome.commandError == "bad-payload")
            #expect(outcome.error?.text == Texts.german[.refusalHostInvalid])
            let mended = try address.createAccount(on: hosts, session: session, form: submission(["host": "c.example"]))
            #expect(mended.status == "executing")
        }
    }

    @Test func allInTheFirstRequestCompletesAtOnce() throws {
        let outcome = try address.createAccount(on: hosts, form: submission(["host": "c.example", "username": "j"]))
        #expect(outcome.host == "c.example")
        #expect(try address.createAccount(on: hosts, form: submission(["username": "j"])).commandError == "bad-payload")
    }

    @Test func whoAdministersOneHostIsNotAsked() throws {
        #expect(try address.createAccount(on: ["b.example"]).form?["username"] != nil)
    }

    @Test func aHostLostMeanwhileCannotBeChosen() throws {
        let session = try #require(try address.createAccount(on: hosts).sessionID)
        let outcome = try address.createAccount(
            on: ["a.example", "c.example"], session: session, form: submission(["host": "b.example"]))
        #expect(outcome.commandError == "bad-payload")
    }

    @Test func theChoiceCanBeCancelled() throws {
        let session = try #require(try address.createAccount(on: hosts).sessionID)
        #expect(try address.createAccount(on: hosts, action: "cancel", session: session).status == "canceled")
        #expect(address.sessions.count == 0)
    }

    @Test func moreHostsThanAStanzaHoldsAreTypedIn() throws {
        let many = (0..<1001).map { "h\($0).example" }
        let typed = try #require(try address.createAccount(on: many).form?["host"])
        #expect(typed.kind == .textSingle && typed.options.isEmpty && typed.isRequired)
        let listed = try #require(try address.createAccount(on: Array(many.dropLast())).form?["host"])
        #expect(listed.kind == .listSingle && listed.options.count == 1000)
        let session = try #require(try address.createAccount(on: many).sessionID)
        let next = try address.createAccount(on: many, session: session, form: submission(["host": "h1000.example"]))
        #expect(next.form?["username"] != nil)
    }
}
