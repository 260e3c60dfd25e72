import Testing

@testable import XMPP

@Suite struct CommandTests {
    @Test(arguments: [
        // XEP-0050, examples 7, 10, 14, 16.
        (
            "<command xmlns='http://jabber.org/protocol/commands' node='list' action='execute'/>",
            CommandRequest(node: "list")
        ),
        ("<command xmlns='http://jabber.org/protocol/commands' node='list'/>", CommandRequest(node: "list")),
        (
            "<command xmlns='http://jabber.org/protocol/commands' sessionid='config:20020923T213616Z-700' node='config'>"
                + "<x xmlns='jabber:x:data' type='submit'><field var='service'><value>httpd</value></field></x></command>",
            CommandRequest(
                node: "config", sessionID: "config:20020923T213616Z-700",
                form: DataForm(.submit, fields: [.init("service", values: ["httpd"])]))
        ),
        (
            "<command xmlns='http://jabber.org/protocol/commands' sessionid='s' node='config' action='prev'/>",
            CommandRequest(node: "config", action: .prev, sessionID: "s")
        ),
        (
            "<command xmlns='http://jabber.org/protocol/commands' sessionid='s' node='config' action='cancel'/>",
            CommandRequest(node: "config", action: .cancel, sessionID: "s")
        ),
        // XEP-0401, example 13.
        (
            "<command xmlns='http://jabber.org/protocol/commands' sessionid='config:20020923T213616Z-700' "
                + "node='urn:xmpp:invite#create-account'>"
                + "<x xmlns='jabber:x:data' type='submit'><field var='username'><value>juliet</value></field></x></command>",
            CommandRequest(
                node: Namespaces.createAccountCommand, sessionID: "config:20020923T213616Z-700",
                form: DataForm(.submit, fields: [.init("username", values: ["juliet"])]))
        ),
        // A form that is none counts as none.
        (
            "<command xmlns='http://jabber.org/protocol/commands' node='a'><x xmlns='jabber:x:data'/></command>",
            CommandRequest(node: "a")
        ),
    ])
    func requests(xml: String, request: CommandRequest) throws {
        #expect(try CommandRequest(element(xml)) == request)
        #expect(try CommandRequest(request.element) == request)
    }

    @Test(arguments: [
        (
            "<command xmlns='http://jabber.org/protocol/commands'/>",
            StanzaError(.badRequest, text: "a command needs a node")
        ),
        (
            "<command xmlns='http://jabber.org/protocol/commands' node=''/>",
            StanzaError(.badRequest, text: "a command needs a node")
        ),
        ("<command node='a'/>", StanzaError(.badRequest, text: "a command needs a node")),
        (
            "<command xmlns='http://jabber.org/protocol/commands' node='a' action='explode'/>",
            StanzaError(.badRequest, applicationCondition: Element("malformed-action", namespace: Namespaces.commands))
        ),
    ])
    func badRequests(xml: String, error: StanzaError) throws {
        let element = try element(xml)
        #expect(throws: error) { try CommandRequest(element) }
    }

    @Test func responsesAreReadAsTheyAreWritten() throws {
        let responses = [
            CommandResponse(node: "n", sessionID: "s", status: .executing, actions: .next, form: DataForm(.form)),
            CommandResponse(
                node: "n", sessionID: "s", status: .completed, notes: [.init(.error, "no"), .init(.info, "yes")],
                language: "de"),
            CommandResponse(node: "n", sessionID: "", status: .canceled),
        ]
        for response in responses { #expect(CommandResponse(response.element) == response) }
        let foreign = try element(
            "<command xmlns='http://jabber.org/protocol/commands' node='n' status='executing'><actions><next/><odd/></actions>"
                + "<note>hm</note></command>")
        #expect(
            CommandResponse(foreign)
                == CommandResponse(
                    node: "n", sessionID: "", status: .executing, actions: .init(default: .next, allowed: [.next]),
                    notes: [.init(.info, "hm")]))
        for xml in [
            "<command node='n'/>", "<command xmlns='http://jabber.org/protocol/commands' node='n' status='odd'/>",
        ] {
            #expect(CommandResponse(try element(xml)) == nil)
        }
    }

    /// XEP-0401, example 12.
    @Test func aFormToFillIn() throws {
        let response = CommandResponse(
            node: Namespaces.createAccountCommand, sessionID: "config:20020923T213616Z-700", status: .executing,
            actions: .complete,
            form: DataForm(
                .form,
                fields: [
                    .init("username", kind: .textSingle, label: "Username"),
                    .init("roster-subscription", kind: .boolean, label: "Roster subscription"),
                ]))
        let golden = """
            <command xmlns='http://jabber.org/protocol/commands' sessionid='config:20020923T213616Z-700' \
            node='urn:xmpp:invite#create-account' status='executing'><actions execute='complete'><complete/></actions>\
            <x xmlns='jabber:x:data' type='form'><field var='username' label='Username' type='text-single'/>\
            <field var='roster-subscription' label='Roster subscription' type='boolean'/></x></command>
            """
        #expect(response.element.isEquivalent(to: try element(golden)))
        #expect(
            response.element.xml()
                == "<command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#create-account' "
                + "sessionid='config:20020923T213616Z-700' status='executing'>"
                + "<actions execute='complete'><complete/></actions><x xmlns='jabber:x:data' type='form'>"
                + "<field type='text-single' var='username' label='Username'/>"
                + "<field type='boolean' var='roster-subscription' label='Roster subscription'/></x></command>")
    }

    /// XEP-0401, example 7, with the session id that XEP-0050 asks for.
    @Test func aFinishedInvitation() throws {
        let response = CommandResponse(
            node: Namespaces.inviteCommand, sessionID: "s", status: .completed,
            form: DataForm(
                .result,
                fields: [
                    .formType(Namespaces.invitationForm),
                    .init("uri", kind: .textSingle, values: ["xmpp:inviter@example.com?roster;preauth=TOKEN;ibr=y"]),
                    .init("landing-url", kind: .textSingle, values: ["https://example.com/invite/#TOKEN"]),
                    .init("expire", kind: .textSingle, values: ["2017-11-06T02:56:15Z"]),
                ]))
        let golden = """
            <command xmlns='http://jabber.org/protocol/commands' node='urn:xmpp:invite#invite' status='completed' \
            sessionid='s'><x xmlns='jabber:x:data' type='result'><field type='hidden' var='FORM_TYPE'>\
            <value>urn:xmpp:invite#invitation</value></field><field type='text-single' var='uri'>\
            <value>xmpp:inviter@example.com?roster;preauth=TOKEN;ibr=y</value></field>\
            <field type='text-single' var='landing-url'><value>https://example.com/invite/#TOKEN</value></field>\
            <field type='text-single' var='expire'><value>2017-11-06T02:56:15Z</value></field></x></command>
            """
        #expect(response.element.isEquivalent(to: try element(golden)))
    }

    /// XEP-0050, examples 13, 11 (its actions) and 17.
    @Test func notesActionsAndCancelling() throws {
        var response = CommandResponse(
            node: "config", sessionID: "config:20020923T213616Z-700", status: .completed,
            notes: [.init(.info, "Service 'httpd' has been configured.")])
        let done = """
            <command xmlns='http://jabber.org/protocol/commands' sessionid='config:20020923T213616Z-700' node='config' \
            status='completed'><note type='info'>Service 'httpd' has been configured.</note></command>
            """
        #expect(response.element.isEquivalent(to: try element(done)))
        response.status = .executing
        response.notes = [.init(.warn, "a"), .init(.error, "b")]
        response.actions = .init(default: .complete, allowed: [.prev, .complete])
        response.language = "de"
        let next = """
            <command xmlns='http://jabber.org/protocol/commands' sessionid='config:20020923T213616Z-700' node='config' \
            status='executing' xml:lang='de'><actions execute='complete'><prev/><complete/></actions>\
            <note type='warn'>a</note><note type='error'>b</note></command>
            """
        #expect(response.element.isEquivalent(to: try element(next)))
        #expect(CommandResponse.Actions.next == .init(default: .next, allowed: [.next]))
        let canceled = """
            <command xmlns='http://jabber.org/protocol/commands' sessionid='s' node='config' status='canceled'/>
            """
        #expect(
            CommandResponse(node: "config", sessionID: "s", status: .canceled).element
                .isEquivalent(to: try element(canceled)))
    }

    /// XEP-0050 §4.4, table 5.
    @Test(
        arguments: [
            (.malformedAction, .modify, "bad-request", "malformed-action"),
            (.badAction, .modify, "bad-request", "bad-action"),
            (.badPayload, .modify, "bad-request", "bad-payload"),
            (.badSessionID, .modify, "bad-request", "bad-sessionid"),
            (.sessionExpired, .cancel, "not-allowed", "session-expired"),
        ] as [(CommandError, StanzaError.Kind, String, String)])
    func errors(error: CommandError, kind: StanzaError.Kind, condition: String, own: String) throws {
        #expect(
            error.stanzaError(text: "why").element(namespace: Namespaces.component).xml()
                == "<error type='\(kind.rawValue)'><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                + "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>why</text>"
                + "<\(own) xmlns='http://jabber.org/protocol/commands'/></error>")
        #expect(error.stanzaError == error.stanzaError(text: nil))
    }
}

extension Element {
    /// Whether the two differ at most in the order of attributes, which XML gives no meaning.
    func isEquivalent(to other: Element) -> Bool {
        guard name == other.name, namespace == other.namespace, Set(attributes) == Set(other.attributes),
            attributes.count == other.attributes.count, content.count == other.content.count
        else { return false }
        return zip(content, other.content).allSatisfy { pair in
            switch pair {
            case (.element(let a), .element(let b)): a.isEquivalent(to: b)
            case (.text(let a), .text(let b)): a == b
            default: false
            }
        }
    }
}
