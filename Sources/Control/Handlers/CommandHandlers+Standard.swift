internal import Component
package import Daemon
internal import Reconfiguration
package import Shell
internal import Supervision

extension CommandHandlers {
    /// The handlers of a running daemon.
    ///
    /// - Parameter version: The daemon's version.
    package static func standard(
        _ daemon: Daemon, journal: Journal, log: LogHub, registry: CommandRegistry = .standard, version: String
    ) -> CommandHandlers {
        var handlers = CommandHandlers()
        GeneralHandlers(registry, version: version).register(in: &handlers)
        StatusHandlers(daemon, version: version).register(in: &handlers)
        HostViewHandlers(daemon).register(in: &handlers)
        HostChangeHandlers(daemon).register(in: &handlers)
        BackupHandlers(daemon.registry, dependencies: daemon.dependencies).register(in: &handlers)
        InviteHandlers(daemon.registry, redeemsInBand: daemon.component.servers.redeemsInBand).register(in: &handlers)
        RedemptionHandlers(daemon.registry).register(in: &handlers)
        ConfigHandlers(daemon.configuration).register(in: &handlers)
        ConfigFileHandlers(daemon.configuration).register(in: &handlers)
        ComponentHandlers(daemon).register(in: &handlers)
        GrantHandlers(daemon).register(in: &handlers)
        StatisticsHandlers(daemon).register(in: &handlers)
        TraceHandlers(daemon).register(in: &handlers)
        LogHandlers(log).register(in: &handlers)
        JournalHandlers(journal, dependencies: daemon.dependencies).register(in: &handlers)
        return handlers
    }
}
