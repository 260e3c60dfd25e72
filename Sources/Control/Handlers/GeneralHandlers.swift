public import Shell

/// `help` and `version`.
public struct GeneralHandlers: Sendable {
    private let registry: CommandRegistry
    private let version: String
    private let hash: String

    public init(_ registry: CommandRegistry = .standard, version: String) {
        self.registry = registry
        self.version = version
        hash = registry.hash
    }

    public func register(in handlers: inout CommandHandlers) {
        handlers["help"] = help
        handlers["version"] = showVersion
    }

    private func showVersion(_ call: Call) async throws -> Outcome {
        try await call.output.row([
            "version": .text(version), "protocol": .integer(ServerMessage.Hello.version), "registry": .text(hash),
        ])
        return Outcome()
    }

    private func help(_ call: Call) async throws -> Outcome {
        let visible = registry.visible(to: call.caller)
        let path = call.invocation.texts("command")
        let help = HelpText(visible, width: call.output.width, role: call.caller.role)
        let commands = visible.commands(below: path)
        let text: String
        if path.isEmpty {
            text = help.overview()
        } else if commands.count == 1, let only = commands.first {
            text = help.detail(only)
        } else if !commands.isEmpty {
            // `log` begins several, and `help` alone might be one and begin others.
            text = help.list(commands, under: visible[path])
        } else {
            // A command with arguments is asked for as it was typed.
            guard let (spec, _) = visible.match(path) else {
                throw CommandFailure(
                    .unknownCommand, "there is no command that begins so for you", hint: "`help` shows those there are")
            }
            text = help.detail(spec)
        }
        try await call.output.text(text)
        return Outcome()
    }
}
