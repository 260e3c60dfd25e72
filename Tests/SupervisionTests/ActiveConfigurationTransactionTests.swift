import Configuration
import Foundation
import Invites
import TestSupport
import Testing
import XMPP
import YAML

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct ActiveConfigurationTransactionTests {
    private let minute = try! Lifetime("1m")
    private let forbidden = "allow_contact_invites: false\n"

    private func mayInvite(_ fixture: DaemonFixture, _ id: String, by asker: JID = "alice@a.example/r") async throws
        -> Bool
    {
        try await fixture.invite(by: asker, id: id).uri != nil
    }

    // MARK: Plan and apply

    @Test func filesAreReadForManyAtOnce() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { (fixture: DaemonFixture) async throws in
            let daemon = fixture.daemon
            _ = try await daemon.configuration.plan()
            try fixture.directory.write("allow_user_invites: true\n", to: "config.d/a.example.yaml")
            let before = await daemon.configuration.readings
            let plans = try await withThrowingTaskGroup(of: ConfigurationPlan.self) { group in
                for _ in 0..<200 { group.addTask { try await daemon.configuration.plan() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // No caller gets what was read before its call.
            #expect(plans.count == 200 && plans.allSatisfy { !$0.changesNothing })
            #expect(await daemon.configuration.readings - before < 100)
        }
    }

    @Test func aPlanSaysWhatWouldHappenAndItsHashStandsForIt() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}", "c.example": "{}"]) { fixture in
            let empty = try await fixture.daemon.configuration.plan()
            #expect(empty.changesNothing && empty.untouched == 3 && empty.steps.isEmpty)
            try fixture.write("{} # a comment is nothing\n", host: "a.example")
            #expect(try await fixture.daemon.configuration.plan() == empty)
            try fixture.write(forbidden + "site_name: B\n", host: "b.example")
            try fixture.remove("c.example")
            try fixture.write("{}", host: "d.example")
            try DaemonFixture.writeDaemonFile(in: fixture.directory, more: "control_socket: other.sock")
            let plan = try await fixture.daemon.configuration.plan()
            let lines = plan.steps.map { "\($0.host ?? "-") \($0.action) \($0.keys.joined(separator: ","))" }
            #expect(
                lines == [
                    "c.example remove ", "- restart control_socket",
                    "b.example update allow_contact_invites,site_name", "d.example add ",
                ])
            #expect(plan.untouched == 1 && !plan.changesNothing && plan.hash != empty.hash)
            #expect(plan.hash.wholeMatch(of: /[0-9a-f]{12}/) != nil)
            #expect(try await fixture.daemon.configuration.plan() == plan)
            let applied = try await fixture.daemon.configuration.apply(expecting: plan.hash, by: "someone")
            #expect((applied.added, applied.removed, applied.changed, applied.unchanged) == (1, 1, 1, 1))
            #expect(applied.hosts == ["b.example", "c.example", "d.example"])
            #expect((applied.before, applied.after) == (1, 2) && applied.deadline == nil)
            #expect(try await !mayInvite(fixture, "b", by: "bob@b.example/r"))
        }
    }

    @Test func ofTwoWithOnePlanTheSecondIsStale() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.write(forbidden, host: "a.example")
            let hash = try await fixture.daemon.configuration.plan().hash
            async let first = applied(fixture, hash)
            async let second = applied(fixture, hash)
            let both = await [first, second]
            #expect(both.count { $0 == nil } == 1 && both.count { $0 == .stale } == 1)
            // Not even when all is as it was again.
            _ = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            #expect(await applied(fixture, hash) == .stale)
        }
    }

    @Test func anApplyThatChangesNothingIsInNobodysWay() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            let hash = try await fixture.daemon.configuration.plan().hash
            for _ in 1...2 { #expect(await applied(fixture, hash) == nil) }
        }
    }

    private func applied(_ fixture: DaemonFixture, _ hash: String) async -> ConfigurationRefusal? {
        do throws(ConfigurationRefusal) {
            _ = try await fixture.daemon.configuration.apply(expecting: hash, by: "someone")
            return nil
        } catch {
            return error
        }
    }

    @Test func whatWasEditedOrSetBehindThePlanMakesItStale() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"]) { fixture in
            try fixture.write(forbidden, host: "a.example")
            var hash = try await fixture.daemon.configuration.plan().hash
            try fixture.write("site_name: B\n", host: "b.example")
            #expect(await applied(fixture, hash) == .stale)
            hash = try await fixture.daemon.configuration.plan().hash
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "b.example")
            #expect(await applied(fixture, hash) == .stale)
            #expect(try await mayInvite(fixture, "1"))
            hash = try await fixture.daemon.configuration.plan().hash
            #expect(await applied(fixture, hash) == nil)
            #expect(try await !mayInvite(fixture, "2"))
        }
    }

    @Test func aMistakeAnywhereChangesNothing() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.write(forbidden, host: "a.example")
            try fixture.write("allow_user_invite: true\n", host: "b.example")
            let error = await #expect(throws: ConfigurationRefusal.self) {
                try await fixture.daemon.configuration.plan()
            }
            guard case .invalid(let mistakes)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(mistakes.map(\.line) == [1] && mistakes[0].message.contains("did you mean `allow_user_invites`?"))
            #expect(await fixture.daemon.configuration.check() == mistakes)
            await #expect(throws: ConfigurationRefusal.invalid(mistakes)) {
                try await fixture.daemon.configuration.apply(expecting: nil, by: "someone")
            }
            #expect(try await mayInvite(fixture, "1"))
        }
    }

    @Test func anAddressThatWasSetIsNotGivenToAnotherHost() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"]) { fixture in
            _ = try await fixture.daemon.configuration.set(.serviceAddress, to: ["i.a.example"], of: "a.example")
            try fixture.write("service_address: i.a.example\n", host: "b.example")
            guard case .failed = await fixture.daemon.configuration.reload() else {
                Issue.record("applied")
                return
            }
            #expect(try await fixture.invite(by: "alice@a.example/r", at: "i.a.example").uri != nil)
            _ = try await fixture.daemon.configuration.dropOverrides(of: "a.example")
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 0, removed: 0, changed: 1, unchanged: 1))
        }
    }

    // MARK: Waiting for confirmation

    @Test func whatIsNotConfirmedInTimeUndoesItself() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            let events = Inbox<ConfigurationEvent>()
            await fixture.daemon.configuration.followConfiguration { events.put($0) }
            try fixture.write(forbidden, host: "a.example")
            let applied = try await fixture.daemon.configuration.apply(
                expecting: nil, confirmWithin: minute, by: "someone")
            #expect(applied.deadline == fixture.controlled.now.advanced(by: minute))
            #expect(try await !mayInvite(fixture, "1"))
            let sleeper = try await fixture.controlled.sleeper(for: .seconds(60))
            // No other change is accepted meanwhile.
            let pending = ConfigurationRefusal.pending(until: try #require(applied.deadline))
            await #expect(throws: pending) { try await fixture.daemon.configuration.apply(expecting: nil, by: "other") }
            #expect(await fixture.daemon.configuration.reload() == .pending(until: try #require(applied.deadline)))
            #expect(await fixture.daemon.configuration.history().map { $0.deadline != nil } == [false, true])

            sleeper.wake()
            let undone = try await events.next { $0.cause == .deadline }
            #expect(undone.isDone && undone.hosts == ["a.example"] && undone.running == 1)
            #expect(try await mayInvite(fixture, "2"))
            #expect(await fixture.daemon.configuration.history().map(\.isRunning) == [true, false])
            #expect(await fixture.daemon.configuration.settings(of: "a.example")?.last?.origin == .snapshot(1))
            let comparison = await fixture.daemon.configuration.comparison { _ in true }
            #expect(comparison.snapshot == 1 && !comparison.runsFiles && !comparison.isCurrent)
            #expect(comparison.differences.map(\.key) == ["allow_contact_invites"])
            await #expect(throws: ConfigurationRefusal.self) { try await fixture.daemon.configuration.confirm() }
            // The next apply makes the files run.
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 0, removed: 0, changed: 1, unchanged: 0))
            #expect(try await !mayInvite(fixture, "3"))
        }
    }

    @Test func aHostThatComesBackHasWhatWasSetOnIt() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}"]) { fixture in
            let daemon = fixture.daemon
            _ = try await daemon.configuration.set(.suspended, to: ["true"], of: "b.example")
            try fixture.remove("b.example")
            _ = try await daemon.configuration.apply(expecting: nil, confirmWithin: minute, by: "someone")
            #expect(await daemon.configuration.overrides(of: "b.example") == nil)
            let plan = try await daemon.configuration.planUndo(to: nil).plan
            _ = try await daemon.configuration.undo(to: nil, expecting: plan.hash)
            #expect(await daemon.configuration.overrides(of: "b.example")?.keys == [.suspended])
            #expect(try await !mayInvite(fixture, "1", by: "bob@b.example/r"))

            // Once that is confirmed, it is removed for good.
            _ = try await daemon.configuration.apply(expecting: nil, confirmWithin: minute, by: "someone")
            _ = try await daemon.configuration.confirm()
            let gone = "dropped what was set on a host that is gone"
            #expect(fixture.controlled.log.items.count { $0.contains(gone) && $0.contains("b.example") } == 1)
            _ = try await daemon.configuration.undo(to: nil, expecting: nil)
            #expect(try await mayInvite(fixture, "2", by: "bob@b.example/r"))
        }
    }

    @Test func whatIsConfirmedStays() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.write(forbidden, host: "a.example")
            _ = try await fixture.daemon.configuration.apply(expecting: nil, confirmWithin: minute, by: "someone")
            let sleeper = try await fixture.controlled.sleeper(for: .seconds(60))
            #expect(try await fixture.daemon.configuration.confirm() == 2)
            sleeper.wake()
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 0, removed: 0, changed: 0, unchanged: 1))
            #expect(try await !mayInvite(fixture, "1"))
            #expect(await fixture.daemon.configuration.history().map(\.deadline) == [nil, nil])
        }
    }

    @Test func anUndoGoesBackAndForth() async throws {
        try await DaemonFixture.with(["a.example": "site_name: One\n"]) { fixture in
            func name() async -> String? {
                await fixture.daemon.configuration.settings(of: "a.example")?.first { $0.key == .siteName }?.value
            }
            for text in ["Two", "Three"] {
                try fixture.write("site_name: \(text)\n", host: "a.example")
                _ = await fixture.daemon.configuration.reload()
            }
            let (plan, target) = try await fixture.daemon.configuration.planUndo(to: nil)
            #expect(target == 2 && plan.steps.map(\.keys) == [["site_name"]])
            let undone = try await fixture.daemon.configuration.undo(to: nil, expecting: plan.hash)
            #expect((undone.before, undone.after) == (3, 2) && undone.trouble == nil)
            #expect(await name() == "Two")
            await #expect(throws: ConfigurationRefusal.stale) {
                try await fixture.daemon.configuration.undo(to: nil, expecting: plan.hash)
            }
            _ = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            #expect(await name() == "One")
            await #expect(throws: ConfigurationRefusal.nothing("there is no snapshot of what ran before 1")) {
                try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            }
            _ = try await fixture.daemon.configuration.undo(to: 3, expecting: nil)
            #expect(await name() == "Three")
            await #expect(throws: ConfigurationRefusal.nothing("there is no snapshot 4")) {
                try await fixture.daemon.configuration.undo(to: 4, expecting: nil)
            }
            let history = await fixture.daemon.configuration.history()
            #expect(history.map(\.header.by) == ["start", "SIGHUP", "SIGHUP"])
            #expect(history.map(\.isRunning) == [false, false, true])
        }
    }

    @Test func afterAnUndoTheFileOfAHostIsWhereTheFilesAre() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.directory.makeDirectory("other.d")
            try fixture.directory.write("site_name: Moved\n", to: "other.d/a.example.yaml")
            try DaemonFixture.writeDaemonFile(in: fixture.directory, more: "hosts_directory: other.d")
            _ = try await fixture.daemon.configuration.apply(expecting: nil, by: "someone")
            let path = fixture.directory.path + "/other.d/a.example.yaml"
            #expect(await fixture.daemon.configuration.file(of: "a.example") == path)
            _ = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            #expect(await fixture.daemon.configuration.file(of: "a.example") == path)
        }
    }

    @Test func anUndoDoesNotGoBackToWhatWasUndone() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Good\n"]) { fixture in
            for text in ["Bad", "Mended"] {
                try fixture.write("site_name: \(text)\n", host: "a.example")
                _ = try await fixture.daemon.configuration.apply(expecting: nil, by: "someone")
                if text == "Bad" { _ = try await fixture.daemon.configuration.undo(to: nil, expecting: nil) }
            }
            let target = try await fixture.daemon.configuration.planUndo(to: nil).snapshot
            #expect(target == 1)
            // Nor after a restart.
            try await fixture.restarted { fixture in
                let undone = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
                #expect(undone.after == 1)
                let settings = await fixture.daemon.configuration.settings(of: "a.example")
                #expect(settings?.contains { $0.value == "Good" } == true)
            }
        }
    }

    @Test func whatRanBeforeIsKeptHoweverOldItIs() async throws {
        try await DaemonFixture.with(["a.example": "site_name: A1\n"]) { fixture in
            for number in 2...SnapshotStore.capacity {
                try fixture.write("site_name: A\(number)\n", host: "a.example")
                _ = try await fixture.daemon.configuration.apply(expecting: nil, by: "someone")
                await fixture.daemon.configuration.snapshots.finish()
            }
            _ = try await fixture.daemon.configuration.undo(to: 1, expecting: nil)
            for confirmWithin in [nil, minute] {
                try fixture.write("site_name: B\(confirmWithin == nil)\n", host: "a.example")
                _ = try await fixture.daemon.configuration.apply(
                    expecting: nil, confirmWithin: confirmWithin, by: "someone")
                if confirmWithin != nil { _ = try await fixture.daemon.configuration.confirm() }
                await fixture.daemon.configuration.snapshots.finish()
                #expect(try await fixture.daemon.configuration.undo(to: nil, expecting: nil).after == 1)
            }
        }
    }

    @Test func anAddressThatGoesBackToItsHostIsAnothersNoMore() async throws {
        let files = [
            "a.example": "service_address: i.example\n", "b.example": "{}", "c.example": "service_address: k.example\n",
        ]
        try await DaemonFixture.with(files) { fixture in
            let events = Inbox<ConfigurationEvent>()
            await fixture.daemon.configuration.followConfiguration { events.put($0) }
            for host in ["a.example", "c.example"] { try fixture.write("{}", host: host) }
            _ = try await fixture.daemon.configuration.apply(expecting: nil, confirmWithin: minute, by: "someone")
            _ = try await fixture.daemon.configuration.set(.serviceAddress, to: ["k.example"], of: "a.example")
            _ = try await fixture.daemon.configuration.set(.serviceAddress, to: ["i.example"], of: "b.example")
            // What was set on a is c's again; so a has its own again, which was set on b.
            try await fixture.controlled.sleeper(for: .seconds(60)).wake()
            _ = try await events.next { $0.cause == .deadline }
            let claims = fixture.router.currentTable.hosts.compactMapValues(\.host.configuration.serviceAddress)
            #expect(claims == ["a.example": "i.example", "c.example": "k.example"])
        }
    }

    @Test func rolesThatAreNotConfirmedAreGoneBackFrom() async throws {
        func write(_ user: String, _ fixture: DaemonFixture) throws {
            let roles = "shell: {roles: [{users: [\(user)], role: admin}]}"
            try DaemonFixture.writeDaemonFile(in: fixture.directory, more: roles)
        }
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            let daemon = fixture.daemon
            let users = Inbox<[String]>()
            await daemon.configuration.followRoles { users.put($0.roles.flatMap(\.users)) }
            #expect(try await users.next { _ in true } == [])
            try write("ann", fixture)
            _ = try await daemon.configuration.apply(expecting: nil, by: "someone")
            #expect(try await users.next { _ in true } == ["ann"])
            let hash = try await daemon.configuration.plan().hash
            try write("mallory", fixture)
            // No operator has seen this plan.
            #expect(await applied(fixture, hash) == .stale)
            let pending = try await daemon.configuration.apply(expecting: nil, confirmWithin: minute, by: "someone")
            #expect(pending.deadline != nil)
            #expect(try await users.next { _ in true } == ["mallory"])
            try await fixture.controlled.sleeper(for: .seconds(60)).wake()
            #expect(try await users.next { _ in true } == ["ann"])
            #expect(try await daemon.configuration.planUndo(to: 1).plan.changesRoles)
            _ = try await daemon.configuration.undo(to: 1, expecting: nil)
            #expect(try await users.next { _ in true } == [])
        }
    }

    @Test func whatADiskDidNotTakeIsKeptOnceItDoes() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            let daemon = fixture.daemon
            await daemon.configuration.snapshots.finish()
            // Where the snapshot would be written first.
            let path = fixture.directory.path + "/state/configuration/.000002.jsonl.new"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            for name in ["Two", "Three"] {
                try fixture.write("site_name: \(name)\n", host: "a.example")
                _ = try await daemon.configuration.apply(expecting: nil, by: name)
                await daemon.configuration.snapshots.finish()
                if name == "Two" { try FileManager.default.removeItem(atPath: path) }
            }
            #expect(await daemon.configuration.history().map(\.header.by) == ["start", "Two", "Three"])
            #expect(try await daemon.configuration.undo(to: nil, expecting: nil).after == 2)
            let settings = await daemon.configuration.settings(of: "a.example")
            #expect(settings?.contains { $0.value == "Two" } == true)
        }
    }

    @Test func aDiskThatFailsRefusesWhatMustSurviveARestart() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.write(forbidden, host: "a.example")
            await fixture.daemon.configuration.snapshots.finish()
            // Where the record would be written first.
            let path = fixture.directory.path + "/state/configuration/.record.json.new"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let refusal = await #expect(throws: ConfigurationRefusal.self) {
                try await fixture.daemon.configuration.apply(expecting: nil, confirmWithin: minute, by: "someone")
            }
            guard case .io? = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            #expect(try await mayInvite(fixture, "1"))
            // A reload does what a restart would do anyway, so it does not need the record on the disk.
            #expect(
                await fixture.daemon.configuration.reload() == .applied(added: 0, removed: 0, changed: 1, unchanged: 0))
            #expect(try await !mayInvite(fixture, "2"))
            let undone = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            #expect(undone.trouble != nil)
            #expect(try await mayInvite(fixture, "3"))
        }
    }

    @Test func restartsOfAHostAnswerFirst() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture async throws in
            let before = fixture.endpoint("a.example")
            #expect(try await mayInvite(fixture, "1"))
            #expect(await fixture.daemon.registry.restart("a.example") == .works)
            #expect(fixture.endpoint("a.example") === before)
            #expect(try await mayInvite(fixture, "2"))
            #expect(await fixture.daemon.registry.restart("b.example") == .unknownHost)
        }
    }
}
