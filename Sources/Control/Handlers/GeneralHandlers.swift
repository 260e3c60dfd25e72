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
        let help = HelpText(visible, width: call.output.width, role: call.caller.role)
        let text = try help.text(for: call.invocation.texts("command"))
        try await call.output.text(text)
        return Outcome()
    }
}
