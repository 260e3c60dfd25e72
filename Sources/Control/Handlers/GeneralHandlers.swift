internal import Access
package import Shell

/// `help` and `version`.
package struct GeneralHandlers: Sendable {
    private let registry: CommandRegistry
    private let version: String
    private let hash: String

    package init(_ registry: CommandRegistry = .standard, version: String) {
        self.registry = registry
        self.version = version
        hash = registry.hash
    }

    package func register(in handlers: inout CommandHandlers) {
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
