import Logging
import NIOCore
import NIOPosix
import Testing

@testable import XMPP

@Suite(.timeLimit(.minutes(5))) struct ComponentConnectionTests {
    private struct Dependencies: Sendable {
        let server: ScriptedServer
        let connection: ComponentConnection
        let receiver: RecordingReceiver
        let statuses: Recorder<ComponentStatus>
        let lines: Recorder<String>

        /// The first reason to wait that was given.
        func firstReason() async -> DisconnectReason? {
            let statuses = await statuses.wait { $0.contains { if case .waiting = $0 { true } else { false } } }
            return statuses.lazy.compactMap { if case .waiting(let reason, _) = $0 { reason } else { nil } }.first
        }

        func ready() async -> ScriptedServer.Peer {
            let peer = await server.peer(0)
            await peer.accept()
            await statuses.wait { $0.contains(.connected) }
            return peer
        }
    }

    /// Runs a connection to a server of its own for as long as the body takes, and sees both stop.
    private func withConnection(
        _ configure: (inout ComponentOptions) -> Void = { _ in },
        _ body: @Sendable (Dependencies) async throws -> Void
    ) async throws {
        let server = try await ScriptedServer()
        var options = ComponentOptions(
            domain: "invites.host.example", host: "127.0.0.1", port: server.port, secret: "s3cr3t")
        options.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(4))
        configure(&options)
        let receiver = RecordingReceiver()
        let statuses = Recorder<ComponentStatus>()
        let lines = Recorder<String>()
        let connection = ComponentConnection(
            options, outlet: Outlet(), receiver: receiver, group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in RecordingLogHandler(lines: lines) },
            statusChanged: { statuses.record($0) })
        let run = Task { await connection.run() }
        let dependencies = Dependencies(
            server: server, connection: connection, receiver: receiver, statuses: statuses, lines: lines)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(dependencies))
        } catch {
            result = .failure(error)
        }
        connection.shutDown()
        await run.value
        await server.stop()
        #expect(connection.status == .stopped)
        #expect(statuses.values.last == .stopped)
        #expect(!lines.values.joined().contains("s3cr3t"))
        try result.get()
    }

    @Test func connectsAndCarriesStanzas() async throws {
        try await withConnection { all in
            let peer = await all.server.peer(0)
            await peer.accept("<message from='a.example' to='invites.host.example'/>")
            await all.receiver.events.wait { $0.count == 2 }
            #expect(all.receiver.events.values.first == .connected)
            #expect(all.receiver.stanzas.count == 1)
            #expect(all.statuses.values == [.connecting(attempt: 1), .connected])
            #expect(all.connection.status == .connected)
            all.connection.outlet.send("message")
            let digest = ComponentStreamMachine.digest(streamID: "1", secret: "s3cr3t")
            let heard = await peer.wait(for: "<message/>")
            #expect(heard.withoutPadding.hasSuffix("<handshake>\(digest)</handshake><message/>"))
        }
    }

    @Test func shutDownEndsTheStreamInGoodOrder() async throws {
        try await withConnection { all in
            let peer = await all.ready()
            all.connection.outlet.send("last")
            all.connection.shutDown()
            #expect(await peer.waitForEnd().withoutPadding.hasSuffix("</handshake><last/></stream:stream>"))
        }
    }

    @Test func shutDownWaitsForWhatIsWritten() async throws {
        func patient(_ options: inout ComponentOptions) { options.farewellTimeout = .seconds(300) }
        try await withConnection(patient) { all in
            let peer = await all.ready()
            var stanza = XMLWriter()
            stanza.write(
                Element("message", namespace: Namespaces.component, text: String(repeating: "x", count: 1 << 20)))
            for _ in 0..<8 { all.connection.outlet.send(stanza) }
            all.connection.shutDown()
            let heard = await peer.waitForEnd()
            #expect(heard.utf8.count > 8 << 20)
            // The end alone, to keep a failure's message short.
            #expect(heard.suffix(34) == "</message>        </stream:stream>")
        }
    }

    @Test(
        arguments: [
            ("not-authorized", .wrongSecret), ("conflict", .conflict), ("host-unknown", .unknownComponent),
            ("system-shutdown", .streamError(StreamError(.systemShutdown))),
        ] as [(String, DisconnectReason)])
    func refusalsAreToldApart(condition: String, reason: DisconnectReason) async throws {
        try await withConnection { all in
            let peer = await all.server.peer(0)
            peer.send(streamHeader)
            await peer.wait(for: "</handshake>")
            peer.send(
                "<stream:error><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
            )
            #expect(await all.firstReason() == reason)
            await all.statuses.wait { $0.contains(.connecting(attempt: 2)) }
            #expect(all.receiver.events.values.isEmpty)
            let level = reason.needsOperator ? "error" : "warning"
            #expect(all.lines.values.contains { $0.hasPrefix(level) && $0.contains(reason.description) })
        }
    }

    @Test func comesBackWhenTheConnectionBreaks() async throws {
        try await withConnection { all in
            for number in 0..<3 {
                let peer = await all.server.peer(number)
                await peer.accept()
                await all.receiver.events.wait { $0.count == number + 1 }
                peer.close()
            }
            await all.statuses.wait { $0.filter { $0 == .connecting(attempt: 1) }.count == 4 }
            #expect(await all.firstReason() == .connectionLost)
            // Each success resets the count.
            #expect(!all.statuses.values.contains(.connecting(attempt: 2)))
        }
    }

    @Test func comesBackWhenTheServerEndsTheStream() async throws {
        try await withConnection { all in
            let peer = await all.ready()
            peer.send("</stream:stream>")
            #expect(await all.firstReason() == .closedByServer)
            #expect(await peer.waitForEnd().hasSuffix("</stream:stream>"))
            await all.server.peer(1).accept()
            await all.statuses.wait { $0.filter { $0 == .connected }.count == 2 }
        }
    }

    @Test func garbageEndsTheAttempt() async throws {
        try await withConnection { all in
            let peer = await all.server.peer(0)
            peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            guard case .protocolViolation? = await all.firstReason() else {
                Issue.record("\(all.statuses.values)")
                return
            }
            #expect(await peer.waitForEnd().hasSuffix("</stream:error></stream:stream>"))
        }
    }

    @Test func aServerThatIsNotThere() async throws {
        try await withConnection { all in
            let peer = await all.ready()
            await all.server.stop()
            _ = await peer.waitForEnd()
            await all.statuses.wait { $0.contains(.connecting(attempt: 3)) }
            #expect(
                all.statuses.values.contains {
                    if case .waiting(.unreachable("Connection refused"), _) = $0 { true } else { false }
                })
            await #expect(throws: RequestError.disconnected) {
                try await all.connection.request(try self.question(), timeout: .seconds(60))
            }
        }
    }

    @Test func aServerThatSaysNothing() async throws {
        try await withConnection {
            $0.handshakeTimeout = .milliseconds(20)
        } _: { all in
            // On a busy machine some attempts may not even get that far.
            await all.statuses.wait {
                $0.contains { if case .waiting(.handshakeTimeout, _) = $0 { true } else { false } }
            }
        }
    }

    @Test func aServerThatFallsSilent() async throws {
        try await withConnection {
            $0.silence = .milliseconds(20)
        } _: { all in
            let peer = await all.ready()
            #expect(await all.firstReason() == .silent)
            _ = await peer.waitForEnd()
        }
    }

    private func question() throws -> IQ {
        IQ(from: nil, to: try JID("a.example"), id: "", body: .get(Element("q", namespace: "urn:q")))
    }

    /// Asks the question and leaves.
    private func ask(_ connection: ComponentConnection) throws -> Task<Result<Element?, RequestError>, Never> {
        let question = try question()
        return Task {
            do throws(RequestError) {
                return .success(try await connection.request(question, timeout: .seconds(60)))
            } catch {
                return .failure(error)
            }
        }
    }

    /// The id of the last request that a peer got.
    private func identifier(in text: String) throws -> String {
        let tail = try #require(text.split(separator: "id='").last)
        return String(tail.prefix { $0 != "'" })
    }

    @Test func requestsGetTheirAnswers() async throws {
        try await withConnection { all in
            let peer = await all.ready()
            let result = try self.ask(all.connection)
            let heard = await peer.wait(for: "<q xmlns='urn:q'/></iq>")
            let id = try self.identifier(in: heard)
            #expect(
                heard.withoutPadding.hasSuffix("from='invites.host.example' to='a.example'><q xmlns='urn:q'/></iq>"))
            // A stranger guessed the id.
            peer.send("<iq type='result' id='\(id)' from='mallory@b.example/x' to='invites.host.example'/>")
            peer.send("<iq type='result' id='\(id)' from='a.example' to='invites.host.example'><a xmlns='urn:a'/></iq>")
            #expect(await result.value == .success(Element("a", namespace: "urn:a")))
            #expect(all.receiver.stanzas.isEmpty)
        }
    }

    @Test func requestsAreRefused() async throws {
        try await withConnection { all in
            let peer = await all.ready()
            let result = try self.ask(all.connection)
            let id = try self.identifier(in: await peer.wait(for: "<q xmlns='urn:q'/></iq>"))
            peer.send(
                "<iq type='error' id='\(id)' from='a.example'><error type='auth'>"
                    + "<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
            #expect(await result.value == .failure(.refused(StanzaError(.forbidden))))
        }
    }

    @Test(arguments: [Duration.zero, .milliseconds(5)])
    func requestsTimeOut(timeout: Duration) async throws {
        try await withConnection { all in
            _ = await all.ready()
            await #expect(throws: RequestError.timeout) {
                try await all.connection.request(try self.question(), timeout: timeout)
            }
        }
    }

    @Test func requestsEndWithTheConnection() async throws {
        try await withConnection { all in
            let peer = await all.ready()
            let result = try self.ask(all.connection)
            await peer.wait(for: "<q xmlns='urn:q'/></iq>")
            peer.close()
            #expect(await result.value == .failure(.disconnected))
        }
    }

    @Test func whileDrainingAnswersGoOutAndNothingComesIn() async throws {
        try await withConnection { all in
            let peer = await all.ready()
            await all.connection.drain()
            all.connection.outlet.send("answer")
            await peer.wait(for: "<answer/>")
            peer.send("<message/>")
            all.connection.outlet.send("another")
            await peer.wait(for: "<another/>")
            all.connection.shutDown()
            #expect(await peer.waitForEnd().withoutPadding.hasSuffix("<answer/><another/></stream:stream>"))
            #expect(all.receiver.stanzas.isEmpty)
        }
    }

    @Test func drainingHoldsForTheNextConnectionToo() async throws {
        try await withConnection { all in
            await all.connection.drain()
            let peer = await all.ready()
            all.connection.outlet.send("answer")
            await peer.wait(for: "<answer/>")
            peer.send("<message/>")
            all.connection.shutDown()
            _ = await peer.waitForEnd()
            #expect(all.receiver.stanzas.isEmpty)
        }
    }

    @Test func shutDownDoesNotWaitForTheNextAttempt() async throws {
        try await withConnection {
            $0.backoff = Backoff(first: .seconds(3600), longest: .seconds(3600))
        } _: { all in
            await all.server.peer(0).close()
            _ = await all.firstReason()
        }
    }

    @Test func shutDownDuringTheHandshake() async throws {
        try await withConnection { all in
            let peer = await all.server.peer(0)
            await peer.wait(for: "to='invites.host.example'>")
            all.connection.shutDown()
            #expect(await peer.waitForEnd().hasSuffix("</stream:stream>"))
        }
    }

    @Test func shutDownBeforeAnything() async throws {
        try await withConnection { all in all.connection.shutDown() }
    }

    @Test func reconnectingEndsTheStreamInGoodOrderAndMakesAnother() async throws {
        try await withConnection { all in
            let first = await all.ready()
            all.connection.outlet.send("last")
            async let report = all.connection.reconnect()
            #expect(await first.waitForEnd().withoutPadding.hasSuffix("<last/></stream:stream>"))
            await all.server.peer(1).accept()
            #expect(await report.status == .connected)
            #expect(all.connection.report.lastTrouble == nil)
            #expect(
                all.statuses.values == [.connecting(attempt: 1), .connected, .connecting(attempt: 1), .connected])
        }
    }

    @Test func whatIsPausedReadsAgainOnTheNextConnection() async throws {
        try await withConnection { all in
            let first = await all.ready()
            await all.connection.pause()
            first.send("<message from='a.example' to='invites.host.example'/>")
            async let report = all.connection.reconnect()
            _ = await first.waitForEnd()
            await all.server.peer(1).accept("<message from='b.example' to='invites.host.example'/>")
            _ = await report
            await all.receiver.events.wait { $0.contains { if case .stanzas = $0 { true } else { false } } }
            guard case .message(let message)? = all.receiver.stanzas.first else {
                Issue.record("no message")
                return
            }
            #expect(message.from?.domain == "b.example")
        }
    }

    @Test func reconnectingDoesNotWaitOutTheBackoff() async throws {
        try await withConnection {
            $0.backoff = Backoff(first: .seconds(1000), longest: .seconds(1000))
        } _: { all in
            (await all.server.peer(0)).close()
            #expect(await all.firstReason() != nil)
            let waiting = all.connection.report
            #expect(waiting.attempt == 1 && waiting.retryAt.map { $0 >= waiting.since + 500_000 } == true)
            #expect(waiting.lastTrouble == .connectionLost)
            async let report = all.connection.reconnect()
            let peer = await all.server.peer(1)
            await peer.accept()
            let connected = await report
            #expect(connected.status == .connected && connected.attempt == 0 && connected.retryAt == nil)
            #expect(connected.lastTrouble == .connectionLost)
        }
    }

    @Test func reconnectingThatFailsSaysWhy() async throws {
        try await withConnection {
            $0.backoff = Backoff(first: .seconds(1000), longest: .seconds(1000))
        } _: { all in
            _ = await all.ready()
            async let report = all.connection.reconnect()
            let peer = await all.server.peer(1)
            peer.close()
            guard case .waiting(.connectionLost, _) = await report.status else {
                Issue.record("\(await report.status)")
                return
            }
        }
    }

    @Test func withoutARunningConnectionReconnectingReturns() async {
        let connection = ComponentConnection(
            ComponentOptions(domain: "invites.host.example", host: "127.0.0.1", port: 1, secret: "s3cr3t"),
            outlet: Outlet(), receiver: RecordingReceiver(), group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in RecordingLogHandler(lines: Recorder()) })
        #expect(await connection.reconnect().status == .connecting(attempt: 1))
    }
}
