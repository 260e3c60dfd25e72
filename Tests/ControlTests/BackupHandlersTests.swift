import Access
import Shell
import Storage
import Supervision
import TestSupport
import Testing

@testable import Control

/// `host backup` and `host restore`, as they end.
@Suite(.timeLimit(.minutes(5))) struct BackupHandlersTests {
    private func withDesk(
        _ files: [String: String] = ["a.example": "{}", "b.example": "{}", "c.example": "nonsense: 1"],
        _ body: (AllCommandsFixture) async throws -> Void
    ) async throws {
        try await AllCommandsFixture.with(files, body)
    }

    private func backUp(_ host: String, _ fixture: AllCommandsFixture) async throws -> [UInt8] {
        let output = RecordingOutput()
        let end = try await fixture.run("host backup \(host)", output: output)
        #expect(end.code == .ok, "\(end)")
        #expect(output.rows.first?["bytes"]?.integer == Int64(output.data.count))
        #expect(RowChecker(command: "host backup").mistakes(in: output).isEmpty)
        return output.data
    }

    @Test func aBackupComesBack() async throws {
        try await withDesk { fixture in
            for _ in 0..<3 { _ = try await fixture.run("invite create account a.example") }
            let file = try await backUp("a.example", fixture)
            _ = try await fixture.run("invite delete a.example 1 --yes")
            let output = RecordingOutput(answers: ["yes"], file: file)
            let end = try await fixture.run("host restore a.example", output: output)
            #expect(end.code == .ok, "\(end)")
            #expect(RowChecker(command: "host restore").mistakes(in: output).isEmpty)
            let row = try #require(output.rows.first)
            #expect((row["invites"], row["revoked"], row["replaced"]) == (3, 1, 2))
            #expect(end.hint?.hasPrefix("remove \(row["kept"]?.text ?? "?") when") == true)
            guard case .confirm(let question)? = output.questions.first else {
                Issue.record("nothing was asked")
                return
            }
            #expect(question.hasPrefix("Replace the 2 invites of a.example by the 3 invites of this backup of 2"))
            let journal = RecordingOutput()
            _ = try await fixture.run("journal --limit 3", output: journal)
            #expect(
                journal.rows.compactMap { $0["command"]?.text } == [
                    "host restore a.example", "invite delete --yes a.example 1", "host backup a.example",
                ])
            #expect(journal.rows.first?["after"]?.text == "3 invites, 1 of them revoked")
        }
    }

    @Test func whoSaysNoChangesNothing() async throws {
        try await withDesk { fixture in
            let file = try await backUp("a.example", fixture)
            _ = try await fixture.run("invite create account a.example")
            for (answers, code) in [(["no"], ResultCode.refused), ([nil], .refused), ([], .unconfirmed)] {
                let output = RecordingOutput(answers: answers, file: file)
                #expect(try await fixture.run("host restore a.example", output: output).code == code)
            }
            #expect(try await fixture.run("invite show a.example 1").code == .ok)
        }
    }

    @Test func whatCannotBeTakenSaysWhy() async throws {
        try await withDesk { fixture in
            let file = try await backUp("b.example", fixture)
            var end = try await fixture.run("host restore a.example --yes", output: RecordingOutput(file: file))
            #expect(
                end
                    == .init(
                        .badBackup, "the file is a backup of b.example; nothing was changed",
                        hint: "`--any-host` takes it all the same"))
            end = try await fixture.run("host restore a.example --yes --any-host", output: RecordingOutput(file: file))
            #expect(end.code == .ok)
            end = try await fixture.run("host restore a.example --yes", output: RecordingOutput())
            #expect(end == .init(.badBackup, "the file is empty; nothing was changed"))
            for line in ["host backup c.example", "host restore c.example"] {
                end = try await fixture.run(line)
                #expect(end.code == .refusedHost, "\(end)")
            }
        }
    }

    @Test(arguments: ["host backup a.example", "host restore a.example"])
    func whatNobodyGoesOnWithIsGivenUp(line: String) async throws {
        try await withDesk { fixture in
            let output = UnreadOutput(carriesFiles: true)
            async let end = fixture.run(line, output: output)
            try await output.waiting.next()
            try await fixture.fixture.controlled.sleeper(for: .seconds(3600)).wake()
            #expect(
                try await end
                    == .init(
                        .failedBackup, "it was not done within an hour, and was given up; nothing was changed"))
            _ = try await backUp("a.example", fixture)
        }
    }

    @Test func whereNoFileCanGoNothingBegins() async throws {
        try await withDesk { fixture in
            for line in ["host backup a.example", "host restore a.example --yes"] {
                let end = try await fixture.run(line, output: UnreadOutput())
                #expect(end.code == .needsTerminal, "\(line): \(end)")
            }
        }
    }
}
