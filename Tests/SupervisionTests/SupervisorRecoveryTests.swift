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

/// What a daemon runs that was ended, killed or lost its power: what it ran before, unless nobody wanted that.
@Suite(.timeLimit(.minutes(5))) struct SupervisorRecoveryTests {
    private let patience = try! Lifetime("5m")

    private func name(_ hosting: Hosting) async throws -> SettingStatus {
        let settings = try #require(await hosting.daemon.configuration.settings(of: "a.example"))
        return try #require(settings.first { $0.key == .siteName })
    }

    private func runs(
        _ value: String, _ hosting: Hosting, from origin: SettingOrigin? = nil,
        at location: Testing.SourceLocation = #_sourceLocation
    ) async throws {
        let name = try await name(hosting)
        #expect(name.value == value, sourceLocation: location)
        if let origin { #expect(name.origin == origin, sourceLocation: location) }
    }

    private func write(_ name: String, _ hosting: Hosting) throws {
        try hosting.write("site_name: \(name)\n", host: "a.example")
    }

    private func apply(_ hosting: Hosting, confirmWithin patience: Lifetime? = nil) async throws {
        _ = try await hosting.daemon.configuration.apply(expecting: nil, confirmWithin: patience, by: "someone")
    }

    @Test func whatWasNeverConfirmedIsNotRunAfterARestart() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n", "b.example": ""]) { hosting in
            try write("New", hosting)
            try hosting.remove("b.example")
            try await apply(hosting, confirmWithin: patience)
            try await runs("New", hosting)
            try await hosting.restarted { hosting in
                try await runs("Old", hosting, from: .snapshot(1))
                #expect(hosting.daemon.hostCounts == (2, 0))
                #expect(try await hosting.invite(by: "bob@b.example/r").uri != nil)
                // The same again: the files are still those.
                try await hosting.restarted { hosting in
                    try await runs("Old", hosting)
                    // Mended, they are taken.
                    try write("Mended", hosting)
                    try await hosting.restarted { hosting in
                        try await runs("Mended", hosting)
                        #expect(await hosting.daemon.configuration.history().map(\.header.number) == [1, 2, 3])
                    }
                }
            }
        }
    }

    @Test func evenWhenTheFilesWereEditedMeanwhile() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            try write("New", hosting)
            try await apply(hosting, confirmWithin: patience)
            try write("Newer", hosting)
            try await hosting.restarted { hosting in
                try await runs("Old", hosting)
                try await apply(hosting)
                try await runs("Newer", hosting)
                try await hosting.restarted { hosting in try await runs("Newer", hosting) }
            }
        }
    }

    @Test func rolesThatWereNeverConfirmedAreNotInForceAfterARestart() async throws {
        func write(_ user: String, _ hosting: Hosting) throws {
            let roles = "shell: {roles: [{users: [\(user)], role: admin}]}"
            try Hosting.writeDaemonFile(in: hosting.directory, more: roles)
        }
        func users(_ hosting: Hosting) async throws -> [String] {
            let heard = Inbox<[String]>()
            await hosting.daemon.configuration.followRoles { heard.put($0.roles.flatMap(\.users)) }
            return try await heard.next { _ in true }
        }
        try await Hosting.with(["a.example": ""]) { hosting in
            try write("ann", hosting)
            try await apply(hosting)
            try write("mallory", hosting)
            try await apply(hosting, confirmWithin: patience)
            #expect(try await users(hosting) == ["mallory"])
            try await hosting.restarted { hosting in
                #expect(try await users(hosting) == ["ann"])
                #expect(try await hosting.daemon.configuration.plan().changesRoles)
                try write("bob", hosting)
                try await hosting.restarted { hosting in
                    let now = try await users(hosting)
                    #expect(now == ["bob"])
                }
            }
        }
    }

    @Test func whatWasUndoneStaysUndone() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            try write("New", hosting)
            try await apply(hosting)
            _ = try await hosting.daemon.configuration.undo(to: nil, expecting: nil)
            try await hosting.restarted { hosting in
                try await runs("Old", hosting, from: .snapshot(1))
                let comparison = await hosting.daemon.configuration.comparison { _ in true }
                #expect(!comparison.runsFiles && !comparison.isCurrent && comparison.snapshot == 1)
                // Applied after all, and no restart doubts it.
                try await apply(hosting)
                try await hosting.restarted { hosting in
                    try await runs("New", hosting)
                    let origin = try await name(hosting).origin.description
                    #expect(origin.hasSuffix("a.example.yaml:1:12"))
                }
            }
        }
    }

    @Test func whatWasConfirmedStays() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            try write("New", hosting)
            try await apply(hosting, confirmWithin: patience)
            _ = try await hosting.daemon.configuration.confirm()
            try await hosting.restarted { hosting in try await runs("New", hosting) }
        }
    }

    @Test func overridesEndWithTheDaemon() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            _ = try await hosting.daemon.configuration.set(.siteName, to: ["Set"], of: "a.example")
            try await hosting.restarted { hosting in try await runs("Old", hosting) }
        }
    }

    @Test func aPowerCutBeforeTheSwapLeadsBackToo() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            // The record is on the disk, and nothing else has happened yet.
            await hosting.daemon.configuration.snapshots.finish()
            try await hosting.daemon.configuration.snapshots.write(
                nil, .init(running: 2, pending: .init(back: 1, deadline: 1), rejected: nil))
            try write("New", hosting)
            try await hosting.restarted { hosting in try await runs("Old", hosting) }
        }
    }

    @Test func aSnapshotThatIsDamagedIsNotFatal() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            try write("New", hosting)
            try await apply(hosting, confirmWithin: patience)
            try hosting.directory.write("{}", to: "state/configuration/000001.jsonl")
            try await hosting.restarted { hosting in
                try await runs("New", hosting)
                #expect(hosting.world.log.items.contains { $0.hasPrefix("critical cannot go back to the snapshot") })
                #expect(try await hosting.invite(by: "alice@a.example/r").uri != nil)
            }
        }
    }

    @Test func aSnapshotThatWasDamagedIsWrittenAnewBeforeItIsNeeded() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            await hosting.daemon.configuration.snapshots.finish()
            let path = "state/configuration/000001.jsonl"
            let text = try String(contentsOfFile: hosting.directory.path + "/" + path, encoding: .utf8)
            try hosting.directory.write(String(text.dropLast(20)), to: path)
            try await hosting.restarted { hosting in
                try write("New", hosting)
                try await apply(hosting, confirmWithin: patience)
                try await hosting.restarted { hosting in try await runs("Old", hosting) }
            }
        }
    }

    @Test func aRecordThatIsDamagedIsNotFatal() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n"]) { hosting in
            await hosting.daemon.configuration.snapshots.finish()
            try hosting.directory.write("\u{0}", to: "state/configuration/record.json")
            try await hosting.restarted { hosting in
                try await runs("Old", hosting)
                #expect(await hosting.daemon.configuration.history().map(\.header.number) == [1])
            }
        }
    }

    @Test func aStartRemovesWhatAKilledDaemonLeftBesideTheFiles() async throws {
        try await Hosting.with(["a.example": ""]) { hosting in
            try hosting.directory.write("site_name: Half", to: "config.d/.invited-abc123.new")
            try await hosting.restarted { hosting in
                let path = hosting.directory.path + "/config.d"
                let names = try FileManager.default.contentsOfDirectory(atPath: path)
                #expect(names == ["a.example.yaml"])
            }
        }
    }

    @Test func aStartWithMistakesRefusesThatHostAlone() async throws {
        try await Hosting.with(["a.example": "site_name: Old\n", "b.example": ""]) { hosting in
            try hosting.write("admins: {}\n", host: "b.example")
            try await hosting.restarted { hosting in
                #expect(hosting.daemon.hostCounts == (1, 1))
                try await runs("Old", hosting)
            }
        }
    }
}
