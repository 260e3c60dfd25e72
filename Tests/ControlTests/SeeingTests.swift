import Access
import Component
import Configuration
import Daemon
import Invites
import Logging
import Reconfiguration
import Runtime
import Shell
import Supervision
import TestSupport
import Testing

@testable import Control

/// The commands that show something,.
@Suite(.timeLimit(.minutes(5))) struct SeeingTests {
    private static let files = [
        "a.example": "admins: [admin@a.example]", "b.example": "{}", "sub.b.example": "{}", "c.example": "nonsense: 1",
    ]

    private func withDesk(_ files: [String: String] = files, _ body: (CommandFixture, LogHub) async throws -> Void)
        async throws
    {
        let controlled = ControlledDependencies()
        let hub = LogHub(level: .info, now: controlled.dependencies.now, sleep: controlled.dependencies.sleep)
        try await CommandFixture.with(files) { daemon, handlers in
            StatusHandlers(daemon, version: "1.2.3").register(in: &handlers)
            HostViewHandlers(daemon).register(in: &handlers)
            ComponentHandlers(daemon).register(in: &handlers)
            GrantHandlers(daemon).register(in: &handlers)
            StatisticsHandlers(daemon).register(in: &handlers)
            TraceHandlers(daemon).register(in: &handlers)
            LogHandlers(hub).register(in: &handlers)
        } _: {
            try await body($0, hub)
        }
    }

    private func rows(_ fixture: CommandFixture, _ line: String, as hosts: HostScope = .all) async throws -> [JSON] {
        let output = RecordingOutput()
        let end = try await fixture.run(line, as: .someone(.admin, hosts), output: output)
        #expect(end.code == .ok, "\(line): \(end)")
        let spec = try #require(CommandRegistry.standard.match(try Words(line).words)?.spec)
        for row in output.rows + output.events { check(row, against: spec.result.fields) }
        return output.rows
    }

    private func check(_ row: JSON, against fields: [Field]) {
        let names = Set(row.object?.keys.map(\.self) ?? [])
        #expect(names.isSubset(of: fields.map(\.name)), "\(row)")
        #expect(names.isSuperset(of: fields.filter { !$0.isOptional }.map(\.name)), "\(row)")
    }

    @Test func othersHostsAreNowhere() async throws {
        let b = HostScope.some(["b.example", "*.b.example"])
        try await withDesk { fixture, _ in
            #expect(
                try await rows(fixture, "host list").map { $0["host"]?.text } == [
                    "a.example", "b.example", "c.example", "sub.b.example",
                ])
            #expect(
                try await rows(fixture, "host list", as: b).map { $0["host"]?.text } == [
                    "b.example", "sub.b.example",
                ])
            let all = try #require(try await rows(fixture, "status").first)
            #expect(all["hosts"] == 4 && all["running"] == 3 && all["refused"] == 1 && all["version"] == "1.2.3")
            let some = try #require(try await rows(fixture, "status", as: b).first)
            #expect(some["hosts"] == 2 && some["running"] == 2 && some["refused"] == 0)
            #expect(
                try await rows(fixture, "grants", as: b).map { $0["host"]?.text } == ["b.example", "sub.b.example"])
            // No row for what is no host's matter, and a sum of what is seen.
            #expect(try await rows(fixture, "stats", as: b).map { $0["host"]?.text } == ["(sum)"])
            #expect(try await rows(fixture, "stats").map { $0["host"]?.text } == ["(no host)", "(sum)"])
            for line in ["host show a.example", "host why c.example", "trace a.example"] {
                #expect(try await fixture.run(line, as: .someone(.admin, b)).code == .unknownHost)
            }
        }
    }

    @Test func hostsInTheWayOfOnesOwnAreNotNamed() async throws {
        let files = [
            "a.example": "service_address: i.a.example", "b.example": "service_address: i.a.example",
            "c.example": "service_address: a.example",
        ]
        let mine = HostScope.some(["b.example", "c.example"])
        try await withDesk(files) { fixture, _ in
            for line in [
                "host list", "host show b.example", "host show c.example", "host why b.example",
                "host why c.example", "host why b.example alice@b.example",
            ] {
                for (hosts, isNamed) in [(mine, false), (.all, true)] {
                    let told = try await rows(fixture, line, as: hosts).map(\.line).joined(separator: "\n")
                    #expect(told.contains("taken") != isNamed, "\(told)")
                    // The address that the own file claims is no secret.
                    let rest = told.replacing("`i.a.example`", with: "").replacing("`a.example` is taken", with: "")
                    #expect(rest.contains("a.example") == isNamed, "\(told)")
                }
            }
        }
    }

    @Test(arguments: ["trace b.example", "log follow"]) func nobodyWatchesTooMuch(line: String) async throws {
        try await withDesk { fixture, hub in
            let ann = Caller(uid: 1001, pid: 1, user: "ann", role: .operator, hosts: .all)
            let outputs = (0..<8).map { _ in RecordingOutput() }
            let watching = outputs.map { output in
                Task { try await fixture.run(line, as: ann, output: output) }
            }
            for output in outputs { _ = try await output.messages.next() }
            #expect(try await fixture.run(line, as: ann).code == .tooManyCommands)
            // Others may still.
            let other = RecordingOutput()
            let more = Task { try await fixture.run(line, as: .someone(.operator), output: other) }
            _ = try await other.messages.next()
            for task in watching { task.cancel() }
            for task in watching { #expect(try await task.value.code == .cancelled) }
            #expect(fixture.daemon.component.stanzaWatchers + hub.subscribers == 1)
            // A watcher that has ended makes room for another.
            let last = RecordingOutput()
            let again = Task { try await fixture.run(line, as: ann, output: last) }
            _ = try await last.messages.next()
            for task in [more, again] {
                task.cancel()
                _ = try await task.value
            }
        }
    }

    @Test func oneHostIsShownWithItsSettings() async throws {
        try await withDesk { fixture, _ in
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "b.example")
            let row = try #require(try await rows(fixture, "host show b.example").first)
            #expect(row["state"] == "suspended")
            let settings = try #require(row["settings"]?.list)
            #expect(
                settings.contains(["key": "suspended", "value": "true", "origin": "runtime"]))
            #expect(row["file"]?.text == "\(fixture.directory.path)/config.d/b.example.yaml")
            #expect(try await rows(fixture, "host list --state suspended").map { $0["host"]?.text } == ["b.example"])
            #expect(try await rows(fixture, "status").first?["overrides"] == 1)
            let refused = try #require(try await rows(fixture, "host show c.example").first)
            #expect(refused["state"] == "refused" && refused["settings"] == [])
            #expect(try await rows(fixture, "host why a.example alice@a.example").count == 6)
            #expect(try await rows(fixture, "host why a.example").count > 10)
            #expect(try await rows(fixture, "component status").first?["state"] == "connecting")
        }
    }

    @Test func aChangeThatWaitsToBeConfirmedIsToldToWhoSeesAll() async throws {
        try await withDesk(["a.example": "{}", "b.example": "{}"]) { fixture, _ in
            #expect(try await rows(fixture, "status").first?["unconfirmed_until"] == nil)
            try fixture.directory.write("allow_user_invites: true", to: "config.d/a.example.yaml")
            let applied = try await fixture.daemon.configuration.apply(expecting: nil, confirmWithin: .week, by: "test")
            #expect(applied.deadline != nil)
            #expect(try await rows(fixture, "status").first?["unconfirmed_until"] != nil)
            let some = try #require(try await rows(fixture, "status", as: .some(["b.example"])).first)
            #expect(some["unconfirmed_until"] == nil)
        }
    }

    @Test func withoutAConnectionNothingIsProbed() async throws {
        try await withDesk { fixture, _ in
            for line in ["grants --probe", "component reconnect"] {
                let end = try await fixture.run(line)
                #expect(end.code == .disconnected)
            }
        }
    }

    @Test(arguments: ["trace a.example", "log follow", "top"])
    func aStreamThatIsCancelledLeavesNothingBehind(line: String) async throws {
        try await withDesk { fixture, hub in
            let output = RecordingOutput()
            let run = Task { try await fixture.run(line, output: output) }
            switch line {
            case "top": _ = try await fixture.controlled.sleeper(for: .seconds(2))
            default: _ = try await output.messages.next()
            }
            #expect(fixture.daemon.component.stanzaWatchers == (line.hasPrefix("trace") ? 1 : 0))
            run.cancel()
            #expect(try await run.value.code == .cancelled)
            #expect(hub.subscribers == 0 && fixture.daemon.component.stanzaWatchers == 0)
        }
    }

    /// A reader who disconnects in the middle of an event.
    private final class GoneOutput: CommandOutput {
        let width = 0
        let beginnings = Inbox<Void>()
        func row(_ row: JSON) async throws { throw CancellationError() }
        func text(_ text: String) async throws { throw CancellationError() }
        func progress(_ message: String) async throws { beginnings.put(()) }
        func event(_ event: JSON) async throws { throw CancellationError() }
        func ask(_ question: ServerMessage.Question) async throws -> String? { throw CancellationError() }
    }

    @Test func aReaderThatIsGoneLeavesNothingBehind() async throws {
        try await withDesk { fixture, hub in
            let (dispatcher, output) = (fixture.dispatcher, GoneOutput())
            let follow = Task {
                await dispatcher.run(["log", "follow"], caller: .someone(.admin), output: output)
            }
            try await output.beginnings.next()
            #expect(hub.subscribers == 1)
            hub.publish(.error, "something", [:])
            #expect(await follow.value.code == .cancelled)
            #expect(hub.subscribers == 0)
        }
    }

    @Test func topEndsAfterItsLooks() async throws {
        try await withDesk { fixture, _ in
            let output = RecordingOutput()
            let run = Task { try await fixture.run("top --interval 5 --looks 2", output: output) }
            for _ in 0..<2 { (try await fixture.controlled.sleeper(for: .seconds(5))).wake() }
            #expect(try await run.value.code == .ok)
            // Nothing happened, which is reported, too.
            #expect(output.events.map { $0["look"] } == [1, 2])
            #expect(output.events.allSatisfy { $0["host"] == "(sum)" && $0["waiting"] == 0 })
        }
    }

    @Test func busynessIsTheDifferenceOfTwoLooks() {
        func counters(
            _ requests: Int, _ invites: Int, _ refused: Int = 0, redemptions: Int = 0, waiting: Int = 0
        ) -> HostCounters {
            var counters = HostCounters()
            counters.redemptions = redemptions
            (counters.requests, counters.invites, counters.refused, counters.waiting) = (
                requests, invites, refused, waiting
            )
            return counters
        }
        let before = Sample(
            uptime: 1000,
            counters: ["a": counters(10, 5), "b": counters(0, 0), "idle": counters(9, 9), "new": counters(100, 1)])
        let after = Sample(
            uptime: 3000,
            counters: [
                "a": counters(30, 15, 4, redemptions: 6), "b": counters(50, 0), "idle": counters(9, 9),
                "late": counters(2, 2),
                "new": counters(6, 0), "stuck": counters(0, 0, waiting: 3),
            ])
        let activities = after.activities(since: before)
        #expect(activities.map(\.host) == ["b", "a", "new", "late", "stuck"])
        #expect(activities[1] == Activity(host: "a", requests: 10, invites: 5, redemptions: 3, refused: 2, waiting: 0))
        // It was restarted.
        #expect(activities[2].requests == 3)
        // At the same moment, nothing is divided by nothing.
        #expect(
            Sample(uptime: 1000, counters: after.counters).activities(since: before).allSatisfy { $0.requests.isFinite }
        )
    }

    @Test func theLevelOfTheLogIsJournalled() async throws {
        try await withDesk { fixture, hub in
            let row = try #require(try await rows(fixture, "log level debug --for 10m").first)
            #expect(row["level"] == "debug" && hub.loggedLevel == .debug)
            #expect(fixture.recorder.entries.last?.before == "info")
            #expect(fixture.recorder.entries.last?.after?.hasPrefix("debug until ") == true)
            let mistaken = try await fixture.run("log level --for 10m")
            #expect(mistaken.code == .badArgument)
            let refused = try await fixture.run("log level debug", as: .someone(.operator))
            #expect(refused.code == .denied)
        }
    }
}
