import Shell
import Testing

@Suite struct CommandRegistryTests {
    /// What the journal has of a command can be typed again.
    @Test(arguments: ["it's", "'\u{301}", "a\\b \"c\"", "--reveal", "--it's", "", "#1", "ünï"])
    func aLineIsReadBackAsTheCommandThatItIsOf(value: String) throws {
        let parser = CommandParser(.standard)
        let invocation = try parser.parse(["host", "set", "a.example", "site_name", "--", value])
        #expect(try parser.parse(Words(invocation.line).words) == invocation, "\(invocation.line)")
    }

    @Test func everyExampleIsACommandLineThatParses() throws {
        let parser = CommandParser(.standard)
        for spec in CommandRegistry.standard.commands {
            #expect(!spec.examples.isEmpty, "\(spec.name)")
            for example in spec.examples {
                // Some have options of the client.
                guard case .command(let argv) = try ClientCommandLine(Words(example.line).words).mode else {
                    Issue.record("\(example.line)")
                    continue
                }
                #expect(try parser.parse(argv).spec == spec, "\(example.line)")
            }
        }
    }

    @Test(arguments: [
        ("invite find 00JMmNpQ3vXcQ4k1Yy8bRtZw2sUf7", true), ("invite find juliet", true), ("invite find", false),
        ("invite forget juliet@a.example", true), ("invite fnid 00JMmNpQ3vXcQ4k1Yy8bRtZw2sUf7", true),
        ("find xmpp:a.example?register;preauth=short123", true), ("invite list a.example", false),
        ("host set a.example admins ann@a.example", false), ("config apply 3f9a0c2e71b4", false),
    ]) func linesThatMayHoldASecretAreKnown(line: String, mayHold: Bool) throws {
        #expect(CommandRegistry.standard.mayHoldSecret(try Words(line).words) == mayHold)
    }

    @Test func noSecretIsInTheLineForTheJournal() throws {
        let parser = CommandParser(.standard)
        #expect(try parser.parse(["invite", "forget", "--yes", "a@b.example"]).line == "invite forget --yes [JID]")
    }

    @Test func pathsAreUnique() {
        let paths = CommandRegistry.standard.commands.map(\.path)
        #expect(Set(paths).count == paths.count)
    }

    @Test func anOptionBeforeTheCommandIsToldToStandAfterIt() {
        let failure = #expect(throws: CommandFailure.self) {
            try CommandParser(.standard).parse(["--yes", "config", "apply"])
        }
        #expect(failure?.code == .unknownCommand)
        #expect(failure?.message == "`--yes` stands where a command should")
        #expect(failure?.hint?.hasPrefix("a command's options come after it") == true)
    }

    @Test func helpHasNoExampleThatItsReaderMayNotUse() throws {
        let registry = CommandRegistry.standard
        for spec in registry.commands where spec.role == .viewer {
            let text = HelpText(registry, width: 80, role: .viewer).detail(spec)
            let hidden = spec.options.filter { ($0.role ?? .viewer) > .viewer }.map { "--\($0.name)" }
            let examples = spec.examples.filter { example in hidden.contains { example.line.contains($0) } }
            #expect(examples.allSatisfy { !text.contains($0.line) }, "\(spec.name)")
            #expect(examples.count < spec.examples.count, "\(spec.name)")
        }
    }
}
