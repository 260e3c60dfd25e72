internal import Configuration
package import Invites
internal import Supervision
package import YAML

/// Why the configuration that runs was not changed.
package enum ConfigurationRefusal: Error, Hashable, Sendable {
    case unknownHost(String)
    /// A key does not take this value, or there is no such key; the text says what was meant.
    case badValue(String)
    /// Files have mistakes.
    case invalid([Diagnostic])
    /// What was changed at run time conflicts with what is to run.
    case conflicting([String])
    /// Files or what runs are not what the plan was made from.
    case stale
    /// A change waits to be confirmed; it undoes itself then.
    case pending(until: Timestamp)
    /// There is nothing to confirm, to undo or to drop.
    case nothing(String)
    /// The disk did not do what was needed.
    case io(String)
}
