import Access
import Foundation
import Shell
import TestSupport
import Testing

@testable import Control

/// A caller who sees some hosts finds no trace of others: in rows, messages, hints, help, completion or the journal.
@Suite(.timeLimit(.minutes(5))) struct OthersHostsTests {
    private static let own = "own.example"
    /// A string that all names of others' hosts, of their users and settings contain.
    private static let mark = "zqx"
    /// One that is served, with all that a host can have; one in quarantine; one whose file is refused.
    private static let foreign = ["zqxserved.test", "zqxbroken.test", "zqxrefuse.test"]
    /// As long as the others, and not there.
    private static let missing = "zqxnobody.test"

    private static let callers: [(String, AccessRights)] = {
        var callers: [(String, AccessRights)] = []
        for role in [Role.viewer, .operator, .admin] {
            callers.append(("\(role) of its own", AccessRights(role, on: .some([own]))))
            callers.append(("\(role) of a pattern", AccessRights(role, on: .some(["*.example"]))))
        }
        let mixed = AccessRights(.operator, on: .some([own])).union(
            AccessRights(.viewer, on: .some(["second.example"])))
        return callers + [("a mixed caller", mixed)]
    }()

    private static func someone(_ access: AccessRights) -> Caller {
        Caller(uid: 1000, pid: 1, user: "someone", access: access)
    }

    private func withDesk(_ body: (AllCommandsFixture) async throws -> Void) async throws {
        let files = [
            Self.own: "{}", "second.example": "{}",
            "zqxserved.test": "admins: [zqxboss@zqxserved.test]\nservice_address: zqxaddress.test",
            "zqxbroken.test": "service_address: taken.own.example", "zqxrefuse.test": "zqxkey: 1",
            // Refused for the sake of others: two files cannot have one address.
            "zzz.own.example": "service_address: zqxserved.test", "zzy.own.example": "service_address: zqxaddress.test",
        ]
        try await AllCommandsFixture.with(files) { fixture in
            try await CommandCase.prepare(fixture, hosts: [Self.own, "second.example", "zqxserved.test"])
            try await CommandCase.prepare(fixture, hosts: ["zqxbroken.test"])
            for line in [
                "host set zqxserved.test site_name zqxname", "host suspend zqxserved.test",
                "invite create account \(Self.own) --contact alice@\(Self.own)", "invite list",
                "host set zqxrefuse.test suspended true", "config apply --yes",
            ] {
                _ = try await fixture.run(line)
            }
            try await fixture.fixture.breakDatabase(of: "zqxbroken.test")
            _ = try await fixture.run("host restart zqxbroken.test")
            // Otherwise there is nothing to be found.
            let output = RecordingOutput()
            _ = try await fixture.run("host list", output: output)
            let states = output.rows.filter { $0["host"]?.text?.hasPrefix(Self.mark) == true }.map { $0["state"]?.text }
            #expect(states == ["quarantined", "refused", "suspended"])
            try await body(fixture)
        }
    }

    /// All messages of a command, as they are sent over the socket.
    private func said(
        _ words: [String], _ fixture: AllCommandsFixture, _ caller: Caller, answers: [String?] = ["yes"]
    ) async -> String {
        let output = RecordingOutput(answers: answers)
        let end = await fixture.dispatcher.run(words, caller: caller, output: output)
        return (output.messages.items + [.end(id: 1, end)]).map(\.json.line).joined(separator: "\n")
    }

    @Test(arguments: callers.map(\.0)) func noCommandShowsThem(name: String) async throws {
        let caller = Self.someone(try #require(Self.callers.first { $0.0 == name }?.1))
        try await withDesk { fixture in
            for use in CommandCase.all {
                if case .events = use.spec.result { continue }
                for line in use.before where line.hasPrefix("host") {
                    _ = try await fixture.run(line.replacing("HOST", with: Self.own))
                }
                let text = await said(try Words(use.line(on: Self.own)).words, fixture, caller, answers: use.answers)
                #expect(!text.contains(Self.mark), "\(use.line): \(text)")
            }
            for line in [
                "host list --match q", "host list --state refused", "host list --state quarantined",
                "invite list --kind contact",
                "journal --limit 1000", "journal --failed", "journal --user someone",
                "host why \(Self.own) alice@\(Self.own)",
                "host show zzz.own.example", "host why zzz.own.example", "config status zzz.own.example",
                "host show zzy.own.example", "host why zzy.own.example", "invite list zzy.own.example",
                "host set zzy.own.example suspended true", "host resume zzy.own.example",
                "invite create account zzy.own.example", "config save zzy.own.example",
                "host set \(Self.own) service_address taken.own.example",
                "stats \(Self.own)", "config status \(Self.own)", "help help", "nonsense", "host", "host lisst",
                "help host",
            ] {
                let text = await said(try Words(line).words, fixture, caller)
                #expect(!text.contains(Self.mark), "\(line): \(text)")
            }
            for spec in CommandRegistry.standard.commands {
                let text =
                    await said(["help"] + spec.path, fixture, caller)
                    + said(spec.path + ["--nonsense"], fixture, caller)
                #expect(!text.contains(Self.mark), "help \(spec.name): \(text)")
            }
        }
    }

    /// Numbers reveal them as names do: how many changes there were, and how much is lost without a connection.
    @Test func numbersThatGrowWithWhatOthersDoAreNotShown() async throws {
        try await withDesk { fixture in
            for line in ["journal", "component status"] {
                let own = Self.someone(AccessRights(.admin, on: .some([Self.own])))
                let text = await said(try Words(line).words, fixture, own)
                #expect(text.contains("\"row\""))
                #expect(!text.contains("\"number\"") && !text.contains("\"dropped\""), "\(text)")
            }
        }
    }

    /// Every command answers as if the host did not exist.
    @Test(arguments: callers.map(\.0)) func theyAreAsUnknownAsAHostThatIsNotThere(name: String) async throws {
        let caller = Self.someone(try #require(Self.callers.first { $0.0 == name }?.1))
        let lines =
            CommandCase.all.map(\.line).filter { $0.contains("HOST") } + [
                "host list HOST", "host list \(Self.own) HOST", "invite list HOST", "stats HOST", "grants HOST",
                "config status HOST", "log follow --host HOST", "journal --host HOST", "journal --command HOST",
                "journal --user HOST", "host list --match HOST", "host show HOST.", "host show alice@HOST",
                "host why \(Self.own) alice@HOST", "host why \(Self.own) boss@HOST", "invite list --inviter alice@HOST",
                "invite create account \(Self.own) --contact alice@HOST", "invite create contact alice@HOST/x",
                "invite purge \(Self.own) --inviter alice@HOST --yes", "help HOST", "HOST", "host HOST",
                "host set \(Self.own) admins alice@HOST", "host set \(Self.own) service_address HOST",
                "host set \(Self.own) service_address x.HOST",
                "invite tree \(Self.own) alice@HOST", "invite tree HOST", "invite find alice@HOST",
                "invite find alice HOST", "invite find xmpp:HOST?register;preauth=ABCDEFGH", "invite export alice@HOST",
                "invite forget zqxboss@HOST",
                "host reset \(Self.own) HOST", "config save \(Self.own) HOST", "config apply HOST",
            ]
        try await withDesk { fixture in
            // The own host's settings must be the same before both.
            for line in lines {
                for foreign in Self.foreign {
                    _ = try await fixture.run("host reset \(Self.own)")
                    let there = await said(try Words(line.replacing("HOST", with: foreign)).words, fixture, caller)
                    _ = try await fixture.run("host reset \(Self.own)")
                    let missing = await said(
                        try Words(line.replacing("HOST", with: Self.missing)).words, fixture, caller)
                    #expect(there.replacing(foreign, with: Self.missing) == missing, "\(line)")
                }
            }
        }
    }

    @Test(arguments: callers.map(\.0)) func noCompletionShowsThem(name: String) async throws {
        let caller = Self.someone(try #require(Self.callers.first { $0.0 == name }?.1))
        try await withDesk { fixture in
            for use in CommandCase.all {
                let words = try Words(use.line(on: Self.own)).words
                let options = use.spec.options.map { "--\($0.name)" }
                for count in 0...words.count {
                    for prefix in ["", "z", "zqx", "alice@", "alice@z", "-", "--", "--host=", "--host=z"] {
                        for line in [Array(words.prefix(count))] + options.map({ words.prefix(count) + [$0] }) {
                            let found = await fixture.completer.completions(of: line + [prefix], caller: caller)
                            let isClean = found.allSatisfy {
                                !$0.value.contains("zqx") && !$0.summary.contains("zqx")
                            }
                            #expect(isClean, "\(line + [prefix]): \(found)")
                        }
                    }
                }
                // As for hosts that are not there.
                let foreign = try Words(use.line(on: Self.foreign[0])).words
                for count in 0...foreign.count where foreign.prefix(count).contains(where: { $0.contains(Self.mark) }) {
                    let line = foreign.prefix(count) + [""]
                    let found = await fixture.completer.completions(of: Array(line), caller: caller)
                    let missing = await fixture.completer.completions(
                        of: line.map { $0.replacing(Self.foreign[0], with: Self.missing) }, caller: caller)
                    #expect(found == missing, "\(line)")
                }
            }
        }
    }
}
