import Invites
import Runtime
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Storage
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct SupervisorDeadlineTests {
    @Test func aDiskThatDoesNotAnswerLeavesNoRequestWithoutAnswer() async throws {
        try await Hosting.with(["a.example": "{}", "b.example": "{}"]) { hosting in
            let serving = Task { await hosting.daemon.run() }
            let gate = try await StoreGate(hosting.daemon.registry.databases.store(for: "a.example"))
            defer { gate.open() }
            hosting.router.receive([
                .iq(set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: component, id: "hung"))
            ])
            // Seconds go by, eleven at a time, until somebody looks after the request has reached the store.
            let clock = Task {
                while let tick = try? await hosting.world.sleeper(for: .seconds(1)) {
                    hosting.world.advance(byMilliseconds: 11_000)
                    tick.wake()
                }
            }
            let answer = try await hosting.wire.answer(to: "hung")
            clock.cancel()
            // Otherwise it could still turn, while the next request is at the store.
            await clock.value
            guard case .error(let error) = answer.body else {
                Issue.record("answered \(answer)")
                return
            }
            #expect(error.condition == .internalServerError && error.kind == .wait)
            #expect(
                hosting.world.log.items.contains { $0.contains("host quarantined") && $0.contains("does not answer") })
            #expect(try await hosting.invite(by: "bob@b.example/r", id: "other").uri != nil)
            hosting.daemon.component.connection.shutDown()
            await serving.value
        }
    }

    @Test func whatIsInTimeIsNotGivenUp() async {
        let deadlines = Deadlines()
        let start = World().now.millisecondsSinceEpoch
        let value = await deadlines.result(startedAt: start) {
            deadlines.expire(startedBefore: start)
            return 7
        }
        #expect(value == 7)
    }
}
