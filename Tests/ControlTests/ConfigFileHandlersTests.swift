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

/// `config save` and `config edit`: what becomes of the file, and of what runs.
@Suite struct ConfigFileHandlersTests {
    private static let file = """
        # The sample.
        admins: [a@a.example]   # the boss
        allow_user_invites: false   # not yet

        site_name: A
        """ + "\n"

    private func withDesk(
        _ files: [String: String] = ["a.example": file, "b.example": "site_name: B\n"], daemon: String = "",
        _ body: (Desk) async throws -> Void
    ) async throws {
        try await Desk.with(
            files, daemon: daemon, install: { ConfigFileHandlers($0.configuration).register(in: &$1) }, body)
    }

    private func text(_ desk: Desk, _ host: String = "a.example") throws -> String {
        // Not as a file of text: that would leave out a byte order mark.
        String(
            decoding: try Data(contentsOf: URL(filePath: "\(desk.directory.path)/config.d/\(host).yaml")), as: UTF8.self
        )
    }

    private func origin(_ desk: Desk, _ key: HostKey) async throws -> String {
        let settings = try #require(await desk.daemon.configuration.settings(of: "a.example"))
        let origin = try #require(settings.first { $0.key == key }).origin.description
        return origin.replacing("\(desk.directory.path)/", with: "")
    }

    private func value(_ desk: Desk, _ key: HostKey, _ host: String = "a.example") async -> String? {
        await desk.daemon.configuration.settings(of: host)?.first { $0.key == key }?.value
    }

    // MARK: Saving

    @Test func whatWasSetIsInTheFileAndRunsAsBefore() async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.allowUserInvites, to: ["true"], of: "a.example")
            _ = try await desk.daemon.configuration.set(.inviteExpiry, to: ["1d12h"], of: "a.example")
            _ = try await desk.daemon.configuration.set(.siteName, to: ["Bee"], of: "b.example")
            let before = await desk.daemon.configuration.settings(of: "a.example")?.map(\.value)
            let output = RecordingOutput()
            let end = try await desk.run("config save a.example", output: output)
            #expect(end.code == .ok)
            #expect(
                try text(desk)
                    == """
                    # The sample.
                    admins: [a@a.example]   # the boss
                    allow_user_invites: true   # not yet

                    site_name: A
                    invite_expiry: 1d12h

                    """)
            let path = "\(desk.directory.path)/config.d/a.example.yaml"
            #expect(
                output.rows == [
                    [
                        "key": "allow_user_invites", "before": "false", "after": "true",
                        "location": .text("\(path):3:21"),
                    ],
                    ["key": "invite_expiry", "after": "1d12h", "location": .text("\(path):6:16")],
                ])
            #expect(await desk.daemon.configuration.settings(of: "a.example")?.map(\.value) == before)
            #expect(try await origin(desk, .allowUserInvites) == "config.d/a.example.yaml:3:21")
            #expect(try await origin(desk, .siteName) == "config.d/a.example.yaml:5:12")
            #expect(await desk.daemon.configuration.overrides(of: "a.example")?.isEmpty == true)
            // The other host keeps its file, and what was set on it.
            #expect(try text(desk, "b.example") == "site_name: B\n")
            #expect(await desk.daemon.configuration.overrides(of: "b.example")?.keys == [.siteName])
            let entry = try #require(desk.recorder.entries.last)
            #expect(entry.hosts == ["a.example"])
            #expect(entry.before == "allow_user_invites: false, invite_expiry: ")
            #expect(entry.after == "allow_user_invites: true, invite_expiry: 1d12h")

            // The files are what runs, to whoever compares them, and after a restart.
            #expect(try await desk.daemon.configuration.plan().changesNothing)
            #expect(await desk.daemon.configuration.comparison { $0 == "a.example" }.differences.isEmpty)
            #expect(await desk.daemon.configuration.comparison { $0 == "a.example" }.isCurrent)
            var loader = ConfigurationLoader(file: "\(desk.directory.path)/invited.yaml", credentialsDirectory: nil)
            #expect(loader.load().hosts["a.example"]?.allowUserInvites == true)
        }
    }

    @Test func onlyTheNamedKeysAreSaved() async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.siteName, to: ["Yes"], of: "a.example")
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            #expect(try await desk.run("config save a.example site_name").code == .ok)
            #expect(try text(desk).hasSuffix("\nsite_name: \"Yes\"\n"))
            #expect(await desk.daemon.configuration.overrides(of: "a.example")?.keys == [.suspended])
            #expect(await value(desk, .suspended) == "true")
            let again = try await desk.run("config save a.example site_name")
            #expect(again.code == .nothingToDo)
            #expect(again.message == "nothing was set at run time for site_name")
            let unknown = try await desk.run("config save a.example site_nam")
            #expect(unknown.code == .invalidSetting)
            #expect(unknown.message.contains("did you mean `site_name`?"))
        }
    }

    @Test func whatTheFileHasLostIsTold() async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.siteName, to: ["Bee"], of: "a.example")
            link("\(desk.directory.path)/config.d/a.example.yaml", "\(desk.directory.path)/other.yaml")
            let end = try await desk.run("config save a.example")
            #expect(end.code == .ok)
            #expect(end.hint == "the file has lost its other hard links, which the daemon could not keep")
        }
    }

    @Test func anAddressThatAnotherFileStillHasIsNotSaved() async throws {
        let files = ["a.example": "service_address: i.example\n", "b.example": "site_name: B\n"]
        try await withDesk(files) { desk in
            _ = try await desk.daemon.configuration.set(.serviceAddress, to: ["j.example"], of: "a.example")
            _ = try await desk.daemon.configuration.set(.serviceAddress, to: ["i.example"], of: "b.example")
            let end = try await desk.run("config save b.example")
            #expect(end.code == .invalidConfiguration)
            let path = "\(desk.directory.path)/config.d/a.example.yaml"
            #expect(
                end.message == "`i.example` is already the service address of `a.example`, set at \(path):1:18")
            #expect(try text(desk, "b.example") == "site_name: B\n")
            #expect(await desk.daemon.configuration.overrides(of: "b.example")?.keys == [.serviceAddress])
            // In the other order each file is good.
            #expect(try await desk.run("config save a.example").code == .ok)
            #expect(try await desk.run("config save b.example").code == .ok)
            #expect(await desk.daemon.configuration.check().isEmpty)
        }
    }

    @Test func aListKeepsItsComments() async throws {
        let file = "admins:\n  - a@a.example # the boss\n  - b@a.example # on leave\n"
        try await withDesk(["a.example": file]) { desk in
            _ = try await desk.daemon.configuration.set(.admins, to: ["a@a.example", "c@a.example"], of: "a.example")
            #expect(try await desk.run("config save a.example").code == .ok)
            #expect(try text(desk) == "admins:\n  - a@a.example # the boss\n  - c@a.example\n")
        }
    }

    @Test func nothingToSaveIsSaid() async throws {
        try await withDesk { desk in
            let end = try await desk.run("config save a.example")
            #expect(end.code == .nothingToDo)
            #expect(try text(desk) == Self.file)
        }
    }

    @Test(arguments: [
        "site_name: Other\n", "site_nam: x\n", "admins: [\n", "\u{FEFF}admins: [z@a.example]\n",
    ]) func aFileWithOtherChangesIsLeftAlone(changed: String) async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try desk.directory.write(changed, to: "config.d/a.example.yaml")
            let end = try await desk.run("config save a.example")
            #expect(end.code == .staleConfiguration)
            #expect(end.message.contains("a.example.yaml has"))
            #expect(try text(desk) == changed)
            #expect(await desk.daemon.configuration.overrides(of: "a.example")?.keys == [.suspended])
        }
    }

    @Test func commentsThatWereAddedStay() async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try desk.directory.write("# New.\n\n" + Self.file, to: "config.d/a.example.yaml")
            #expect(try await desk.run("config save a.example").code == .ok)
            #expect(try text(desk) == "# New.\n\n" + Self.file + "suspended: true\n")
            #expect(try await origin(desk, .siteName) == "config.d/a.example.yaml:7:12")
        }
    }

    @Test func aMissingFileIsSaid() async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try desk.directory.remove("config.d/a.example.yaml")
            let end = try await desk.run("config save a.example")
            #expect(end.code == .unwritableConfiguration)
            #expect(await value(desk, .suspended) == "true")
        }
    }

    @Test func aChangeThatWaitsGoesFirst() async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            try desk.directory.write("site_name: New\n", to: "config.d/b.example.yaml")
            _ = try await desk.daemon.configuration.apply(expecting: nil, confirmWithin: .week, by: "someone")
            #expect(try await desk.run("config save a.example").code == .pendingConfiguration)
            #expect(try text(desk) == Self.file)
        }
    }

    @Test func whatWasUndoneIsNotMixedWithTheFiles() async throws {
        try await withDesk { desk in
            try desk.directory.write("site_name: New\n", to: "config.d/a.example.yaml")
            _ = try await desk.daemon.configuration.apply(expecting: nil, by: "someone")
            _ = try await desk.daemon.configuration.undo(to: nil, expecting: nil)
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            #expect(try await desk.run("config save a.example").code == .staleConfiguration)
            #expect(try text(desk) == "site_name: New\n")
        }
    }

    @Test func undoGoesBackBehindASave() async throws {
        try await withDesk { desk in
            _ = try await desk.daemon.configuration.set(.siteName, to: ["Saved"], of: "a.example")
            #expect(try await desk.run("config save a.example").code == .ok)
            #expect(await desk.daemon.configuration.history().last?.header.by == "someone (uid 1000)")
            _ = try await desk.daemon.configuration.undo(to: nil, expecting: nil)
            #expect(await value(desk, .siteName) == "A")
        }
    }

    @Test func whoSeesSomeHostsSavesThose() async throws {
        try await withDesk { desk in
            let caller = Caller.someone(.operator, .some(["a.example"]))
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            _ = try await desk.daemon.configuration.set(.suspended, to: ["true"], of: "b.example")
            #expect(try await desk.run("config save a.example", as: caller).code == .ok)
            let end = try await desk.run("config save b.example", as: caller)
            #expect(end.code == .unknownHost)
            #expect(try text(desk, "b.example") == "site_name: B\n")
            #expect(try await desk.run("config edit a.example", as: caller).code == .denied)
        }
    }

    // MARK: Editing

    @Test(arguments: [nil, Self.file] as [String?]) func whoChangesNothingChangesNothing(answer: String?) async throws {
        try await withDesk { desk in
            let output = RecordingOutput(answers: [answer])
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(end.message == "nothing was changed")
            #expect(output.questions == [.edit(name: "a.example.yaml", text: Self.file, mistakes: [])])
            #expect(try text(desk) == Self.file)
        }
    }

    @Test func mistakesComeBackUntilTheTextIsGood() async throws {
        try await withDesk { desk in
            let bad = Self.file + "suspendet: true\n"
            let good = Self.file + "suspended: true\n"
            let output = RecordingOutput(answers: [bad, good, "yes"])
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            let path = "\(desk.directory.path)/config.d/a.example.yaml"
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
            #expect(try text(desk) == good)
            #expect(await value(desk, .suspended) == "true")
        }
    }

    @Test func whoGivesUpLeavesTheFileAsItWas() async throws {
        try await withDesk { desk in
            let output = RecordingOutput(answers: ["admins: [", "admins: ["])
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .invalidConfiguration)
            #expect(try text(desk) == Self.file)
        }
    }

    @Test(arguments: [["no"], [nil], []] as [[String?]]) func whatIsNotAppliedIsWrittenAllTheSame(
        answers: [String?]
    ) async throws {
        try await withDesk { desk in
            let new = Self.file + "suspended: true\n"
            let output = RecordingOutput(answers: [new] + answers)
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(end.hint == "`config apply` puts it in force")
            #expect(try text(desk) == new)
            #expect(await value(desk, .suspended) == "false")
        }
    }

    @Test func yesBeforehandIsEnough() async throws {
        try await withDesk { desk in
            let output = RecordingOutput(answers: ["site_name: New\n"])
            let end = try await desk.run("config edit a.example --yes", output: output)
            #expect(end.code == .ok)
            #expect(await value(desk, .siteName) == "New")
        }
    }

    @Test func aRefusedHostCanBeMended() async throws {
        try await withDesk(["a.example": "site_nam: x\n"]) { desk in
            let output = RecordingOutput(answers: ["site_name: x\n", "yes"])
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(output.texts == ["add a.example"])
            #expect(await value(desk, .siteName) == "x")
        }
    }

    @Test func mistakesInOtherFilesKeepItFromBeingApplied() async throws {
        try await withDesk { desk in
            try desk.directory.write("admins: [\n", to: "config.d/b.example.yaml")
            let output = RecordingOutput(answers: ["site_name: New\n", "yes"])
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .invalidConfiguration)
            #expect(end.message.contains("a.example.yaml is written, and not applied: "))
            #expect(end.message.contains("b.example.yaml:2:1"))
            #expect(try text(desk) == "site_name: New\n")
            #expect(await value(desk, .siteName) == "A")
        }
    }

    @Test func aFileThatSomebodyElseChangesMeanwhileIsTheirs() async throws {
        try await withDesk { desk in
            let directory = desk.directory
            let output = MeddlingOutput {
                try directory.write("site_name: Theirs\n", to: "config.d/a.example.yaml")
                return "site_name: Mine\n"
            }
            let end = await desk.dispatcher.run(
                ["config", "edit", "a.example"], caller: .someone(.admin), output: output)
            #expect(end.code == .staleConfiguration)
            let left = try text(desk)
            #expect(left == "site_name: Theirs\n")
        }
    }

    @Test func whatNoEditorShouldGetIsRefused() async throws {
        try await withDesk { desk in
            let large = "# " + String(repeating: "x", count: 131_072) + "\n"
            try desk.directory.write(large, to: "config.d/a.example.yaml")
            let output = RecordingOutput(answers: ["site_name: x\n"])
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .badArgument)
            #expect(output.questions.isEmpty)
            try Data([0x23, 0xFF, 0x0A]).write(to: URL(filePath: "\(desk.directory.path)/config.d/b.example.yaml"))
            #expect(try await desk.run("config edit b.example", output: output).code == .badArgument)
            #expect(output.questions.isEmpty)
        }
    }

    @Test func anAnswerThatIsTooLargeIsAMistake() async throws {
        try await withDesk { desk in
            let large = "# " + String(repeating: "x", count: 131_072) + "\n"
            let output = RecordingOutput(answers: [large, nil])
            let end = try await desk.run("config edit a.example", output: output)
            #expect(end.code == .ok)
            #expect(
                output.questions.last
                    == .edit(name: "a.example.yaml", text: large, mistakes: ["the text is larger than 131072 bytes"]))
            #expect(try text(desk) == Self.file)
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
