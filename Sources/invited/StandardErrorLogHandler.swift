import Control
import Glibc
import Logging

/// Sends log messages to standard error, and to subscribers of the log.
struct StandardErrorLogHandler: LogHandler {
    /// The lowest level that this copy logs, whatever the log's level; `nil` for no such bound.
    private var floor: Logger.Level?
    var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: LogFormat
    private let sink: LogSink
    private let isJournal: Bool
    private let hub: LogHub

    init(label: String, format: LogFormat, sink: LogSink, isJournal: Bool, hub: LogHub) {
        self.label = label
        self.hub = hub
        self.format = format
        self.sink = sink
        self.isJournal = isJournal
    }

    /// Read before each message is formatted.
    var logLevel: Logger.Level {
        get { max(hub.wantedLevel, floor ?? .trace) }
        set { floor = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let own = event.metadata { all.merge(own) { $1 } }
        if event.level >= hub.loggedLevel {
            sink.write(format.line(event.level, "\(event.message)", all, label: label, isJournal: isJournal))
        }
        hub.publish(event.level, "\(event.message)", all)
    }

    /// Whether standard error goes to the journal: systemd passes the device and inode of the socket it made
    /// (systemd.exec(5), `$JOURNAL_STREAM`).
    static func isStandardErrorTheJournal(_ stream: String?) -> Bool {
        guard let parts = stream?.split(separator: ":"), parts.count == 2 else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return UInt(parts[0]) == UInt(status.st_dev) && UInt(parts[1]) == UInt(status.st_ino)
    }
}
