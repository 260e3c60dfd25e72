internal import Supervision

/// Something that became of the configuration, for the journal and the service manager.
package struct ConfigurationEvent: Hashable, Sendable {
    package enum Cause: String, Hashable, Sendable {
        /// A command, which is in the journal already.
        case command
        case signal = "SIGHUP"
        case deadline
        case start
    }

    package let cause: Cause
    /// Whether the files were to be applied; otherwise it was another configuration.
    package let isOfFiles: Bool
    /// Whether it was done; otherwise all is as it was.
    package let isDone: Bool
    /// What happened, in a few words without a full stop.
    package let summary: String
    /// The hosts that changed.
    package let hosts: [String]
    /// How many hosts run now.
    package let running: Int
    /// How many hosts' files are not used because of mistakes.
    package let refused: Int
}
