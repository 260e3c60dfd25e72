public import Shell
public import Supervision

extension CommandHandlers {
    /// The handlers of a running daemon.
    ///
    /// - Parameter version: The daemon's version.
    public static func standard(
        _ supervisor: Supervisor, registry: CommandRegistry = .standard, version: String
    ) -> CommandHandlers {
        var handlers = CommandHandlers()
        GeneralHandlers(registry, version: version).register(in: &handlers)
        return handlers
    }
}
