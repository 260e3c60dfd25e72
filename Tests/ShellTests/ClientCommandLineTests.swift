import Shell
import Testing

@Suite struct ClientCommandLineTests {
    @Test func noCommandHasAnOptionOfTheClient() {
        let own = Set(ClientCommandLine.options.map(\.name))
        for spec in CommandRegistry.standard.commands {
            #expect(own.isDisjoint(with: spec.options.map(\.name)), "\(spec.name)")
        }
    }

    @Test(arguments: [
        (["host", "list", "--state", "running", "--json"], ["host", "list", "--state", "running"]),
        (["--socket", "/s", "host", "list"], ["host", "list"]),
        (["host", "--socket=/s", "list", "--", "--json"], ["host", "list", "--", "--json"]),
        (["host", "list", "--help", "--state", "x"], ["help", "host", "list"]),
        (["host", "list", "-h"], ["help", "host", "list"]),
    ])
    func whatIsTheCommands(words: [String], argv: [String]) throws {
        #expect(try ClientCommandLine(words).mode == .command(argv))
    }

    @Test func whatIsTheClients() throws {
        #expect(try ClientCommandLine([]).mode == .repl)
        #expect(try ClientCommandLine(["--json"]).isJSON)
        #expect(try ClientCommandLine(["status", "--socket", "/a b"]).socket == "/a b")
        #expect(try ClientCommandLine(["--keep-going", "-"]).keepsGoing)
        #expect(try ClientCommandLine(["-"]).mode == .script)
        #expect(try ClientCommandLine(["--version"]).mode == .version)
        #expect(try ClientCommandLine(["-h"]).mode == .help)
        #expect(
            try ClientCommandLine(["--complete", "--", "host", "--json", ""]).mode == .complete(["host", "--json", ""]))
    }

    @Test(arguments: [
        ["--socket"], ["--socket="], ["--json=yes"], ["--keep-going"], ["--version", "status"],
        ["--keep-going", "status"],
    ])
    func whatIsWrong(words: [String]) {
        let failure = #expect(throws: CommandFailure.self) { try ClientCommandLine(words) }
        #expect(failure?.code == .badArgument)
    }

    @Test(arguments: [
        (["--json", "host", "li"], ["host", "li"]), (["--socket", "/s", ""], [""]), (["--socket", "/r"], nil),
        (["host", "--", "--json", ""], ["host", "--", "--json", ""]),
        ([], [""]),
    ])
    func wordsToComplete(words: [String], command: [String]?) {
        #expect(ClientCommandLine.commandWords(of: words) == command)
    }
}
