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

@Suite(.timeLimit(.minutes(5))) struct HostRegistryDeadlineTests {
    @Test func aDiskThatDoesNotAnswerLeavesNoRequestWithoutAnswer() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"]) { fixture in
            let serving = Task { await fixture.daemon.run() }
            let gate = try await StoreGate(fixture.daemon.registry.databases.store(for: "a.example"))
            defer { gate.open() }
            fixture.router.receive([
                .iq(set(command(Namespaces.inviteCommand), from: "alice@a.example/r", to: component, id: "hung"))
            ])
            // By eleven seconds at a time, until the deadline is checked after the request has reached the store.
            let clock = Task {
                while let tick = try? await fixture.controlled.sleeper(for: .seconds(1)) {
                    fixture.controlled.advance(byMilliseconds: 11_000)
                    tick.wake()
                }
            }
            let answer = try await fixture.wire.answer(to: "hung")
            clock.cancel()
            // Otherwise it could still turn, while the next request is at the store.
            await clock.value
            guard case .error(let error) = answer.body else {
                Issue.record("answered \(answer)")
                return
            }
            #expect(error.condition == .internalServerError && error.kind == .wait)
            #expect(
                fixture.controlled.log.items.contains {
                    $0.contains("host quarantined") && $0.contains("does not answer")
                })
            #expect(try await fixture.invite(by: "bob@b.example/r", id: "other").uri != nil)
            fixture.daemon.component.connection.shutDown()
            await serving.value
        }
    }

    @Test func whatIsInTimeIsNotGivenUp() async {
        let deadlines = Deadlines()
        let start = ControlledDependencies().now.millisecondsSinceEpoch
        let value = await deadlines.result(startedAt: start) {
            deadlines.expire(startedBefore: start)
            return 7
        }
        #expect(value == 7)
    }
}
