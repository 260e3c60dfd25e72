import ArgumentParser
import Configuration
import Control
import Daemon
import Foundation
import Logging
import NIOCore
import Pages
import Runtime
import ServiceLifecycle
import Storage
import Supervision
import UnixSignals
internal import YAML

/// `invited run`: the daemon itself, in the foreground.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the daemon in the foreground.",
        discussion: """
            Logs go to standard error. SIGHUP reloads the configuration, SIGTERM and SIGINT answer what was accepted \
            and end.
            """)

    @OptionGroup var option: ConfigurationOption

    @Option(help: "How log lines are written: text or json.")
    var logFormat = LogFormat.text

    @Option(
        help: "The least important messages to log: trace, debug, info, notice, warning, error or critical.",
        transform: RunCommand.level)
    var logLevel = Logger.Level.info

    func run() async throws {
        // Writing to a closed standard error or socket is an error like any other.
        signal(SIGPIPE, SIG_IGN)
        // From here on: its default action would end a daemon that receives a reload signal while it starts.
        let reloads = await UnixSignalsSequence(trapping: .sighup)
        let environment = ProcessInfo.processInfo.environment
        let hub = LogHub(
            level: logLevel, now: Dependencies.systemTime, sleep: { try await Task.sleep(for: $0) })
        let (logger, sink) = makeLogger(environment, hub)
        defer { sink.flush() }

        var loader = ConfigurationLoader(
            file: option.file, credentialsDirectory: environment["CREDENTIALS_DIRECTORY"])
        let loaded = loader.load()
        guard let settings = loaded.daemon else {
            for mistake in loaded.diagnostics { logger.critical("\(mistake)") }
            throw ExitCode(EX_CONFIG)
        }
        let manager = ServiceManager(environment: environment)
        let reporter = StatusReporter(manager, server: settings.component.server)
        let dependencies = Dependencies(logger: logger)
        let files = FileLimit.raise()
        let sockets = HandedOverSockets.take()
        if files.isLow {
            logger.warning(
                "few files may be open", metadata: ["limit": "\(files.files)", "cure": "\(FileLimit.remedy)"])
        }
        let daemon: Daemon
        do {
            daemon = try Daemon(
                loader, loaded: loaded, settings: settings, maximumOpenDatabases: files.databases,
                dependencies: dependencies,
                statusChanged: reporter.report, quarantinesChanged: reporter.quarantined)
        } catch {
            logger.critical("cannot use the state directory", metadata: ["reason": "\(error)"])
            throw ExitCode(1)
        }
        await reporter.follow(daemon)
        logger.notice(
            "starting",
            metadata: [
                "version": "\(Version.current)", "hosts": "\(loaded.hosts.count)", "refused": "\(loaded.refused.count)",
            ])

        await daemon.prepare()
        let renderer = PageRenderer()
        // The first visitor does not wait for it. Where there are no pages, no start does.
        if settings.http.web != nil { _ = renderer.design }
        // Reachable before the service manager is notified that the daemon is ready.
        let control = ControlService(
            daemon, sockets: sockets, connections: files.connections, log: hub, logger: logger)
        let web = WebService(
            daemon, renderer: renderer, sockets: sockets, connections: files.webConnections, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: ReloadService(
                            reloads: reloads, daemon: daemon, manager: manager, reporter: reporter)),
                    .init(
                        service: WatchdogService(
                            eventLoop: dependencies.eventLoop, daemon: daemon, manager: manager)),
                    // Services are shut down in reverse: first the control socket, then the rest.
                    .init(
                        service: DaemonService(daemon: daemon, manager: manager),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: web),
                    .init(service: control),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet(logger)))
        try await group.run()
        logger.notice("ended")
    }

    private static func level(_ name: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: name) else { throw ValidationError("there is no such level") }
        return level
    }

    private func makeLogger(_ environment: [String: String], _ hub: LogHub) -> (Logger, LogSink) {
        let format = logFormat
        let isJournal = StandardErrorLogHandler.isStandardErrorTheJournal(environment["JOURNAL_STREAM"])
        let sink = LogSink(descriptor: STDERR_FILENO) { count in
            format.line(
                .warning, "dropped log lines", ["count": "\(count)"], label: "invited", isJournal: isJournal)
        }
        let logger = Logger(label: "invited") {
            StandardErrorLogHandler(label: $0, format: format, sink: sink, isJournal: isJournal, hub: hub)
        }
        return (logger, sink)
    }

    /// A logger for the service group, whose messages about starts and ends are of no interest.
    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = .warning
        return logger
    }
}
