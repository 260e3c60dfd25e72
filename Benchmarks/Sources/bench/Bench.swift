import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures invited against what could serve in its place.",
        subcommands: [Measure.self, Ceiling.self],
        defaultSubcommand: Measure.self)
}
