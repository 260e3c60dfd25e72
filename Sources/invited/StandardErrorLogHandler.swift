import Glibc
import Logging

/// Sends log messages to standard error.
struct StandardErrorLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: LogFormat
    private let sink: LogSink
    private let isJournal: Bool

    init(label: String, format: LogFormat, sink: LogSink, isJournal: Bool) {
        self.label = label
        self.format = format
        self.sink = sink
        self.isJournal = isJournal
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let own = event.metadata { all.merge(own) { $1 } }
        sink.write(format.line(event.level, "\(event.message)", all, label: label, isJournal: isJournal))
    }

    /// Whether standard error goes to the journal: systemd tells the device and inode of the socket it made
    /// (systemd.exec(5), `$JOURNAL_STREAM`).
    static func isStandardErrorTheJournal(_ stream: String?) -> Bool {
        guard let parts = stream?.split(separator: ":"), parts.count == 2 else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return UInt(parts[0]) == UInt(status.st_dev) && UInt(parts[1]) == UInt(status.st_ino)
    }
}
