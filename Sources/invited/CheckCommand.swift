import ArgumentParser
import Configuration
import Foundation
internal import YAML

/// `invited check`: reads all files and says what is wrong with them.
struct CheckCommand: ParsableCommand {
    /// The user of invited.service.
    private static let standardUser = "invited"

    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration and exit.",
        discussion: """
            Prints every mistake as FILE:LINE:COLUMN: what is wrong, and what was meant. Exits with 0 when there is \
            none and with 1 otherwise. Run by root, it reads the files with the rights of the daemon's user, and says \
            how to give those that are missing.
            """)

    @OptionGroup var option: ConfigurationOption

    @Option(
        help: ArgumentHelp(
            "The user whose rights read the files, for root only; root checks as root.",
            discussion: "Unless given, `\(standardUser)` where root checks and there is such a user."))
    var user: String?

    func run() throws {
        let user = try daemonUser()
        var file = option.file
        if let user {
            // The daemon's way to it begins at the root directory, and so does that of the commands that are printed.
            if !file.hasPrefix("/") { file = "\(FileManager.default.currentDirectoryPath)/\(file)" }
            do {
                try user.assume()
            } catch {
                Self.say("\(error); --user root checks as root")
                throw ExitCode(1)
            }
        }
        var loader = ConfigurationLoader(
            file: file, credentialsDirectory: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"], user: user)
        let loaded = loader.load()
        for mistake in loaded.diagnostics { print(mistake) }
        for note in loaded.notes { Self.say("\(note.location): note: \(note.message)") }
        guard loaded.diagnostics.isEmpty else { throw ExitCode(1) }
        let hosts = "\(loaded.hosts.count) \(loaded.hosts.count == 1 ? "host" : "hosts")"
        print("\(file): good, with \(hosts)\(user.map { ", as \($0.name) reads it" } ?? "")")
    }

    /// The user whose rights are to be assumed; `nil` to check with those of the process.
    private func daemonUser() throws -> DaemonUser? {
        let isRoot = geteuid() == 0
        guard let name = user ?? (isRoot ? Self.standardUser : nil) else { return nil }
        guard let found = DaemonUser(named: name) else {
            if user != nil { throw ValidationError("there is no such user") }
            Self.say(
                """
                note: there is no user \(name), so root's rights read the files, whatever the daemon's user may read; \
                --user NAME checks as another user
                """)
            return nil
        }
        if found.isCurrent { return nil }
        guard isRoot else { throw ValidationError("only root can check as another user") }
        return found
    }

    private static func say(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
