import ArgumentParser
import Shell

/// The shell's client.
@main
struct InviteControl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invitectl", abstract: "Look at and change a running invited.")
}
