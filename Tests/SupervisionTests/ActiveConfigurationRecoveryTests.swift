import Configuration
import Foundation
import Invites
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// What a daemon runs after it was stopped, killed or lost power: what it ran before, unless that was never confirmed.
@Suite(.timeLimit(.minutes(5))) struct ActiveConfigurationRecoveryTests {
    private let timeout = try! Lifetime("5m")

    private func name(_ fixture: DaemonFixture) async throws -> SettingStatus {
        let settings = try #require(await fixture.daemon.configuration.settings(of: "a.example"))
        return try #require(settings.first { $0.key == .siteName })
    }

    private func runs(
        _ value: String, _ fixture: DaemonFixture, from origin: SettingOrigin? = nil,
        at location: Testing.SourceLocation = #_sourceLocation
    ) async throws {
        let name = try await name(fixture)
        #expect(name.value == value, sourceLocation: location)
        if let origin { #expect(name.origin == origin, sourceLocation: location) }
    }

    private func write(_ name: String, _ fixture: DaemonFixture) throws {
        try fixture.write("site_name: \(name)\n", host: "a.example")
    }

    private func apply(_ fixture: DaemonFixture, confirmWithin timeout: Lifetime? = nil) async throws {
        _ = try await fixture.daemon.configuration.apply(expecting: nil, confirmWithin: timeout, by: "someone")
    }

    @Test func whatWasNeverConfirmedIsNotRunAfterARestart() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n", "b.example": "{}"]) { fixture in
            try write("New", fixture)
            try fixture.remove("b.example")
            try await apply(fixture, confirmWithin: timeout)
            try await runs("New", fixture)
            try await fixture.restarted { fixture in
                try await runs("Old", fixture, from: .snapshot(1))
                #expect(fixture.daemon.hostCounts == (2, 0))
                #expect(try await fixture.invite(by: "bob@b.example/r").uri != nil)
                // The same again: the files are still those.
                try await fixture.restarted { fixture in
                    try await runs("Old", fixture)
                    // Once corrected, they are used.
                    try write("Mended", fixture)
                    try await fixture.restarted { fixture in
                        try await runs("Mended", fixture)
                        #expect(await fixture.daemon.configuration.history().map(\.header.number) == [1, 2, 3])
                    }
                }
            }
        }
    }

    @Test func evenWhenTheFilesWereEditedMeanwhile() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            try write("New", fixture)
            try await apply(fixture, confirmWithin: timeout)
            try write("Newer", fixture)
            try await fixture.restarted { fixture in
                try await runs("Old", fixture)
                try await apply(fixture)
                try await runs("Newer", fixture)
                try await fixture.restarted { fixture in try await runs("Newer", fixture) }
            }
        }
    }

    @Test func rolesThatWereNeverConfirmedAreNotInForceAfterARestart() async throws {
        func write(_ user: String, _ fixture: DaemonFixture) throws {
            let roles = "shell: {roles: [{users: [\(user)], role: admin}]}"
            try DaemonFixture.writeDaemonFile(in: fixture.directory, more: roles)
        }
        func users(_ fixture: DaemonFixture) async throws -> [String] {
            let heard = Inbox<[String]>()
            await fixture.daemon.configuration.followRoles { heard.put($0.roles.flatMap(\.users)) }
            return try await heard.next { _ in true }
        }
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try write("ann", fixture)
            try await apply(fixture)
            try write("mallory", fixture)
            try await apply(fixture, confirmWithin: timeout)
            #expect(try await users(fixture) == ["mallory"])
            try await fixture.restarted { fixture in
                #expect(try await users(fixture) == ["ann"])
                #expect(try await fixture.daemon.configuration.plan().changesRoles)
                try write("bob", fixture)
                try await fixture.restarted { fixture in
                    let now = try await users(fixture)
                    #expect(now == ["bob"])
                }
            }
        }
    }

    @Test func whatWasUndoneStaysUndone() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            try write("New", fixture)
            try await apply(fixture)
            _ = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            try await fixture.restarted { fixture in
                try await runs("Old", fixture, from: .snapshot(1))
                let comparison = await fixture.daemon.configuration.comparison { _ in true }
                #expect(!comparison.runsFiles && !comparison.isCurrent && comparison.snapshot == 1)
                // Applied after all, and no restart doubts it.
                try await apply(fixture)
                try await fixture.restarted { fixture in
                    try await runs("New", fixture)
                    let origin = try await name(fixture).origin.description
                    #expect(origin.hasSuffix("a.example.yaml:1:12"))
                }
            }
        }
    }

    @Test func whatWasConfirmedStays() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            try write("New", fixture)
            try await apply(fixture, confirmWithin: timeout)
            _ = try await fixture.daemon.configuration.confirm()
            try await fixture.restarted { fixture in try await runs("New", fixture) }
        }
    }

    /// The record identifies the files by the fingerprint of the first version.
    @Test func whatWasUndoneStaysUndoneWhenANewerVersionStarts() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            await fixture.daemon.configuration.snapshots.finish()
            let files = "7229e0666e857279362a3e39bfdbbbc0c424cadaac3e90bcc1c547b942462cc6"
            try fixture.directory.write(
                #"{"running":1,"rejected":"\#(files)"}"#, to: "state/configuration/record.json")
            try write("New", fixture)
            try await fixture.restarted { fixture in
                try await runs("Old", fixture, from: .snapshot(1))
                try write("Newer", fixture)
                try await fixture.restarted { fixture in try await runs("Newer", fixture) }
            }
        }
    }

    @Test func overridesEndWithTheDaemon() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            _ = try await fixture.daemon.configuration.set(.siteName, to: ["Set"], of: "a.example")
            try await fixture.restarted { fixture in try await runs("Old", fixture) }
        }
    }

    @Test func aPowerCutBeforeTheSwapLeadsBackToo() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            // The record is on the disk, and nothing else has happened yet.
            await fixture.daemon.configuration.snapshots.finish()
            try await fixture.daemon.configuration.snapshots.write(
                nil, .init(running: 2, pending: .init(back: 1, deadline: 1), rejected: nil))
            try write("New", fixture)
            try await fixture.restarted { fixture in try await runs("Old", fixture) }
        }
    }

    @Test func aSnapshotThatIsDamagedIsNotFatal() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            try write("New", fixture)
            try await apply(fixture, confirmWithin: timeout)
            try fixture.directory.write("{}", to: "state/configuration/000001.jsonl")
            try await fixture.restarted { fixture in
                try await runs("New", fixture)
                #expect(
                    fixture.controlled.log.items.contains { $0.hasPrefix("critical cannot go back to the snapshot") })
                #expect(try await fixture.invite(by: "alice@a.example/r").uri != nil)
            }
        }
    }

    @Test func aSnapshotThatWasDamagedIsWrittenAnewBeforeItIsNeeded() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            await fixture.daemon.configuration.snapshots.finish()
            let path = "state/configuration/000001.jsonl"
            let text = try String(contentsOfFile: fixture.directory.path + "/" + path, encoding: .utf8)
            try fixture.directory.write(String(text.dropLast(20)), to: path)
            try await fixture.restarted { fixture in
                try write("New", fixture)
                try await apply(fixture, confirmWithin: timeout)
                try await fixture.restarted { fixture in try await runs("Old", fixture) }
            }
        }
    }

    @Test func aRecordThatIsDamagedIsNotFatal() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n"]) { fixture in
            await fixture.daemon.configuration.snapshots.finish()
            try fixture.directory.write("\u{0}", to: "state/configuration/record.json")
            try await fixture.restarted { fixture in
                try await runs("Old", fixture)
                #expect(await fixture.daemon.configuration.history().map(\.header.number) == [1])
            }
        }
    }

    @Test func aStartRemovesWhatAKilledDaemonLeftBesideTheFiles() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture in
            try fixture.directory.write("site_name: Half", to: "config.d/.invited-abc123.new")
            try await fixture.restarted { fixture in
                let path = fixture.directory.path + "/config.d"
                let names = try FileManager.default.contentsOfDirectory(atPath: path)
                #expect(names == ["a.example.yaml"])
            }
        }
    }

    @Test func aStartWithMistakesRefusesThatHostAlone() async throws {
        try await DaemonFixture.with(["a.example": "site_name: Old\n", "b.example": "{}"]) { fixture in
            try fixture.write("admins: {}\n", host: "b.example")
            try await fixture.restarted { fixture in
                #expect(fixture.daemon.hostCounts == (1, 1))
                try await runs("Old", fixture)
            }
        }
    }

    // MARK: What hosts lose by a restart

    private func lossesAtStart(
        _ fixture: DaemonFixture
    ) async -> (log: [String], events: [ConfigurationEvent]) {
        let events = Inbox<ConfigurationEvent>()
        await fixture.daemon.configuration.followConfiguration { events.put($0) }
        let log = fixture.controlled.log.items.filter { $0.contains("takes something away") }
        return (log, events.items.filter { $0.summary.contains("lost") })
    }

    /// A file that was truncated while the daemon was down looks like one that was shortened on purpose.
    @Test func whatFilesTookAwayWhileTheDaemonWasDownIsToldOnce() async throws {
        let whole = "site_name: Example\nadmins: [admin@a.example]\nsuspended: true\n"
        try await DaemonFixture.with(["a.example": whole, "b.example": "{}", "c.example": "{}"]) { fixture in
            let none = await lossesAtStart(fixture)
            #expect(none.log == [] && none.events == [], "it is the first start")
            try fixture.write("site_name: Example\n", host: "a.example")
            try fixture.remove("b.example")
            try await fixture.restarted { fixture in
                let lost =
                    "a.example (no admins left: admin@a.example, no longer suspended), b.example (no longer served)"
                let told = await lossesAtStart(fixture)
                #expect(told.log == ["warning the configuration takes something away lost=\(lost)"])
                #expect(told.events.map(\.summary) == ["took the files at the start, and lost: \(lost)"])
                #expect(told.events.first?.hosts == ["a.example", "b.example"])
                #expect(told.events.first.map { $0.cause == .start && $0.isOfFiles && $0.isDone } == true)
                try await fixture.restarted { fixture in
                    let again = await lossesAtStart(fixture)
                    #expect(again.log == [] && again.events == [])
                }
            }
        }
    }

    /// What was applied before the end is what the files are compared with, and not what was there at the last start.
    @Test func whatWasAppliedIsNoLossAtTheNextStart() async throws {
        try await DaemonFixture.with(["a.example": "admins: [admin@a.example]\n"]) { fixture in
            try fixture.write("{}", host: "a.example")
            try await apply(fixture)
            try await fixture.restarted { fixture in
                let told = await lossesAtStart(fixture)
                #expect(told.log == [] && told.events == [])
                // What holds at run time is not lost by the file.
                _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
                try fixture.write("suspended: true\n", host: "a.example")
                try await apply(fixture)
                try fixture.write("{}", host: "a.example")
                try await fixture.restarted { fixture in
                    #expect(await lossesAtStart(fixture).log == [])
                }
            }
        }
    }
}
