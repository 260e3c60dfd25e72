internal import Accounts
package import Invites

/// Whether a name can be had.
package enum UsernameState: Hashable, Sendable {
    /// No account has it at present, and it is not held.
    case free
    /// The server has such an account, or another invite or attempt holds the name.
    case taken
    /// It is not known now.
    case unknown
}

extension HostRegistry {
    /// What can be said of a name to a form that may make an account. It asks the server, reserves nothing and changes nothing.
    ///
    /// - Parameters:
    ///   - username: Prepared.
    ///   - attempt: The attempt's name, unique on its host.
    ///   - checkedAt: When the token was found good for it.
    package func state(
        of username: String, for attempt: String, with token: Token, checkedAt: Timestamp, on host: String
    ) async -> UsernameState {
        guard let host = self[host],
            case .success(let found) = await host.service.check(
                token, for: attempt, checkedAt: checkedAt, under: host.policy)
        else { return .unknown }
        // An earlier try of the same form may have made the account, and so what is there may be its own. Once it has one, no name
        // can be had with it any more.
        if let own = found.own, own.isConfirmed || own.isReserved && own.account == username { return .unknown }
        switch await host.service.isHeld(username) {
        case true?: return .taken
        case nil: return .unknown
        case false?: break
        }
        guard let accounts = accounts(of: host.name), accounts.abilities.knowsAccounts else { return .unknown }
        return switch await accounts.existence(of: username) {
        case .present: .taken
        case .absent: .free
        case .unknown: .unknown
        }
    }
}
