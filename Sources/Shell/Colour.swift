/// A colour of the terminal's own eight (ECMA-48), for states and how bad something is; nothing else has one.
enum Colour: String, Sendable {
    case good = "\u{1B}[32m"
    case doubtful = "\u{1B}[33m"
    case bad = "\u{1B}[31m"
    case faint = "\u{1B}[2m"
    /// White on black, for what is drawn: in bright white where the terminal has it.
    case drawing = "\u{1B}[37;97;40m"

    static let end = "\u{1B}[0m"

    /// The colour of a word that a field's kind knows; `nil` where it means neither good nor bad.
    init?(state: String) {
        switch state {
        case "running", "connected", "open", "add": self = .good
        case "suspended", "connecting", "waiting", "unconfirmed", "warning", "restart", "update": self = .doubtful
        case "quarantined", "refused", "stopped", "error", "critical", "remove": self = .bad
        case "expired", "untouched", "kept", "trace", "debug": self = .faint
        default: return nil
        }
    }
}
