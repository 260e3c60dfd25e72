package import Invites
package import Languages
internal import XMPP

extension InviteDenial {
    /// The text that people read.
    var text: TextKey {
        switch self {
        case .notAdmin, .contactInvitesOff: .refusalOnlyAdmins
        case .notUserOfHost: .refusalOnlyUsersOfHost
        case .noAccounts: .refusalNoAccounts
        case .suspended: .refusalSuspended
        }
    }
}

extension Texts {
    /// Why there are too many invites, and when the next one can be made.
    package func text(for conflict: InviteConflict) -> String {
        let (reason, time): (String, Timestamp?)
        switch conflict {
        case .usernameTaken: return self[.refusalUsernameTaken]
        case .tokenTaken: return self[.refusalUnavailable]
        case .tooManyStored: return self[.refusalTooManyStored]
        case .tooManyOpen(let number, let next): (reason, time) = (text(.refusalTooManyOpen, count: number), next)
        case .tooManyDaily(let number, let next): (reason, time) = (text(.refusalTooManyDaily, count: number), next)
        }
        guard let time else { return text(.refusalImpossible, [.reason: reason]) }
        let date = DateTime.format(millisecondsSinceEpoch: time.millisecondsSinceEpoch)
        return text(.refusalPossibleAgain, [.reason: reason, .time: date])
    }
}
