import Access
import Configuration
import Control
import Daemon
import Foundation
import Shell
import TestSupport
import Testing

@testable import Reconfiguration
@testable import Supervision

@Suite(.timeLimit(.minutes(5))) struct ConfigHandlersTests {
    private func with(
        _ files: [String: String], daemon: String = "", _ body: (CommandFixture) async throws -> Void
    ) async throws {
        try await CommandFixture.with(files, daemon: daemon) { daemon, handlers in
            ConfigHandlers(daemon.configuration).register(in: &handlers)
            HostChangeHandlers(daemon).register(in: &handlers)
        } _: { fixture in
            try await body(fixture)
        }
    }

    private func write(_ text: String, _ host: String, _ fixture: CommandFixture) throws {
        try fixture.directory.write(text, to: "config.d/\(host).yaml")
    }

    /// The rows of a command that has to be done, each as its values in the order of the spec.
    private func rows(_ line: String, _ fixture: CommandFixture, as caller: Caller = .someone(.admin)) async throws
        -> [String]
    {
        let output = RecordingOutput()
        let end = try await fixture.run(line, as: caller, output: output)
        #expect(end.code == .ok, "\(end)")
        return lines(output, line)
    }

    private func lines(_ output: RecordingOutput, _ line: String) -> [String] {
        let words = line.split(separator: " ").map(String.init)
        let fields = CommandRegistry.standard.match(words)?.spec.result.fields ?? []
        for row in output.rows {
            // Every row has the fields of the spec, and no others.
            let names = Set(row.object?.keys ?? [:].keys)
            #expect(
                names.isSubset(of: fields.map(\.name))
                    && names.isSuperset(of: fields.filter { !$0.isOptional }.map(\.name)))
        }
        return output.rows.map { row in
            fields.compactMap { row[$0.name] }.map { $0.text ?? $0.line }.joined(separator: " ")
        }
    }

    @Test func thePlanIsShownAndAppliedOnceItIsConfirmed() async throws {
        try await with(["a.example": "{}", "b.example": "{}", "c.example": "{}"]) { fixture in
            try write("allow_user_invites: true\n", "a.example", fixture)
            try fixture.directory.remove("config.d/b.example.yaml")
            let hash = try await fixture.daemon.configuration.plan().hash
            let planned = [
                #"a.example update ["contacts of users may register now"] ["allow_user_invites"] 1 \#(hash)"#,
                #"b.example remove ["no longer served"] [] 1 \#(hash)"#, " untouched [] [] 1 \(hash)",
            ]
            #expect(try await rows("config plan", fixture) == planned)
            let lost = "a.example (contacts of users may register now), b.example (no longer served)"
            let output = RecordingOutput(answers: ["no"])
            let refused = try await fixture.run("config apply", output: output)
            #expect(refused.code == .refused && lines(output, "config apply") == planned)
            #expect(output.questions == [.confirm("Apply it? lost: \(lost); remove 1, update 1")])
            #expect(try await fixture.run("config apply").code == .unconfirmed)
            #expect(await fixture.daemon.configuration.settings(of: "b.example") != nil)

            let end = try await fixture.run("config apply", output: RecordingOutput(answers: ["yes"]))
            #expect(end.message == "snapshot 2 runs: 0 added, 1 removed, 1 updated, 1 untouched")
            #expect(await fixture.daemon.configuration.settings(of: "b.example") == nil)
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.before == "snapshot 1" && entry.code == .ok)
            #expect(entry.after == "lost: \(lost); snapshot 2")
        }
    }

    private static let strict = "admins: [admin@a.example]\nallow_contact_invites: false\nsuspended: true\n"

    @Test(arguments: ["", "\n", "# admins: [admin@a.example]\n", "---\n", "\u{FEFF}"])
    func aFileThatSaysNothingIsAMistake(text: String) async throws {
        try await with(["a.example": Self.strict]) { fixture in
            try write(text, "a.example", fixture)
            let output = RecordingOutput()
            #expect(try await fixture.run("config apply --yes", output: output).code == .invalidConfiguration)
            #expect(
                output.texts.count == 1 && output.texts[0].contains(/a\.example\.yaml:[12]:1: this file says nothing/))
            #expect(fixture.daemon.registry["a.example"]?.configuration.suspended == true)
            try write("{}\n", "a.example", fixture)
            #expect(try await fixture.run("config apply --yes").code == .ok)
            #expect(fixture.daemon.registry["a.example"]?.configuration.suspended == false)
        }
    }

    /// A file that was truncated after a whole line is valid, so what would be lost by it is listed first.
    @Test func whatIsLostIsNamedFirst() async throws {
        try await with(["a.example": "{}", "b.example": Self.strict, "c.example": "site_name: C\n"]) { fixture in
            try write("site_name: A\n", "a.example", fixture)
            try write("admins: [ann@a.example]\n", "b.example", fixture)
            let losses = [
                "no longer admins: admin@a.example", "users may invite contacts now", "no longer suspended",
            ]
            let output = RecordingOutput(answers: ["yes"])
            #expect(try await fixture.run("config apply", output: output).code == .ok)
            #expect(output.rows.map { $0["host"]?.text } == ["b.example", "a.example", ""])
            #expect(output.rows[0]["lost"] == .list(losses.map(JSON.text)))
            #expect(output.rows[1]["lost"] == .list([]))
            let text = "b.example (\(losses.joined(separator: ", ")))"
            #expect(output.questions == [.confirm("Apply it? lost: \(text); update 2")])
            #expect(fixture.recorder.entries.last?.after == "lost: \(text); snapshot 2")
            let log = fixture.controlled.log.items.filter { !$0.hasPrefix("debug") }.suffix(2)
            #expect(log.first == "warning the configuration takes something away lost=\(text)")
            #expect(log.last?.hasPrefix("notice configuration reloaded") == true)
        }
    }

    /// The whole output is made before it is read, so that it stays in memory for a caller who does not read it.
    @Test(arguments: ["config status", "config check", "config diff", "config plan"])
    func oneUserLeavesOnlySoMuchUnread(line: String) async throws {
        try await with(["a.example": "{}", "b.example": "{}"]) { fixture in
            _ = try await fixture.run("host set a.example allow_user_invites true")
            try write("allow_user_invites: \(line == "config check" ? "perhaps" : "true")\n", "b.example", fixture)
            let ann = Caller(uid: 1001, pid: 1, user: "ann", role: .viewer, hosts: .all)
            let outputs = (0..<4).map { _ in UnreadOutput() }
            let unread = outputs.map { output in
                Task { await fixture.dispatcher.run(try Words(line).words, caller: ann, output: output) }
            }
            for output in outputs { try await output.waiting.next() }
            #expect(try await fixture.run(line, as: ann).code == .tooManyCommands)
            // Others may still.
            #expect(try await fixture.run(line, as: .someone(.viewer)).code != .tooManyCommands)
            for task in unread { task.cancel() }
            for task in unread { #expect(try await task.value.code == .cancelled) }
            #expect(try await fixture.run(line, as: ann).code != .tooManyCommands)
        }
    }

    @Test(arguments: [false, true]) func withoutAQuestionFilesAreReadOnce(isChange: Bool) async throws {
        try await with(["a.example": "{}", "b.example": "{}"]) { fixture in
            if isChange { try write("allow_contact_invites: false\n", "a.example", fixture) }
            let hash = try await fixture.daemon.configuration.plan().hash
            let before = await fixture.daemon.configuration.readings
            let planned = isChange ? [#"a.example update [] ["allow_contact_invites"] 1 \#(hash)"#] : []
            let shown = try await rows("config apply --yes", fixture)
            #expect(shown == planned + [" untouched [] [] \(isChange ? 1 : 2) \(hash)"])
            #expect(await fixture.daemon.configuration.readings - before == 1)
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.after == "snapshot \(isChange ? 2 : 1)")
        }
    }

    @Test func whatIsSetMeanwhileMakesWhatWasPreparedStale() async throws {
        try await with(["a.example": "{}"]) { fixture in
            try write("allow_user_invites: true\n", "a.example", fixture)
            let prepared = try await fixture.daemon.configuration.prepare()
            _ = try await fixture.daemon.configuration.set(.suspended, to: ["true"], of: "a.example")
            await #expect(throws: ConfigurationRefusal.stale) {
                try await fixture.daemon.configuration.apply(prepared, by: "someone")
            }
            let again = try await fixture.daemon.configuration.prepare()
            #expect(try await fixture.daemon.configuration.apply(again, by: "someone").hosts == ["a.example"])
            await #expect(throws: ConfigurationRefusal.stale) {
                try await fixture.daemon.configuration.apply(again, by: "someone")
            }
        }
    }

    @Test func whatChangesWhileTheQuestionIsOpenIsNotApplied() async throws {
        try await with(["a.example": "{}"]) { fixture in
            try write("allow_user_invites: true\n", "a.example", fixture)
            let output = RecordingOutput(answers: ["yes"])
            let asking = AskingOutput(output) {
                _ = await fixture.daemon.configuration.reload()
            }
            let end = await fixture.dispatcher.run(["config", "apply"], caller: .someone(.admin), output: asking)
            #expect(
                end.code == .staleConfiguration && end.code.exitStatus == .conflict
                    && end.hint == "`config plan` shows what an apply would do now")
        }
    }

    /// Does something while the question is open.
    private struct AskingOutput: CommandOutput {
        let output: RecordingOutput
        let meanwhile: @Sendable () async -> Void
        var width: Int { output.width }

        init(_ output: RecordingOutput, _ meanwhile: @escaping @Sendable () async -> Void) {
            self.output = output
            self.meanwhile = meanwhile
        }

        func row(_ row: JSON) throws { try output.row(row) }
        func text(_ text: String) throws { try output.text(text) }
        func progress(_ message: String) throws { try output.progress(message) }
        func event(_ event: JSON) throws { try output.event(event) }
        func ask(_ question: ServerMessage.Question) async throws -> String? {
            await meanwhile()
            return try output.ask(question)
        }
    }

    @Test func mistakesAreToldWithTheirPlaces() async throws {
        try await with(["a.example": "{}"]) { fixture in
            try write("admins: []\nallow_user_invite: true\n", "a.example", fixture)
            let path = "\(fixture.directory.path)/config.d/a.example.yaml"
            let mistake = "unknown key `allow_user_invite`; did you mean `allow_user_invites`?"
            let output = RecordingOutput()
            #expect(try await fixture.run("config check", output: output).code == .invalidConfiguration)
            #expect(lines(output, "config check") == ["\(path) 2 1 \(mistake)"])
            for line in ["config plan", "config diff", "config apply --yes", "config apply 0123456789ab"] {
                let output = RecordingOutput()
                let end = try await fixture.run(line, output: output)
                #expect(end.code == .invalidConfiguration && end.message == "1 mistake, and nothing was changed")
                #expect(output.texts == ["\(path):2:1: \(mistake)"] && output.rows.isEmpty)
            }
            try write("{}", "a.example", fixture)
            #expect(try await fixture.run("config check").code == .ok)
        }
    }

    @Test func aHashOfAnotherPlanIsStale() async throws {
        try await with(["a.example": "{}"]) { fixture in
            try write("allow_user_invites: true\n", "a.example", fixture)
            #expect(try await fixture.run("config apply 0123456789ab").code == .staleConfiguration)
            let hash = try await fixture.daemon.configuration.plan().hash
            #expect(try await fixture.run("config apply \(hash)").code == .ok)
            #expect(try await fixture.run("config apply \(hash)").code == .staleConfiguration)
        }
    }

    @Test func aChangeWaitsIsConfirmedOrUndone() async throws {
        try await with(["a.example": "{}"]) { fixture in
            try write("allow_user_invites: true\n", "a.example", fixture)
            let end = try await fixture.run("config apply --yes --confirm-within 5m")
            #expect(end.message.hasSuffix("it undoes itself at 2027-01-15T08:05:00Z unless confirmed"), "\(end)")
            let pending = try await fixture.run("config apply --yes")
            #expect(pending.code == .pendingConfiguration && pending.code.exitStatus == .conflict)
            #expect(
                try await rows("config history", fixture) == [
                    "1 2027-01-15T08:00:00Z start 1 kept", "2 2027-01-15T08:00:00Z someone (uid 1000) 1 unconfirmed",
                ])
            #expect(try await fixture.run("config confirm").message == "snapshot 2 stays")
            #expect(try await fixture.run("config confirm").code == .nothingToDo)

            let output = RecordingOutput(answers: ["yes"])
            #expect(try await fixture.run("config undo", output: output).code == .ok)
            #expect(output.questions == [.confirm("Go back to snapshot 1? update 1")])
            #expect(
                try await rows("config history", fixture).map { $0.split(separator: " ").last } == ["running", "kept"])
            let status = try await fixture.run("config status")
            #expect(status.message == "snapshot 1 runs; the files were undone, or changed since")
            #expect(try await fixture.run("config undo 7 --yes").code == .nothingToDo)
        }
    }

    @Test func whatCannotBeConfirmedStillWaits() async throws {
        try await with(["a.example": "{}"]) { fixture in
            try write("allow_user_invites: true\n", "a.example", fixture)
            #expect(try await fixture.run("config apply --yes --confirm-within 5m").code == .ok)
            // Where the record would be written first, and the one of this apply is being written.
            await fixture.daemon.configuration.snapshots.finish()
            try fixture.directory.makeDirectory("state/configuration/.record.json.new")
            let end = try await fixture.run("config confirm")
            #expect(end.code == .unwritableConfiguration && end.hint?.hasPrefix("it still waits") == true, "\(end)")
            #expect(try await rows("config history", fixture).last?.hasSuffix("unconfirmed") == true)
        }
    }

    @Test func theStatusShowsWhatDiffersAndWhereItComesFrom() async throws {
        let files = ["a.example": "site_name: A\n", "b.example": "{}", "c.example": "{}"]
        try await with(files, daemon: "defaults: {invite_expiry: 3d}") { fixture in
            #expect(try await rows("config status", fixture).isEmpty)
            #expect(try await rows("config diff", fixture).isEmpty)
            _ = try await fixture.run("host set a.example site_name 'Our place'")
            try write("allow_user_invites: true\n", "b.example", fixture)
            try fixture.directory.remove("config.d/c.example.yaml")
            try write("invite_expiry: 1d\n", "d.example", fixture)
            let directory = "\(fixture.directory.path)/config.d"
            let all = [
                "a.example site_name Our place runtime A \(directory)/a.example.yaml:1:12",
                "b.example allow_user_invites false default true \(directory)/b.example.yaml:1:21",
                "c.example host c.example \(directory)/c.example.yaml:1:1",
                "d.example host d.example \(directory)/d.example.yaml:1:1",
                "d.example invite_expiry 1d \(directory)/d.example.yaml:1:16",
            ]
            #expect(try await rows("config status", fixture) == all)
            #expect(try await rows("config status b.example", fixture) == [all[1]])
            let scoped = Caller.someone(.viewer, .some(["b.example", "c.example"]))
            #expect(try await rows("config status", fixture, as: scoped) == Array(all[1...2]))
            #expect(
                try await rows("config diff", fixture) == [
                    "b.example allow_user_invites false true \(directory)/b.example.yaml:1:21",
                    "c.example host c.example", "d.example host d.example \(directory)/d.example.yaml:1:1",
                    "d.example invite_expiry 1d \(directory)/d.example.yaml:1:16",
                ])
            try fixture.directory.write(
                """
                component: {jid: invites.host.example, secret: other, server: "127.0.0.1:2"}
                state_directory: state
                """, to: "invited.yaml")
            #expect(
                try await rows("config status", fixture).prefix(2) == [
                    " component.server 127.0.0.1:1 127.0.0.1:2", " component.secret <redacted> <redacted>",
                ])
            let seen = try await rows("config status", fixture, as: scoped)
            #expect(seen.allSatisfy { $0.hasPrefix("b.example ") || $0.hasPrefix("c.example ") }, "\(seen)")
        }
    }

    @Test func newRolesAreShownAndAskedAbout() async throws {
        let (before, after) = ("[{users: [ann], role: viewer}]", "[{users: [ann, 7], role: admin, hosts: [a.example]}]")
        try await with(["a.example": "{}"], daemon: "shell: {roles: \(before)}") { fixture in
            let file = try String(contentsOf: URL(filePath: "\(fixture.directory.path)/invited.yaml"), encoding: .utf8)
            try fixture.directory.write(file.replacing(before, with: after), to: "invited.yaml")
            #expect(try await rows("config diff", fixture) == [" shell.roles \(before) \(after)"])
            let status = RecordingOutput()
            let summary = try await fixture.run("config status", output: status)
            #expect(lines(status, "config status") == [" shell.roles \(before) \(after)"])
            #expect(summary.message == "snapshot 1 runs; the files have changed since")
            #expect(summary.hint == "`config plan` shows what an apply would do")
            let hash = try await fixture.daemon.configuration.plan().hash
            #expect(
                try await rows("config plan", fixture) == [
                    #" update [] ["shell.roles"] 0 \#(hash)"#, " untouched [] [] 1 \(hash)",
                ])
            let output = RecordingOutput(answers: ["yes"])
            #expect(try await fixture.run("config apply", output: output).code == .ok)
            #expect(output.questions == [.confirm("Apply it? no host changes, the roles change")])
            #expect(try await fixture.run("config diff").message == "an apply would change nothing")
            #expect(try await fixture.daemon.configuration.plan().changesNothing)
            let undone = RecordingOutput(answers: ["yes"])
            #expect(try await fixture.run("config undo", output: undone).code == .ok)
            #expect(undone.questions == [.confirm("Go back to snapshot 1? no host changes, the roles change")])
            #expect(try await rows("config diff", fixture) == [" shell.roles \(before) \(after)"])
        }
    }

    @Test func whatTheDaemonTakesAtItsStartIsTold() async throws {
        try await with(["a.example": "{}"]) { fixture in
            let file = try String(contentsOf: URL(filePath: "\(fixture.directory.path)/invited.yaml"), encoding: .utf8)
            try fixture.directory.write(file + "\ncontrol_socket: elsewhere.sock\n", to: "invited.yaml")
            let summary = try await fixture.run("config status")
            #expect(summary.message == "snapshot 1 runs; the daemon's own file says otherwise")
        }
    }

    @Test func hostsAreChangedAtRunTime() async throws {
        try await with(["a.example": "{}", "b.example": "{}"]) { fixture in
            #expect(
                try await rows("host set a.example allow_user_invites true", fixture) == [
                    "allow_user_invites true runtime"
                ])
            let entry = try #require(fixture.recorder.entries.last)
            #expect(entry.before == "allow_user_invites: false (default)")
            #expect(entry.after == "allow_user_invites: true (runtime)" && entry.hosts == ["a.example"])
            #expect(
                try await rows("host set a.example admins ann@a.example Bob@A.Example", fixture)
                    == ["admins [ann@a.example, bob@a.example] runtime"])
            let mistakes = [
                "host set a.example allow_user_invite true":
                    "unknown key `allow_user_invite`; did you mean `allow_user_invites`?",
                "host set a.example invite_expiry forever": "`invite_expiry` `forever`: ",
                "host set a.example host b.example": "`host` cannot be set",
                "host set a.example service_address b.example": "`b.example` is a host of its own",
                "host reset a.example colour": "unknown key `colour`",
            ]
            for (line, mistake) in mistakes {
                let end = try await fixture.run(line)
                #expect(end.code == .invalidSetting && end.message.hasPrefix(mistake), "\(end)")
            }
            #expect(
                try await rows("host reset a.example admins", fixture) == ["admins [] default"])
            #expect(try await rows("host reset a.example", fixture) == ["allow_user_invites false default"])
            #expect(try await fixture.run("host reset a.example").code == .nothingToDo)
        }
    }

    @Test func hostsInTheWayAreNotNamedToWhoDoesNotSeeThem() async throws {
        let files = [
            "a.example": "service_address: i.b.example\n", "b.example": "{}", "c.b.example": "{}", "d.b.example": "{}",
        ]
        try await with(files) { fixture in
            let ann = Caller.someone(.operator, .some(["b.example", "c.b.example"]))
            for address in ["d.b.example", "i.b.example"] {
                let end = try await fixture.run("host set b.example service_address \(address)", as: ann)
                #expect(end == .init(.invalidSetting, "this service address is taken"))
            }
            let seen = try await fixture.run("host set b.example service_address c.b.example", as: ann)
            #expect(seen.message == "`c.b.example` is a host of its own")
            try write("service_address: d.b.example\n", "b.example", fixture)
            let output = RecordingOutput()
            _ = try await fixture.run("config status", as: ann, output: output)
            #expect(output.texts.count == 1)
            #expect(output.texts.first?.hasSuffix("this service address is taken") == true, "\(output.texts)")
        }
    }

    /// Not even that there are any, and that something is done about them.
    @Test func whatBecomesOfOthersIsNoMatterOfWhoDoesNotSeeThem() async throws {
        try await with(["a.example": "{}", "b.example": "{}", "c.example": "{}"]) { fixture in
            let ann = Caller.someone(.operator, .some(["a.example"]))
            func status() async throws -> [ServerMessage] {
                let output = RecordingOutput()
                let end = try await fixture.run("config status", as: ann, output: output)
                return output.messages.items + [.end(id: 1, end)]
            }
            let before = try await status()
            try write("allow_user_invites: true\n", "b.example", fixture)
            #expect(try await status() == before)
            #expect(try await fixture.run("config apply --yes --confirm-within 5m").code == .ok)
            #expect(try await status() == before)
            #expect(try await fixture.run("config confirm").code == .ok)
            #expect(try await status() == before)
            _ = try await fixture.run("host set a.example allow_user_invites true")
            #expect(try await status().last == .end(id: 1, .init(.ok, "1 setting differs, or was changed at run time")))
            try write("nonsense: 1\n", "a.example", fixture)
            #expect(
                try await status().last
                    == .end(
                        id: 1, .init(.ok, "1 setting differs, or was changed at run time; the files have 1 mistake")))
        }
    }

    @Test func hostsAreSuspendedAndResumed() async throws {
        try await with(["a.example": "{}", "b.example": "suspended: true\n"]) {
            (fixture: CommandFixture) async throws in
            func isSuspended(_ host: String) async -> String? {
                await fixture.daemon.configuration.settings(of: host)?.first { $0.key == .suspended }
                    .map { "\($0.key) \($0.value) \($0.origin)" }
            }
            #expect(try await fixture.run("host suspend a.example").code == .ok)
            #expect(await isSuspended("a.example") == "suspended true runtime")
            #expect(try await fixture.run("host suspend a.example").message == "a.example was suspended already")
            #expect(try await fixture.run("host resume a.example").message == "a.example makes invites again")
            #expect(await isSuspended("a.example") == "suspended false default")
            #expect(try await fixture.run("host resume a.example").message == "a.example was not suspended")
            // The override takes precedence over the file's value.
            #expect(try await fixture.run("host resume b.example").code == .ok)
            #expect(await isSuspended("b.example") == "suspended false runtime")
            #expect(
                try await fixture.run("host restart a.example").message
                    == "a.example runs with its database opened again")
            #expect(try await fixture.run("host restart c.example").code == .unknownHost)
        }
    }
}
