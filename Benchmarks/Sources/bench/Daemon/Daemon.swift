import Foundation

/// A running `invited`, with a configuration that it was given for the purpose.
struct Daemon: Sendable {
    let process: ChildProcess
    let directory: DaemonDirectory

    /// Starts it and returns at once.
    init(binary: String, directory: DaemonDirectory, environment: [String: String] = [:]) throws {
        self.directory = directory
        process = try ChildProcess(
            binary, ["run", "--config", directory.configuration.path, "--log-format", "json"],
            environment: environment, log: directory.root.appending(path: "invited.log"))
    }
}
