package import Shell
package import Supervision

extension CommandHandlers {
    /// The handlers of a running daemon.
    ///
    /// - Parameter version: The daemon's version.
    package static func standard(
        _ supervisor: Supervisor, journal: Journal, log: LogHub, registry: CommandRegistry = .standard, version: String
    ) -> CommandHandlers {
        var handlers = CommandHandlers()
        GeneralHandlers(registry, version: version).register(in: &handlers)
        StatusHandlers(supervisor, version: version).register(in: &handlers)
        HostViewHandlers(supervisor).register(in: &handlers)
        HostChangeHandlers(supervisor).register(in: &handlers)
        InviteHandlers(supervisor).register(in: &handlers)
        ConfigHandlers(supervisor).register(in: &handlers)
        ConfigFileHandlers(supervisor).register(in: &handlers)
        ComponentHandlers(supervisor).register(in: &handlers)
        GrantHandlers(supervisor).register(in: &handlers)
        StatisticsHandlers(supervisor).register(in: &handlers)
        TraceHandlers(supervisor).register(in: &handlers)
        LogHandlers(log).register(in: &handlers)
        JournalHandlers(journal, surroundings: supervisor.surroundings).register(in: &handlers)
        return handlers
    }
}
