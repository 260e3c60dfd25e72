import Testing

@testable import Shell

@Suite struct OptionScannerTests {
    private static let flag = CommandSpec.Option("flag", nil, "")
    private static let value = CommandSpec.Option("value", .text, "")

    private func tokens(_ line: String) -> [OptionScanner.Token] {
        Array(OptionScanner(line.split(separator: " ").map(String.init), options: [Self.flag, Self.value]))
    }

    @Test func optionsStandAnywhereBeforeTheirEnd() {
        #expect(
            tokens("a --flag b --value c --value=d=e -- --flag --")
                == [
                    .argument("a"), .option(Self.flag, nil), .argument("b"), .option(Self.value, "c"),
                    .option(Self.value, "d=e"), .endOfOptions, .argument("--flag"), .argument("--"),
                ])
    }

    @Test func nothingIsChecked() {
        #expect(
            tokens("--flag=x --other --other=y -f") == [
                .option(Self.flag, "x"), .unknownOption("--other"), .unknownOption("--other=y"), .argument("-f"),
            ])
        #expect(tokens("--value") == [.option(Self.value, nil)])
        #expect(tokens("--value= --flag") == [.option(Self.value, ""), .option(Self.flag, nil)])
        // A value may have the form of an option.
        #expect(tokens("--value --") == [.option(Self.value, "--")])
    }

    @Test func anUnfinishedLineKnowsWhatComesNext() throws {
        let spec = try #require(CommandRegistry.standard[["journal"]])
        let open = UnfinishedLine(spec, ["--failed", "--limit"])
        #expect(open.openOption?.name == "limit" && open.options.map(\.name) == ["failed", "limit"])
        let show = try #require(CommandRegistry.standard[["host", "show"]])
        #expect(UnfinishedLine(show, []).nextArgument?.name == "host")
        #expect(
            UnfinishedLine(show, ["a.example"]).nextArgument?.name == (show.arguments[0].isRepeating ? "host" : nil))
        #expect(UnfinishedLine(show, ["--"]).areOptionsOver)
    }
}
