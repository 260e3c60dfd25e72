/// Something that became of the configuration, for the journal and the service manager.
public struct ConfigurationEvent: Hashable, Sendable {
    public enum Cause: String, Hashable, Sendable {
        /// Somebody's command, which is in the journal already.
        case command
        case signal = "SIGHUP"
        case deadline
        case start
    }

    public let cause: Cause
    /// Whether it was done; otherwise all is as it was.
    public let isDone: Bool
    /// What happened, in a few words without a full stop.
    public let summary: String
    /// The hosts that changed.
    public let hosts: [String]
    /// How many hosts run now.
    public let running: Int
    /// How many hosts' files are not used because of mistakes.
    public let refused: Int
}
