import Configuration
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct RestoredOverridesTests {
    @Test func aSuspensionHoldsOverARestartAndNothingElse() async throws {
        try await DaemonFixture.with(["a.example": "{}", "b.example": "{}", "c.example": "{}"]) {
            fixture async throws in
            let configuration = fixture.daemon.configuration
            _ = try await configuration.set(.suspended, to: ["true"], of: "a.example")
            _ = try await configuration.set(.siteName, to: ["A"], of: "a.example")
            _ = try await configuration.set(.allowContactInvites, to: ["false"], of: "b.example")
            _ = try await configuration.set(.suspended, to: ["true"], of: "c.example")
            _ = try await configuration.dropOverrides(of: "c.example")
            #expect(await configuration.overridesWritten() == nil)
            try await fixture.restarted { fixture async throws in
                let events = Inbox<ConfigurationEvent>()
                await fixture.daemon.configuration.followConfiguration { events.put($0) }
                #expect(
                    events.items.map(\.summary) == [
                        "kept suspended what was suspended at run time: a.example",
                        "dropped what was set at run time: site_name of a.example; allow_contact_invites of b.example",
                    ])
                #expect(events.items.map(\.hosts) == [["a.example"], ["a.example", "b.example"]])
                #expect(await fixture.daemon.hostStatus("a.example")?.state == .suspended)
                #expect(await fixture.daemon.configuration.overrides(of: "a.example")?.keys == [.suspended])
                #expect(try await fixture.invite(by: "alice@a.example/r", id: "a").stanzaError != nil)
                #expect(try await fixture.invite(by: "bob@b.example/r", id: "b").uri != nil)
                #expect(try await fixture.invite(by: "carol@c.example/r", id: "c").uri != nil)
                _ = try await fixture.controlled.log.next { $0.contains("dropped what was set at run time") }
                // It is reported once.
                try await fixture.restarted { fixture async throws in
                    let events = Inbox<ConfigurationEvent>()
                    await fixture.daemon.configuration.followConfiguration { events.put($0) }
                    #expect(events.items.map(\.hosts) == [["a.example"]])
                }
            }
        }
    }

    @Test func itHoldsForAHostWhoseFileIsMendedLater() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture async throws in
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try fixture.write("nonsense: 1\n", host: "a.example")
            try await fixture.restarted { fixture async throws in
                #expect(fixture.daemon.hostCounts == (0, 1))
                try fixture.write("allow_user_invites: true\n", host: "a.example")
                _ = await fixture.daemon.configuration.reload()
                #expect(await fixture.daemon.hostStatus("a.example")?.state == .suspended)
            }
        }
    }

    @Test(arguments: ["", "[]", "{\"a.example\": 1}", "{\"a.example\": {\"suspended\": \"maybe\", \"x\": \"\"}}"])
    func whatIsDamagedStopsNothing(text: String) async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture async throws in
            try fixture.directory.write(text, to: "state/configuration/overrides.json")
            try await fixture.restarted { fixture async throws in
                #expect(try await fixture.invite(by: "alice@a.example/r").uri != nil)
            }
        }
    }

    @Test func whatCannotBeWrittenIsSaid() async throws {
        try await DaemonFixture.with(["a.example": "{}"]) { fixture async throws in
            try fixture.directory.makeDirectory("state/configuration/.overrides.json.new")
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            #expect(await fixture.daemon.configuration.overridesWritten()?.contains("overrides.json") == true)
            #expect(await fixture.daemon.hostStatus("a.example")?.state == .suspended)
        }
    }
}
