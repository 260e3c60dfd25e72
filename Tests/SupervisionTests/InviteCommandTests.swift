import Invites
import Languages
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// Senders, requests and rules, and the answers that XEP-0050 and XEP-0401 require.
@Suite struct InviteCommandTests {
    static let nodes = [Namespaces.inviteCommand, Namespaces.createAccountCommand, "urn:xmpp:invite#other", "config"]
    static let actions: [String?] = [nil, "execute", "complete", "next", "prev", "cancel", "", "EXECUTE"]

    private enum Expectation: Equatable {
        case error(StanzaError.Condition, StanzaError.Kind, String?)
        case form
        case contact, account
    }

    private func expectation(_ asker: Asker, _ switches: Switches, _ node: String, _ action: String?) -> Expectation {
        // XEP-0050 §4.4: malformed-action is about the request itself, for any command.
        guard [nil, "execute", "complete", "next", "prev", "cancel"].contains(action) else {
            return .error(.badRequest, .modify, "malformed-action")
        }
        guard CommandTable.nodes.contains(node) else { return .error(.itemNotFound, .cancel, nil) }
        guard switches.lets(asker, use: node) else { return .error(.forbidden, .auth, nil) }
        switch action {
        case nil, "execute", "complete": return node == Namespaces.inviteCommand ? .contact : .form
        default: return .error(.badRequest, .modify, "bad-action")
        }
    }

    @Test(arguments: Asker.allCases, Switches.allCases)
    func everyFirstRequest(_ asker: Asker, _ switches: Switches) throws {
        for node in Self.nodes {
            for action in Self.actions {
                let address = CommandAddress()
                let outcome = try address.decide(
                    set(command(node, action: action), from: asker.address, to: "a.example"),
                    Permissions(of: Account(asker.address), under: switches.policy))
                let found: Expectation
                switch outcome {
                case .invite(.contact(let inviter, _), let host, _):
                    #expect(inviter == Account(asker.address) && host == "a.example")
                    found = .contact
                case .invite: found = .account
                case .answer(let answer):
                    if let error = answer.stanzaError {
                        found = .error(error.condition, error.kind, error.applicationCondition?.name)
                        #expect(error.applicationCondition.map { $0.namespace == Namespaces.commands } != false)
                    } else {
                        #expect(outcome.status == "executing")
                        found = .form
                    }
                    #expect(answer.id == "r" && answer.to == asker.address && answer.from == "a.example")
                }
                #expect(found == expectation(asker, switches, node, action), "\(node) \(action ?? "-")")
                #expect(address.sessions.count == (found == .form ? 1 : 0))
            }
        }
    }

    @Test(arguments: Asker.allCases) func theReasonOfARefusalIsTheTrueOne(_ asker: Asker) throws {
        let switches = Switches(allowContactInvites: false, allowUserInvites: false)
        for to in ["a.example", "invites.host.example", "invites.a.example"] as [JID] {
            for node in CommandTable.nodes where !switches.lets(asker, use: node) {
                let address = CommandAddress()
                let outcome = try address.decide(
                    set(command(node), from: asker.address, to: to, language: "de"),
                    Permissions(of: Account(asker.address), under: switches.policy))
                let isForeign = node == Namespaces.inviteCommand && !asker.isUserOfHost
                let texts = Texts.german
                #expect(outcome.error?.text == (isForeign ? texts[.refusalOnlyUsersOfHost] : texts[.refusalOnlyAdmins]))
            }
        }
    }

    @Test func aCommandIsASet() throws {
        let address = CommandAddress()
        let outcome = try address.decide(
            get(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: "a.example"),
            Permissions(contactHost: "a.example", accountHosts: []))
        #expect(outcome.error?.condition == .badRequest)
    }

    @Test func aCommandHasANode() throws {
        let address = CommandAddress()
        let payload = Element("command", namespace: Namespaces.commands)
        let outcome = try address.decide(
            set(payload, from: "alice@a.example/r", to: "a.example"),
            Permissions(contactHost: "a.example", accountHosts: []))
        #expect(outcome.error?.condition == .badRequest)
    }

    @Test func inviteHasNoSessions() throws {
        let address = CommandAddress()
        for action in ["execute", "complete", "cancel"] {
            let outcome = try address.decide(
                set(
                    command(Namespaces.inviteCommand, action: action, session: "1"), from: "alice@a.example/r",
                    to: "a.example"),
                Permissions(contactHost: "a.example", accountHosts: []))
            #expect(outcome.error?.condition == .badRequest)
            #expect(outcome.commandError == "bad-sessionid")
        }
    }

    @Test func itIsAnsweredAtOnceWithALinkAndItsEnd() throws {
        let address = CommandAddress()
        let outcome = try address.decide(
            set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: "a.example", language: "de"),
            Permissions(contactHost: "a.example", accountHosts: []))
        guard case .invite(let wanted, let host, let completion) = outcome else {
            Issue.record("no invite")
            return
        }
        let invite = try InvitePolicy(host: "a.example").invite(
            for: wanted, token: #require(Token("abcdefghijkl")), at: Timestamp(millisecondsSinceEpoch: 0))
        let page = try LandingPage("https://invite.example/#{uri_without_scheme}")
        let answer = completion.answer(
            .success(invite), on: LinkPage(host: host, landingPage: page, isRedeemableInBand: false))
        let payload = try #require(answer.payload)
        #expect(payload["status"] == "completed")
        #expect(payload["node"] == Namespaces.inviteCommand)
        #expect(payload["sessionid"]?.isEmpty == false)
        #expect(payload.language == "de")
        let form = try #require(answer.form)
        #expect(form.kind == .result)
        #expect(form.formType == "urn:xmpp:invite#invitation")
        #expect(form.value(of: "uri") == "xmpp:alice@a.example?roster;preauth=abcdefghijkl")
        #expect(form.value(of: "landing-url") == "https://invite.example/#alice@a.example?roster;preauth=abcdefghijkl")
        #expect(form["landing-url"]?.label == Texts.german[.commandLandingPage])
        // yaxim takes a form without the field for a failure, and one without a value for no page.
        let pageless = try #require(
            completion.answer(
                .success(invite), on: LinkPage(host: host, landingPage: nil, isRedeemableInBand: false)
            ).form)
        #expect(pageless["landing-url"]?.values == [])
        // XEP-0082: a DateTime in UTC.
        #expect(form.value(of: "expire") == "1970-01-08T00:00:00Z")
        #expect(form["uri"]?.label == Texts.german[.commandInvitationLink])
    }

    @Test func refusalsOfTheHostBecomeErrors() throws {
        let address = CommandAddress()
        let outcome = try address.decide(
            set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: "a.example", language: "de-CH"),
            Permissions(contactHost: "a.example", accountHosts: []))
        guard case .invite(_, _, let completion) = outcome else {
            Issue.record("no invite")
            return
        }
        let expected: [(InviteRefusal, StanzaError.Condition, StanzaError.Kind, String)] = [
            (.denied(.contactInvitesOff), .forbidden, .auth, Texts.german[.refusalOnlyAdmins]),
            (.denied(.notUserOfHost), .forbidden, .auth, Texts.german[.refusalOnlyUsersOfHost]),
            (.conflict(.usernameTaken), .conflict, .cancel, Texts.german[.refusalUsernameTaken]),
            (.accountExists, .conflict, .cancel, Texts.german[.refusalAccountExists]),
            (.denied(.noAccounts), .serviceUnavailable, .cancel, Texts.german[.refusalNoAccounts]),
            (.overloaded, .resourceConstraint, .wait, Texts.german[.refusalBusy]),
            (.unavailable, .internalServerError, .wait, Texts.german[.refusalUnavailable]),
        ]
        for (refusal, condition, kind, text) in expected {
            let answer = completion.answer(
                .failure(refusal), on: LinkPage(host: "a.example", landingPage: nil, isRedeemableInBand: false))
            let error = try #require(answer.stanzaError)
            #expect(error.condition == condition && error.kind == kind && error.text == text)
            #expect(answer.id == "r" && answer.to == "alice@a.example/r" && answer.from == "a.example")
        }
    }
}
