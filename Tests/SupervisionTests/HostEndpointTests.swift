import Configuration
import Invites
import NIOCore
import Runtime
import Synchronization
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Storage
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct HostEndpointTests {
    private let host = HostConfiguration(host: "a.example", admins: ["admin@a.example"])

    private func invite(_ id: String, by asker: JID? = nil) throws -> InboundRequest {
        // No user makes many.
        let asker = try asker ?? JID("user\(id)@a.example/r")
        return try #require(
            InboundRequest(direct: set(command(Namespaces.inviteCommand), from: asker, to: component, id: id)))
    }

    /// Offers a request as the router does.
    private func offer(_ request: InboundRequest, _ fixture: ComponentFixture) -> StanzaError? {
        _ = fixture.inFlight.enter()
        guard let entry = fixture.router.currentTable.hosts["a.example"] else {
            fixture.inFlight.leave()
            return StanzaError(.itemNotFound)
        }
        let error = entry.endpoint.offer(request, under: entry.host)
        if error != nil { fixture.inFlight.leave() }
        return error
    }

    @Test func whatWaitsTogetherIsOneCommit() async throws {
        try await ComponentFixture.with([host]) { fixture in
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            for index in 0..<300 { #expect(offer(try invite("\(index)"), fixture) == nil) }
            gate.open()
            await fixture.inFlight.waitUntilNone()
            #expect(try await fixture.databases.store(for: "a.example").count() == 300)
            // One for the requests when the work began, one for those that arrived meanwhile.
            #expect((1...2).contains(fixture.databases.openDatabases.commits))
            try await fixture.wire.flush()
            #expect(Set(fixture.wire.all.compactMap(\.token)).count == 300)
        }
    }

    @Test func aHostLetsRequestsGatherOnlyWhenSeveralCame() async throws {
        try await ComponentFixture.with([host]) { fixture in
            for index in 0..<5 {
                let lone = try await fixture.answers(to: [invite("\(index)").iq])
                #expect(lone.count == 1)
            }
            #expect(fixture.controlled.gatherings.items.isEmpty)
            // Requests that wait behind a blocked store are processed together.
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            for index in 0..<40 { #expect(offer(try invite("together\(index)"), fixture) == nil) }
            gate.open()
            await fixture.inFlight.waitUntilNone()
            try await fixture.controlled.gatherings.next()
        }
    }

    @Test func anAnswerIsWrittenWhenItsInviteIsOnDisk() async throws {
        let seen = Inbox<Bool>()
        let path = Mutex("")
        // Checks at the moment at which the answer is sent.
        let look: @Sendable (IQ) -> Void = { answer in
            guard let token = answer.token else { return }
            let isThere = try? SecondConnection(path.withLock { $0 }).has(token: token)
            seen.put(isThere ?? false)
        }
        try await ComponentFixture.with([host], onSend: look) { fixture in
            path.withLock { $0 = fixture.databasePath("a.example") }
            for batch in 0..<5 {
                let requests = try (0..<10).map { try invite("\(batch)-\($0)").iq }
                #expect(try await fixture.answers(to: requests).count == 10)
            }
            #expect(seen.items == Array(repeating: true, count: 50))
        }
    }

    @Test func answersKeepTheOrderOfTheRequests() async throws {
        try await ComponentFixture.with([host]) { fixture in
            let answers = try await fixture.answers(to: try (0..<100).map { try invite("\($0)").iq })
            #expect(answers.map(\.id) == (0..<100).map(String.init))
        }
    }

    /// All requests that wait for a host are processed together, which takes a while on the event loop of all hosts.
    @Test func anotherHostIsAnsweredInBetween() async throws {
        let hosts = ["a.example", "b.example"].map { HostConfiguration(host: $0, allowContactInvites: false) }
        try await ComponentFixture.with(hosts) { fixture in
            let count = HostEndpoint.capacity
            let many = try (0..<count).map { try invite("\($0)").iq }
            let other = try invite("other", by: "user@b.example/r").iq
            // On the event loop, so that they are worked on in this order.
            try await fixture.controlled.dependencies.eventLoop.submit {
                fixture.router.receive((many + [other]).map { .iq($0) })
            }.get()
            await fixture.inFlight.waitUntilNone()
            try await fixture.wire.flush()
            let answers = fixture.wire.all.map(\.id)
            #expect(answers.count == count + 1)
            #expect(try #require(answers.firstIndex(of: "other")) < count)
            #expect(answers.filter { $0 != "other" } == (0..<count).map(String.init))
        }
    }

    @Test func aPolicyHoldsForTheRequestsThatComeAfterIt() async throws {
        try await ComponentFixture.with([host]) { fixture in
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            let admins: Set<JID> = ["admin@a.example"]
            for index in 0..<3 { #expect(offer(try invite("before\(index)"), fixture) == nil) }
            fixture.serve([HostConfiguration(host: "a.example", admins: admins, allowContactInvites: false)])
            #expect(offer(try invite("off"), fixture) == nil)
            #expect(offer(try invite("off, admin", by: "admin@a.example/r"), fixture) == nil)
            fixture.serve([HostConfiguration(host: "a.example", admins: admins, allowUserInvites: true)])
            #expect(offer(try invite("on"), fixture) == nil)
            fixture.serve([HostConfiguration(host: "a.example")])
            #expect(offer(try invite("admin no more", by: "admin@a.example/r"), fixture) == nil)
            gate.open()
            await fixture.inFlight.waitUntilNone()
            try await fixture.wire.flush()

            let answers = Dictionary(uniqueKeysWithValues: fixture.wire.all.map { ($0.id, $0) })
            for index in 0..<3 { #expect(answers["before\(index)"]?.uri != nil) }
            #expect(answers["off"]?.stanzaError?.condition == .forbidden)
            #expect(answers["off, admin"]?.uri != nil)
            #expect(answers["on"]?.uri != nil)
            #expect(answers["admin no more"]?.uri != nil)
            #expect(
                try SecondConnection(fixture.databasePath("a.example")).kinds() == [
                    "contact", "contact", "contact", "account-and-contact", "account-and-contact", "contact",
                ])
        }
    }

    @Test func aPolicyIsTakenEvenInAFlood() async throws {
        try await ComponentFixture.with([host]) { fixture in
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            var isFull = false
            while !isFull { isFull = offer(try invite("flood"), fixture) != nil }
            fixture.serve([HostConfiguration(host: "a.example", allowContactInvites: false)])
            gate.open()
            await fixture.inFlight.waitUntilNone()
            #expect(try await fixture.answers(to: [invite("after").iq]).first?.stanzaError?.condition == .forbidden)
        }
    }

    @Test func stoppedItAnswersWhatItAccepted() async throws {
        try await ComponentFixture.with([host]) { fixture in
            let service = try #require(fixture.endpoint("a.example")?.service)
            let gate = try await StoreGate(fixture.databases.store(for: "a.example"))
            for index in 0..<20 { #expect(offer(try invite("\(index)"), fixture) == nil) }
            let endpoint = try #require(fixture.endpoint("a.example"))
            let host = try #require(fixture.registry["a.example"])
            fixture.serve([])
            #expect(endpoint.offer(try invite("late"), under: host) == StanzaError(.itemNotFound))
            gate.open()
            await fixture.inFlight.waitUntilNone()
            try await fixture.wire.flush()
            #expect(fixture.wire.all.count == 20)
            #expect(fixture.wire.all.allSatisfy { $0.uri != nil })
            while service.lifecycleNow.state != .stopped { await Task.yield() }
            // Who still holds the service gets a refusal, not a link.
            let asker = Account(localpart: "alice", domain: "a.example")
            #expect(await service.invite([.contact(inviter: asker)], under: host.policy) == [.failure(.unavailable)])
        }
    }

    @Test func aHostThatComesBackHasItsInvites() async throws {
        try await ComponentFixture.with([host]) { fixture in
            let first = try await fixture.answers(to: [invite("1").iq])
            #expect(first.first?.uri != nil)
            fixture.serve([])
            fixture.serve([host])
            #expect(try await fixture.answers(to: [invite("2").iq]).first?.uri != nil)
            #expect(try await fixture.databases.store(for: "a.example").count() == 2)
        }
    }
}
