import Configuration
import Foundation
import NIOCore
import Runtime
import Storage
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// The statuses of hosts that operators see match what happened to the hosts.
@Suite(.timeLimit(.minutes(5))) struct HostStatusTests {
    private let files = ["a.example": "admins: [admin@a.example]", "b.example": "admins: [admin@a.example]"]

    private func counters(_ fixture: DaemonFixture, _ host: String = "a.example") async throws -> HostCounters {
        // An answer can be on the wire before its request is counted out, in the same turn of the hosts' event loop:
        // the wire may be on another.
        try await fixture.daemon.dependencies.eventLoop.submit {}.get()
        return try #require(await fixture.daemon.hostStatus(host)).counters
    }

    @Test func eachRequestIsCountedOnceWhereItBelongs() async throws {
        try await DaemonFixture.with(files) { fixture in
            #expect(try await fixture.invite(by: "alice@a.example/r").uri != nil)
            // The rules refuse it.
            let account = command(Namespaces.createAccountCommand, form: submission([:]))
            _ = try await fixture.answer(
                to: envelope(set(account, from: "alice@a.example/r", to: "a.example"), by: "a.example"))
            _ = try await fixture.answer(
                to: envelope(
                    get(query(Namespaces.discoItems), from: "alice@a.example/r", to: "a.example"), by: "a.example"))
            var expected = HostCounters()
            (expected.requests, expected.refused, expected.invites) = (3, 1, 1)
            #expect(try await counters(fixture) == expected)
            #expect(try await counters(fixture, "b.example") == HostCounters())

            // At the shared address, for the other host; the question for the host counts for none.
            let asked = try await fixture.answer(
                to: set(command(Namespaces.createAccountCommand), from: "admin@a.example/r", to: component))
            let session = try #require(asked.payload?["sessionid"])
            let chosen = try await fixture.answer(
                to: set(
                    command(
                        Namespaces.createAccountCommand, action: "next", session: session,
                        form: submission(["host": "b.example"])), from: "admin@a.example/r", to: component))
            let next = try #require(chosen.payload?["sessionid"])
            let made = try await fixture.answer(
                to: set(
                    command(Namespaces.createAccountCommand, action: "complete", session: next, form: submission([:])),
                    from: "admin@a.example/r", to: component))
            #expect(made.uri != nil)
            (expected.requests, expected.refused, expected.invites) = (1, 0, 1)
            #expect(try await counters(fixture, "b.example") == expected)

            _ = try await fixture.answer(
                to: get(query(Namespaces.discoInfo), from: "eve@evil.example/r", to: "nobody.example"))
            (expected.requests, expected.refused, expected.invites) = (3, 1, 0)
            #expect(await fixture.daemon.component.unroutedCounters() == expected)
        }
    }

    @Test func whatWaitsAndWhatIsTooMuchIsCounted() async throws {
        try await DaemonFixture.with(files) { fixture in
            let databases = fixture.daemon.registry.databases
            let gate = try await StoreGate(databases.store(for: "a.example"))
            defer { gate.open() }
            let sent = HostEndpoint.capacity * 2 + 100
            let requests = try (0..<sent).map {
                let asker = try JID("user\($0)@a.example/r")
                return set(command(Namespaces.inviteCommand), from: asker, to: component, id: "a\($0)")
            }
            fixture.router.receive(requests.map { .iq($0) })
            let before = try await counters(fixture)
            #expect(before.overloaded >= 100 && before.refused == before.overloaded)
            #expect(before.waiting == sent - before.overloaded)
            gate.open()
            for request in requests { _ = try await fixture.wire.answer(to: request.id) }
            let after = try await counters(fixture)
            #expect(after.waiting == 0 && after.requests == sent)
            #expect(after.invites == sent - after.overloaded)
            #expect(await fixture.daemon.component.unroutedCounters() == HostCounters())
        }
    }

    @Test func quarantineIsToldWithItsReasonAndTheNextTry() async throws {
        try await DaemonFixture.with(files) { fixture in
            let path = "\(fixture.directory.path)/state/hosts/a.example.sqlite3"
            try FileManager.default.createDirectory(
                atPath: "\(fixture.directory.path)/state/hosts", withIntermediateDirectories: true)
            try Data(repeating: 0x2A, count: 8192).write(to: URL(filePath: path))
            #expect(try await fixture.invite(by: "alice@a.example/r").stanzaError != nil)
            let status = try #require(await fixture.daemon.hostStatus("a.example"))
            #expect(status.state == .quarantined)
            #expect(status.trouble == "the database file is damaged or not a database")
            #expect(try #require(status.retryAt) > fixture.controlled.now)
            let quarantines = fixture.daemon.registry.quarantines
            #expect(quarantines.count == 1)
            let why = try #require(await fixture.daemon.explain("a.example"))
            #expect(why[0].verdict.hasPrefix("quarantined since ") && why[0].because.contains("damaged"))

            try FileManager.default.removeItem(atPath: path)
            let retry = try await fixture.controlled.sleepers.next {
                $0.duration < .seconds(1) || $0.duration == .seconds(1)
            }
            retry.wake()
            _ = try await fixture.controlled.log.next { $0.contains("host recovered") }
            let after = try #require(await fixture.daemon.hostStatus("a.example"))
            #expect(after.state == .running && after.trouble == nil && after.retryAt == nil)
            #expect(after.lastTrouble == status.trouble)
            #expect(quarantines.count == 0)
        }
    }

    @Test func suspensionIsAStateWithItsBeginning() async throws {
        try await DaemonFixture.with(files) { fixture in
            fixture.controlled.advance(byMilliseconds: 5000)
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            // The service applies the change before it serves later requests.
            #expect(try await fixture.invite(by: "alice@a.example/r").stanzaError?.condition == .serviceUnavailable)
            let status = try #require(await fixture.daemon.hostStatus("a.example"))
            #expect(status.state == .suspended && status.since == fixture.controlled.now && status.overrides == 1)
            let why = try #require(await fixture.daemon.explain("a.example"))
            #expect(why[0].origin == "runtime")
            #expect(await fixture.daemon.hostStatus("b.example")?.state == .running)
        }
    }

    /// A status is computed when it is taken from the sequence, so that none are held in memory.
    @Test func hostsAreLookedAtAsTheyAreTaken() async throws {
        let names = (0..<600).map { "h\(1000 + $0).example" }
        let files = Dictionary(names.map { ($0, "{}") }) { $1 }
        try await DaemonFixture.with(files) { fixture in
            let daemon = fixture.daemon
            var statuses = daemon.hostStatuses().makeAsyncIterator()
            let first = try #require(await statuses.next())
            #expect(first.host == names[0])
            let last = try #require(names.last)
            _ = try await daemon.configuration.set(.suspended, to: ["true"], of: last)
            // Removed hosts are left out, and added ones are in the next sequence.
            try fixture.directory.remove("config.d/\(names[500]).yaml")
            try fixture.write("{}", host: "h1500.more.example")
            guard case .applied = await daemon.configuration.reload() else {
                Issue.record("not reloaded")
                return
            }
            var rest: [HostStatus] = []
            while let next = await statuses.next() { rest.append(next) }
            #expect(rest.map(\.host) == names.dropFirst().filter { $0 != names[500] })
            #expect(rest.last?.state == .suspended && rest.last?.overrides == 1)
        }
    }

    @Test func refusedFilesAreHostsToo() async throws {
        let prepare: (TemporaryDirectory) throws -> Void = { directory in
            try directory.write("nonsense: 1\n", to: "config.d/c.example.yaml")
            try directory.write("{}", to: "config.d/d.example.yml")
        }
        try await DaemonFixture.with(files, prepare: prepare) { fixture in
            let daemon = fixture.daemon
            #expect(daemon.registry.table.allNames == ["a.example", "b.example", "c.example"])
            #expect(daemon.registry.table.contains("c.example") && !daemon.registry.table.contains("d.example"))
            let refused = await daemon.hostStatuses().all.filter { $0.state == .refused }
            #expect(refused.map(\.isHost) == [false, true])
            #expect(refused.last?.host == "c.example" && refused.last?.trouble?.contains("nonsense") == true)
            #expect(await daemon.hostStatuses { $0 == "c.example" }.all.map(\.host) == ["c.example"])
            let why = try #require(await daemon.explain("c.example"))
            #expect(why.count == 1 && why[0].verdict == "refused")

            // Once corrected, it is a host like the others.
            try fixture.write("{}", host: "c.example")
            try fixture.directory.remove("config.d/d.example.yml")
            guard case .applied = await daemon.configuration.reload() else {
                Issue.record("not reloaded")
                return
            }
            #expect(await daemon.hostStatuses().all.map(\.state) == [.running, .running, .running])
        }
    }
}

extension HostStatuses {
    fileprivate var all: [HostStatus] {
        get async { await reduce(into: []) { $0.append($1) } }
    }
}
