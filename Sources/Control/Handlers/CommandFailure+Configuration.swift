internal import Configuration
internal import Invites
internal import Reconfiguration
internal import Shell
internal import Supervision
internal import Text
internal import XMPP

extension CommandFailure {
    /// The failure of a caller whose change was refused.
    init(_ refusal: ConfigurationRefusal) {
        switch refusal {
        case .unknownHost(let host):
            self.init(.unknownHost, "there is no host \(host.quoted)", hint: "`host list` shows them")
        case .badValue(let mistake):
            self.init(.invalidSetting, mistake)
        case .invalid(let mistakes):
            self.init(
                .invalidConfiguration, "\(Plural.text(mistakes.count, "mistake")), and nothing was changed",
                hint: "`config check` shows them again")
        case .conflicting(let mistakes):
            self.init(
                .invalidConfiguration, mistakes.joined(separator: "; "),
                hint: "`host reset` drops what was set at run time")
        case .stale:
            self.init(
                .staleConfiguration, "files or running state are not what the plan was made from",
                hint: "`config plan` shows what an apply would do now")
        case .pending(let deadline):
            self.init(
                .pendingConfiguration, "a change waits to be confirmed until \(deadline.text)",
                hint: "`config confirm` keeps it, `config undo` goes back")
        case .nothing(let reason):
            self.init(.nothingToDo, reason, hint: "`config history` shows what there is")
        case .io(let reason):
            self.init(.unwritableConfiguration, reason, hint: "nothing was changed")
        }
    }
}

/// Numbers with their nouns.
enum Plural {
    static func text(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
