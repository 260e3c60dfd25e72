import ArgumentParser

/// The daemon's command line.
@main
struct Invited: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invited",
        abstract: "The invitation daemon for XMPP hosting.",
        version: Version.current,
        subcommands: [RunCommand.self, CheckCommand.self])
}

/// What this build calls itself.
enum Version {
    static let current = "0.1.0"
}

/// The option that every subcommand has.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "The daemon's configuration file.")
    var file = "/etc/invited/invited.yaml"
}
