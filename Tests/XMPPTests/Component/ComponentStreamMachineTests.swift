import Testing

@testable import XMPP

@Suite struct ComponentStreamMachineTests {
    private enum Stage: CaseIterable { case unopened, awaitingHeader, awaitingHandshake, ready, closed }

    private enum Input: Sendable {
        case connected
        case event(StreamEvent)
        case failed, timedOut, shutDown, disconnected
    }

    private static let header = Element("stream", namespace: Namespaces.streams, attributes: ["id": "3BF96D32"])
    private static let handshake = Element("handshake", namespace: Namespaces.component)
    private static let stanza = Element("iq", namespace: Namespaces.component)
    private static let farewell = "</stream:stream>"

    private func machine(_ stage: Stage) -> ComponentStreamMachine {
        var machine = ComponentStreamMachine(domain: "invites.host.example", secret: "test")
        if stage == .unopened { return machine }
        _ = machine.connected()
        if stage == .awaitingHeader { return machine }
        _ = machine.received(.opened(Self.header, contentNamespace: Namespaces.component))
        if stage == .awaitingHandshake { return machine }
        _ = machine.received(.element(Self.handshake))
        if stage == .ready { return machine }
        _ = machine.disconnected()
        return machine
    }

    private func feed(_ input: Input, to stage: Stage) -> [ComponentStreamMachine.Action] {
        var machine = machine(stage)
        #expect(machine.isReady == (stage == .ready))
        let actions =
            switch input {
            case .connected: machine.connected()
            case .event(let event): machine.received(event)
            case .failed: machine.failed(StreamError(.notWellFormed))
            case .timedOut: machine.timedOut()
            case .shutDown: machine.leave(.shutDown)
            case .disconnected: machine.disconnected()
            }
        if case .close? = actions.last {
            // Input after the end has no effect.
            #expect(!machine.isReady)
            #expect(machine.received(.element(Self.stanza)) == [] && machine.connected() == [])
            #expect(machine.timedOut() == [] && machine.disconnected() == [] && machine.leave(.shutDown) == [])
            #expect(machine.failed(StreamError(.reset)) == [])
        }
        return actions
    }

    private func opened(_ header: Element, for contentNamespace: String = Namespaces.component) -> Input {
        .event(.opened(header, contentNamespace: contentNamespace))
    }

    private func close(_ reason: DisconnectReason, _ farewell: String? = nil) -> [ComponentStreamMachine.Action] {
        [.close(farewell: farewell, reason: reason)]
    }

    private func violation(_ error: StreamError) -> [ComponentStreamMachine.Action] {
        let text = error.text.map { "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>\($0)</text>" } ?? ""
        return close(
            .protocolViolation(error),
            "<stream:error><\(error.condition.rawValue) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\(text)</stream:error>"
                + "</stream:stream>")
    }

    @Test func theWayToAConnection() {
        var machine = ComponentStreamMachine(domain: "invites.host.example", secret: "test")
        #expect(
            machine.connected() == [
                .send(
                    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
                        + "xmlns:stream='http://etherx.jabber.org/streams' to='invites.host.example'>")
            ])
        #expect(
            machine.received(.opened(Self.header, contentNamespace: Namespaces.component)) == [
                .send("<handshake>\(ComponentStreamMachine.digest(streamID: "3BF96D32", secret: "test"))</handshake>")
            ])
        #expect(machine.received(.element(Self.handshake)) == [.becomeReady])
        #expect(machine.isReady)
        #expect(machine.received(.element(Self.stanza)) == [.deliver(Self.stanza)])
        let refused = RefusedStanza(.tooLarge, outline: Self.stanza)
        #expect(machine.received(.refused(refused)) == [.refuse(refused)])
    }

    /// XEP-0114, example 3, and FIPS 180's "abc" cut in two.
    @Test func digests() {
        #expect(
            ComponentStreamMachine.digest(streamID: "a", secret: "bc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(ComponentStreamMachine.digest(streamID: "", secret: "") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(
            ComponentStreamMachine.digest(streamID: "3BF96D32", secret: "test")
                == "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e")
    }

    @Test func ends() {
        for stage in [Stage.awaitingHeader, .awaitingHandshake, .ready] {
            #expect(feed(.failed, to: stage) == violation(StreamError(.notWellFormed)), "\(stage)")
            #expect(feed(.timedOut, to: stage) == close(stage == .ready ? .silent : .handshakeTimeout), "\(stage)")
            #expect(feed(.shutDown, to: stage) == close(.shutDown, Self.farewell), "\(stage)")
            #expect(feed(.disconnected, to: stage) == close(.connectionLost), "\(stage)")
            #expect(feed(.event(.closed), to: stage) == close(.closedByServer, Self.farewell), "\(stage)")
            #expect(feed(.connected, to: stage) == [], "\(stage)")
        }
        #expect(feed(.shutDown, to: .unopened) == close(.shutDown))
        #expect(feed(.disconnected, to: .unopened) == close(.connectionLost))
        #expect(feed(.event(.element(Self.stanza)), to: .unopened) == [])
        for input in [Input.connected, .event(.closed), .failed, .timedOut, .shutDown, .disconnected] {
            #expect(feed(input, to: .closed) == [])
        }
    }

    @Test func whatIsNotExpected() {
        let surprise = violation(StreamError(.badFormat, text: "not expected during the handshake"))
        for element in [Self.stanza, Element("handshake", namespace: "urn:odd")] {
            #expect(feed(.event(.element(element)), to: .awaitingHandshake) == surprise)
            #expect(
                feed(.event(.refused(RefusedStanza(.tooLarge, outline: element))), to: .awaitingHandshake) == surprise)
        }
        #expect(
            feed(opened(Element("stream", namespace: "urn:odd")), to: .awaitingHeader)
                == violation(StreamError(.invalidNamespace)))
        #expect(
            feed(opened(Element("stream", namespace: Namespaces.streams)), to: .awaitingHeader)
                == violation(StreamError(.badFormat, text: "a stream header needs an id")))
        // A second handshake is a stanza like any other, and dropped as none.
        #expect(feed(.event(.element(Self.handshake)), to: .ready) == [.deliver(Self.handshake)])
    }

    @Test(arguments: ["jabber:client", "jabber:server", "jabber:component:connect", Namespaces.streams, ""])
    func noSecretIsDigestedForAStreamThatIsNoComponents(contentNamespace: String) {
        #expect(
            feed(opened(Self.header, for: contentNamespace), to: .awaitingHeader)
                == violation(StreamError(.invalidNamespace, text: "not a stream for components")))
    }

    @Test(
        arguments: [
            (.notAuthorized, .wrongSecret, .streamError(StreamError(.notAuthorized))),
            (.conflict, .conflict, .conflict),
            (.hostUnknown, .unknownComponent, .streamError(StreamError(.hostUnknown))),
            (.systemShutdown, .streamError(StreamError(.systemShutdown)), .streamError(StreamError(.systemShutdown))),
        ] as [(StreamError.Condition, DisconnectReason, DisconnectReason)])
    func streamErrors(condition: StreamError.Condition, during: DisconnectReason, after: DisconnectReason) {
        let event = Input.event(.element(StreamError(condition).element))
        #expect(feed(event, to: .awaitingHandshake) == close(during))
        #expect(feed(event, to: .ready) == close(after))
        #expect(during.needsOperator == [.notAuthorized, .conflict, .hostUnknown].contains(condition))
    }

    @Test func reasonsSayWhatHappenedInWordsOfTheirOwn() {
        let error = StreamError(.reset, text: "why")
        let reasons: [DisconnectReason] = [
            .conflict, .wrongSecret, .unknownComponent, .unreachable("refused"), .connectionLost, .closedByServer,
            .streamError(error), .protocolViolation(error), .handshakeTimeout, .silent, .shutDown,
        ]
        #expect(Set(reasons.map(\.description)).count == reasons.count)
        #expect(reasons[6].description.contains("reset: why"))
    }

    @Test func optionsKeepTheSecretToThemselves() {
        let options = ComponentOptions(domain: "d", host: "h", port: 1, secret: "s3cr3t")
        var dumped = ""
        dump(options, to: &dumped)
        for text in ["\(options)", String(reflecting: options), dumped] { #expect(!text.contains("s3cr3t")) }
    }
}
