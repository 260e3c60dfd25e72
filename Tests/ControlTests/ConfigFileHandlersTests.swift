import Access
import Configuration
import Control
import Daemon
import Foundation
import Invites
import Reconfiguration
import Shell
import Supervision
import TestSupport
import Testing

/// `config save` and `config edit`: the effects on the file, and on what runs.
@Suite struct ConfigFileHandlersTests {
    private static let file = """
        # The sample.
        admins: [a@a.example]   # the boss
        allow_user_invites: false   # not yet

        site_name: A
        """ + "\n"

    private func withDesk(
        _ files: [String: String] = ["a.example": file, "b.example": "site_name: B\n"], daemon: String = "",
        _ body: (CommandFixture) async throws -> Void
    ) async throws {
        try await CommandFixture.with(
            files, daemon: daemon, install: { ConfigFileHandlers($0.configuration).register(in: &$1) }, body)
    }

    private func text(_ fixture: CommandFixture, _ host: String = "a.example") throws -> String {
        // Not as a file of text: that would leave out a byte order mark.
        String(
            decoding: try Data(contentsOf: URL(filePath: "\(fixture.directory.path)/config.d/\(host).yaml")),
            as: UTF8.self
        )
    }

    private func origin(_ fixture: CommandFixture, _ key: HostKey) async throws -> String {
        let settings = try #require(await fixture.daemon.configuration.settings(of: "a.example"))
        let origin = try #require(settings.first { $0.key == key }).origin.description
        return origin.replacing("\(fixture.directory.path)/", with: "")
    }

    private func value(_ fixture: CommandFixture, _ key: HostKey, _ host: String = "a.example") async -> String? {
        await fixture.daemon.configuration.settings(of: host)?.first { $0.key == key }?.value
    }

    // MARK: Saving

    @Test func whatWasSetIsInTheFileAndRunsAsBefore() async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.allowUserInvites, to: ["true"], of: "a.example")
            _ = try await fixture.daemon.configuration.set(.inviteExpiry, to: ["1d12h"], of: "a.example")
            _ = try await fixture.daemon.configuration.set(.siteName, to: ["Bee"], of: "b.example")
            let before = await fixture.daemon.configuration.settings(of: "a.example")?.map(\.value)
            let output = RecordingOutput()
            let end = try await fixture.run("config save a.example", output: output)
            #expect(end.code == .ok)
            #expect(
                try text(fixture)
                    == """
                    # The sample.
                    admins: [a@a.example]   # the boss
                    allow_user_invites: true   # not yet

                    site_name: A
                    invite_expiry: 1d12h

                    """)
            let path = "\(fixture.directory.path)/config.d/a.example.yaml"
            #expect(
                output.rows == [
                    [
                        "key": "allow_user_invites", "before": "false", "after": "true",
                        "location": .text("\(path):3:21"),
                    ],
                    ["key": "invite_expiry", "after": "1d12h", "location": .text("\(path):6:16")],
                ])
            #expect(await fixture.daemon.configuration.settings(of: "a.example")?.map(\.value) == before)
            #expect(try await origin(fixture, .allowUserInvites) == "config.d/a.example.yaml:3:21")
            #expect(try await origin(fixture, .siteName) == "config.d/a.example.yaml:5:12")
            #expect(await fixture.daemon.configuration.overrides(of: "a.example")?.isEmpty == true)
            // The other host keeps its file, and what was set on it.
            #expect(try text(fixture, "b.example") == "site_name: B\n")
            #expect(await fixture.daemon.configuration.overrides(of: "b.example")?.keys == [.siteName])
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.hosts == ["a.example"])
            #expect(entry.before == "allow_user_invites: false, invite_expiry: ")
            #expect(entry.after == "allow_user_invites: true, invite_expiry: 1d12h")

            // The files are equal to what runs, in every comparison, and after a restart.
            #expect(try await fixture.daemon.configuration.plan().changesNothing)
            #expect(await fixture.daemon.configuration.comparison { $0 == "a.example" }.differences.isEmpty)
            #expect(await fixture.daemon.configuration.comparison { $0 == "a.example" }.isCurrent)
            var loader = ConfigurationLoader(file: "\(fixture.directory.path)/invited.yaml", credentialsDirectory: nil)
            #expect(loader.load().hosts["a.example"]?.allowUserInvites == true)
        }
    }

    @Test func onlyTheNamedKeysAreSaved() async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.siteName, to: ["Yes"], of: "a.example")
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            #expect(try await fixture.run("config save a.example site_name").code == .ok)
            #expect(try text(fixture).hasSuffix("\nsite_name: \"Yes\"\n"))
            #expect(await fixture.daemon.configuration.overrides(of: "a.example")?.keys == [.suspended])
            #expect(await value(fixture, .suspended) == "true")
            let again = try await fixture.run("config save a.example site_name")
            #expect(again.code == .nothingToDo)
            #expect(again.message == "nothing was set at run time for site_name")
            let unknown = try await fixture.run("config save a.example site_nam")
            #expect(unknown.code == .invalidSetting)
            #expect(unknown.message.contains("did you mean `site_name`?"))
        }
    }

    @Test func whatTheFileHasLostIsTold() async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.siteName, to: ["Bee"], of: "a.example")
            link("\(fixture.directory.path)/config.d/a.example.yaml", "\(fixture.directory.path)/other.yaml")
            let end = try await fixture.run("config save a.example")
            #expect(end.code == .ok)
            #expect(end.hint == "the file has lost its other hard links, which the daemon could not keep")
        }
    }

    @Test func anAddressThatAnotherFileStillHasIsNotSaved() async throws {
        let files = ["a.example": "service_address: i.example\n", "b.example": "site_name: B\n"]
        try await withDesk(files) { fixture in
            _ = try await fixture.daemon.configuration.set(.serviceAddress, to: ["j.example"], of: "a.example")
            _ = try await fixture.daemon.configuration.set(.serviceAddress, to: ["i.example"], of: "b.example")
            let end = try await fixture.run("config save b.example")
            #expect(end.code == .invalidConfiguration)
            let path = "\(fixture.directory.path)/config.d/a.example.yaml"
            #expect(
                end.message == "`i.example` is already the service address of `a.example`, set at \(path):1:18")
            #expect(try text(fixture, "b.example") == "site_name: B\n")
            #expect(await fixture.daemon.configuration.overrides(of: "b.example")?.keys == [.serviceAddress])
            // In the other order each file is good.
            #expect(try await fixture.run("config save a.example").code == .ok)
            #expect(try await fixture.run("config save b.example").code == .ok)
            #expect(await fixture.daemon.configuration.check().isEmpty)
        }
    }

    @Test func aListKeepsItsComments() async throws {
        let file = "admins:\n  - a@a.example # the boss\n  - b@a.example # on leave\n"
        try await withDesk(["a.example": file]) { fixture in
            _ = try await fixture.daemon.configuration.set(
                .admins, to: ["a@a.example", "c@a.example"], of: "a.example")
            #expect(try await fixture.run("config save a.example").code == .ok)
            #expect(try text(fixture) == "admins:\n  - a@a.example # the boss\n  - c@a.example\n")
        }
    }

    @Test func nothingToSaveIsSaid() async throws {
        try await withDesk { fixture in
            let end = try await fixture.run("config save a.example")
            #expect(end.code == .nothingToDo)
            #expect(try text(fixture) == Self.file)
        }
    }

    @Test(arguments: [
        "site_name: Other\n", "site_nam: x\n", "admins: [\n", "\u{FEFF}admins: [z@a.example]\n",
    ]) func aFileWithOtherChangesIsLeftAlone(changed: String) async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try fixture.directory.write(changed, to: "config.d/a.example.yaml")
            let end = try await fixture.run("config save a.example")
            #expect(end.code == .staleConfiguration)
            #expect(end.message.contains("a.example.yaml has"))
            #expect(try text(fixture) == changed)
            #expect(await fixture.daemon.configuration.overrides(of: "a.example")?.keys == [.suspended])
        }
    }

    @Test func commentsThatWereAddedStay() async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try fixture.directory.write("# New.\n\n" + Self.file, to: "config.d/a.example.yaml")
            #expect(try await fixture.run("config save a.example").code == .ok)
            #expect(try text(fixture) == "# New.\n\n" + Self.file + "suspended: true\n")
            #expect(try await origin(fixture, .siteName) == "config.d/a.example.yaml:7:12")
        }
    }

    @Test func aMissingFileIsSaid() async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try fixture.directory.remove("config.d/a.example.yaml")
            let end = try await fixture.run("config save a.example")
            #expect(end.code == .unwritableConfiguration)
            #expect(await value(fixture, .suspended) == "true")
        }
    }

    @Test func aChangeThatWaitsGoesFirst() async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try fixture.directory.write("site_name: New\n", to: "config.d/b.example.yaml")
            _ = try await fixture.daemon.configuration.apply(expecting: nil, confirmWithin: .week, by: "someone")
            #expect(try await fixture.run("config save a.example").code == .pendingConfiguration)
            #expect(try text(fixture) == Self.file)
        }
    }

    @Test func whatWasUndoneIsNotMixedWithTheFiles() async throws {
        try await withDesk { fixture in
            try fixture.directory.write("site_name: New\n", to: "config.d/a.example.yaml")
            _ = try await fixture.daemon.configuration.apply(expecting: nil, by: "someone")
            _ = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            #expect(try await fixture.run("config save a.example").code == .staleConfiguration)
            #expect(try text(fixture) == "site_name: New\n")
        }
    }

    @Test func undoGoesBackBehindASave() async throws {
        try await withDesk { fixture in
            _ = try await fixture.daemon.configuration.set(.siteName, to: ["Saved"], of: "a.example")
            #expect(try await fixture.run("config save a.example").code == .ok)
            #expect(await fixture.daemon.configuration.history().last?.header.by == "someone (uid 1000)")
            _ = try await fixture.daemon.configuration.undo(to: nil, expecting: nil)
            #expect(await value(fixture, .siteName) == "A")
        }
    }

    @Test func whoSeesSomeHostsSavesThose() async throws {
        try await withDesk { fixture in
            let caller = Caller.someone(.operator, .some(["a.example"]))
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "b.example")
            #expect(try await fixture.run("config save a.example", as: caller).code == .ok)
            let end = try await fixture.run("config save b.example", as: caller)
            #expect(end.code == .unknownHost)
            #expect(try text(fixture, "b.example") == "site_name: B\n")
            #expect(try await fixture.run("config edit a.example", as: caller).code == .denied)
        }
    }

    // MARK: Editing

    @Test(arguments: [nil, Self.file] as [String?]) func whoChangesNothingChangesNothing(answer: String?) async throws {
        try await withDesk { fixture in
            let output = RecordingOutput(answers: [answer])
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(end.message == "nothing was changed")
            #expect(output.questions == [.edit(name: "a.example.yaml", text: Self.file, mistakes: [])])
            #expect(try text(fixture) == Self.file)
        }
    }

    @Test func mistakesComeBackUntilTheTextIsGood() async throws {
        try await withDesk { fixture in
            let bad = Self.file + "suspendet: true\n"
            let good = Self.file + "suspended: true\n"
            let output = RecordingOutput(answers: [bad, good, "yes"])
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            let path = "\(fixture.directory.path)/config.d/a.example.yaml"
            #expect(end.message == "\(path) is written and applied")
            #expect(
                output.questions == [
                    .edit(name: "a.example.yaml", text: Self.file, mistakes: []),
                    .edit(
                        name: "a.example.yaml", text: bad,
                        mistakes: ["\(path):6:1: unknown key `suspendet`; did you mean `suspended`?"]),
                    .confirm("apply this?"),
                ])
            #expect(output.texts == ["update a.example: suspended"])
            #expect(try text(fixture) == good)
            #expect(await value(fixture, .suspended) == "true")
        }
    }

    @Test func whoGivesUpLeavesTheFileAsItWas() async throws {
        try await withDesk { fixture in
            let output = RecordingOutput(answers: ["admins: [", "admins: ["])
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .invalidConfiguration)
            #expect(try text(fixture) == Self.file)
        }
    }

    @Test(arguments: [["no"], [nil], []] as [[String?]]) func whatIsNotAppliedIsWrittenAllTheSame(
        answers: [String?]
    ) async throws {
        try await withDesk { fixture in
            let new = Self.file + "suspended: true\n"
            let output = RecordingOutput(answers: [new] + answers)
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(end.hint == "`config apply` puts it in force")
            #expect(try text(fixture) == new)
            #expect(await value(fixture, .suspended) == "false")
        }
    }

    @Test func yesBeforehandIsEnough() async throws {
        try await withDesk { fixture in
            let output = RecordingOutput(answers: ["site_name: New\n"])
            let end = try await fixture.run("config edit a.example --yes", output: output)
            #expect(end.code == .ok)
            #expect(await value(fixture, .siteName) == "New")
        }
    }

    @Test func aRefusedHostCanBeMended() async throws {
        try await withDesk(["a.example": "site_nam: x\n"]) { fixture in
            let output = RecordingOutput(answers: ["site_name: x\n", "yes"])
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(output.texts == ["add a.example"])
            #expect(await value(fixture, .siteName) == "x")
        }
    }

    @Test func mistakesInOtherFilesKeepItFromBeingApplied() async throws {
        try await withDesk { fixture in
            try fixture.directory.write("admins: [\n", to: "config.d/b.example.yaml")
            let output = RecordingOutput(answers: ["site_name: New\n", "yes"])
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .invalidConfiguration)
            #expect(end.message.contains("a.example.yaml is written, and not applied: "))
            #expect(end.message.contains("b.example.yaml:2:1"))
            #expect(try text(fixture) == "site_name: New\n")
            #expect(await value(fixture, .siteName) == "A")
        }
    }

    @Test func aFileThatSomebodyElseChangesMeanwhileIsTheirs() async throws {
        try await withDesk { fixture in
            let directory = fixture.directory
            let output = MeddlingOutput {
                try directory.write("site_name: Theirs\n", to: "config.d/a.example.yaml")
                return "site_name: Mine\n"
            }
            let end = await fixture.dispatcher.run(
                ["config", "edit", "a.example"], caller: .someone(.admin), output: output)
            #expect(end.code == .staleConfiguration)
            let left = try text(fixture)
            #expect(left == "site_name: Theirs\n")
        }
    }

    @Test func whatNoEditorShouldGetIsRefused() async throws {
        try await withDesk { fixture in
            let large = "# " + String(repeating: "x", count: 131_072) + "\n"
            try fixture.directory.write(large, to: "config.d/a.example.yaml")
            let output = RecordingOutput(answers: ["site_name: x\n"])
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .badArgument)
            #expect(output.questions.isEmpty)
            try Data([0x23, 0xFF, 0x0A]).write(to: URL(filePath: "\(fixture.directory.path)/config.d/b.example.yaml"))
            #expect(try await fixture.run("config edit b.example", output: output).code == .badArgument)
            #expect(output.questions.isEmpty)
        }
    }

    @Test func anAnswerThatIsTooLargeIsAMistake() async throws {
        try await withDesk { fixture in
            let large = "# " + String(repeating: "x", count: 131_072) + "\n"
            let output = RecordingOutput(answers: [large, nil])
            let end = try await fixture.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(
                output.questions.last
                    == .edit(name: "a.example.yaml", text: large, mistakes: ["the text is larger than 131072 bytes"]))
            #expect(try text(fixture) == Self.file)
        }
    }
}

/// Does something while it is asked.
private struct MeddlingOutput: CommandOutput {
    let answer: @Sendable () throws -> String?
    var width: Int { 80 }

    init(_ answer: @escaping @Sendable () throws -> String?) { self.answer = answer }

    func row(_ row: JSON) {}
    func text(_ text: String) {}
    func progress(_ message: String) {}
    func event(_ event: JSON) {}
    func ask(_ question: ServerMessage.Question) throws -> String? { try answer() }
}
