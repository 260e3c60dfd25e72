/// Work that follows from a redemption and is requested of servers until it is done, also after restarts.
package struct RedemptionTask: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// Makes `user` and `contact` contacts of each other, on the server of `user`.
        case contacts(user: Account, contact: Account)
        /// Notifies the inviter that `account`, a bare JID, has accepted the invite.
        case notify(inviter: Account, account: Account)
    }

    /// Counts up on each host from 1.
    package let number: Int64
    /// The number of the redemption.
    package let redemption: Int64
    package let action: Action
    /// In which language people are notified; a tag of BCP 47.
    package let language: String?
    /// How often it was requested without success.
    package var tries: Int
    /// When to ask next.
    package var next: Timestamp

    package init(
        number: Int64, redemption: Int64, action: Action, language: String? = nil, tries: Int = 0, next: Timestamp
    ) {
        self.number = number
        self.redemption = redemption
        self.action = action
        self.language = language
        self.tries = tries
        self.next = next
    }
}

/// The outcome of a task.
package enum TaskOutcome: Hashable, Sendable {
    case done
    /// It will never be done, for this reason.
    case impossible(String)
    /// It is requested again then.
    case later(Timestamp)
}

extension Redemption {
    /// What follows from a redemption once it is confirmed.
    ///
    /// - Parameters:
    ///   - host: The host that the account is made on.
    ///   - notifiesInviter: Whether the host notifies inviters (`notify_inviter`).
    package func tasks(of invite: Invite, on host: String, notifiesInviter: Bool) -> [RedemptionTask.Action] {
        guard let inviter = invite.inviter, let account else { return [] }
        let invitee: Account
        var actions: [RedemptionTask.Action] = []
        switch kind {
        case .reset: return []
        case .register:
            invitee = Account(localpart: account, domain: host)
            if invite.kind == .accountAndContact {
                // An inviter of another domain is one of the provider's staff: its server may be ours as well.
                if inviter.domain != host { actions.append(.contacts(user: invitee, contact: inviter)) }
                actions.append(.contacts(user: inviter, contact: invitee))
            }
        case .contact:
            guard let contact = Account(address: account) else { return [] }
            invitee = contact
            actions.append(.contacts(user: inviter, contact: invitee))
        }
        if notifiesInviter, inviter != invitee { actions.append(.notify(inviter: inviter, account: invitee)) }
        return actions
    }
}
