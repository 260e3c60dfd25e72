import Configuration
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// Requests beyond a limit are refused at once, for the one who exceeds it, and others are not affected.
@Suite(.timeLimit(.minutes(5))) struct OverloadTests {
    private let hosts = [
        HostConfiguration(host: "a.example", admins: ["admin@a.example"]),
        HostConfiguration(host: "b.example", admins: ["admin@b.example"]),
    ]

    /// By a user of its own: no user makes many.
    private func invite(_ id: String, host: String) throws -> IQ {
        let asker = try JID("user\(id)@\(host)/r")
        return set(command(Namespaces.inviteCommand), from: asker, to: component, id: id)
    }

    @Test func oneHostsFloodIsItsOwn() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            defer { gate.open() }
            // One batch at work and a full mailbox is the most that is taken.
            let sent = HostEndpoint.capacity * 2 + 100
            fixture.router.receive(try (0..<sent).map { .iq(try invite("a\($0)", host: "a.example")) })
            let refused = try await fixture.wire.answers.next { _ in true }
            #expect(refused.stanzaError == StanzaError(.resourceConstraint))

            fixture.router.receive([.iq(try invite("b", host: "b.example"))])
            #expect(try await fixture.wire.answer(to: "b").uri != nil)
            #expect(fixture.inFlight.count >= HostEndpoint.capacity)

            gate.open()
            await fixture.inFlight.waitUntilNone()
            try await fixture.wire.flush()
            let answers = Dictionary(grouping: fixture.wire.all, by: \.id)
            #expect(answers.count == sent + 1)
            #expect(answers.values.allSatisfy { $0.count == 1 })
            let served = fixture.wire.all.filter { $0.uri != nil }.count
            let counts = fixture.router.counts
            #expect(served >= HostEndpoint.capacity && served < sent)
            #expect(counts.routed == served && counts.overloaded == sent + 1 - served)
            #expect(try await fixture.databases.store(for: "a.example").count() == served - 1)
            // One line reports many.
            #expect(fixture.controlled.log.items.filter { $0.contains("beyond what may wait") }.count <= 20)
        }
    }

    @Test func allTogetherAreBounded() async throws {
        try await ComponentFixture.with(hosts, inFlight: 10) { fixture in
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            defer { gate.open() }
            fixture.router.receive(try (0..<15).map { .iq(try invite("a\($0)", host: "a.example")) })
            for index in 10..<15 {
                let answer = try await fixture.wire.answer(to: "a\(index)")
                #expect(answer.stanzaError == StanzaError(.resourceConstraint))
            }
            gate.open()
            for index in 0..<10 { #expect(try await fixture.wire.answer(to: "a\(index)").uri != nil) }
            await fixture.inFlight.waitUntilNone()
            #expect(fixture.inFlight.count == 0)
            #expect(fixture.router.counts.overloaded == 5)
        }
    }

    /// The command for accounts is sent to the shared address, which serves all hosts.
    @Test func aHostThatHangsDoesNotHoldTheSharedAddress() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            defer { gate.open() }
            func account(_ id: String, by admin: JID) -> Stanza {
                let payload = command(Namespaces.createAccountCommand, form: submission([:]))
                return .iq(set(payload, from: admin, to: component, id: id))
            }
            let sent = SharedEndpoint.mostWaiting + 50
            fixture.router.receive((0..<sent).map { account("a\($0)", by: "admin@a.example/r") })
            let refused = try await fixture.wire.answers.next { _ in true }
            #expect(refused.stanzaError?.condition == .resourceConstraint)
            fixture.router.receive([account("b", by: "admin@b.example/r")])
            #expect(try await fixture.wire.answer(to: "b").uri != nil)
            // An answer leaves before its request is counted out, in one go.
            _ = await fixture.router.unroutedCounters()
            #expect(fixture.inFlight.count == SharedEndpoint.mostWaiting)
            gate.open()
            await fixture.inFlight.waitUntilNone()
            try await fixture.wire.flush()
            #expect(fixture.wire.all.filter { $0.uri != nil }.count == SharedEndpoint.mostWaiting + 1)
            #expect(fixture.wire.all.count == sent + 1)
            // There is room again.
            fixture.router.receive([account("again", by: "admin@a.example/r")])
            #expect(try await fixture.wire.answer(to: "again").uri != nil)
        }
    }

    @Test func manyBadRequestsAreFewLinesInTheLog() async throws {
        try await ComponentFixture.with(hosts) { fixture in
            let bad = get(query(Namespaces.discoInfo), from: "eve@evil.example/r", to: "nobody.example")
            let answers = try await fixture.answers(to: Array(repeating: bad, count: 1000))
            #expect(answers.count == 1000)
            #expect(fixture.router.counts.refused == 1000)
            #expect(fixture.controlled.log.items.count <= 40)
        }
    }
}
