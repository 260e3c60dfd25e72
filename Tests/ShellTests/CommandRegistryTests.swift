import Shell
import Testing

@Suite struct CommandRegistryTests {
    @Test func everyExampleIsACommandLineThatParses() throws {
        let parser = CommandParser(.standard)
        for spec in CommandRegistry.standard.commands {
            #expect(!spec.examples.isEmpty, "\(spec.name)")
            for example in spec.examples {
                let invocation = try parser.parse(Words(example.line).words)
                #expect(invocation.spec == spec, "\(example.line)")
            }
        }
    }

    @Test func pathsAreUnique() {
        let paths = CommandRegistry.standard.commands.map(\.path)
        #expect(Set(paths).count == paths.count)
    }
}
