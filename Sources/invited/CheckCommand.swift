import ArgumentParser
import Configuration
import Foundation

/// `invited check`: reads all files and says what is wrong with them.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration and exit.",
        discussion: """
            Prints every mistake as FILE:LINE:COLUMN: what is wrong, and what was meant. Exits with 0 when there is \
            none and with 1 otherwise.
            """)

    @OptionGroup var option: ConfigurationOption

    func run() throws {
        var loader = ConfigurationLoader(
            file: option.file, credentialsDirectory: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"])
        let loaded = loader.load()
        for mistake in loaded.diagnostics { print(mistake) }
        guard loaded.diagnostics.isEmpty else { throw ExitCode(1) }
        print("\(option.file): good, with \(loaded.hosts.count) \(loaded.hosts.count == 1 ? "host" : "hosts")")
    }
}
