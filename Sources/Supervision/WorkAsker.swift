internal import Accounts
internal import Invites
internal import Languages

/// Asks servers for what follows from redemptions of one host.
struct WorkAsker: Sendable {
    let host: String
    let peers: HostPeers
    let now: @Sendable () -> Timestamp

    /// Whether the account of a redemption exists.
    func answer(to redemption: Redemption) async -> AccountAnswer {
        guard let username = redemption.account, let accounts = peers.accounts(host) else { return .unknown }
        return switch await accounts.existence(of: username) {
        case .present: .present
        case .absent: .absent
        case .unknown: .unknown
        }
    }

    /// Does a task.
    func outcome(of task: RedemptionTask) async -> TaskOutcome {
        let outcome: AccountOutcome
        let user: Account
        switch task.action {
        case .contacts(let owner, let contact):
            user = owner
            // Of a host that is not ours, the contact has asked for it by an ordinary request, as part of its own task.
            guard let accounts = peers.accounts(user.domain) else { return .done }
            outcome = await accounts.addContact(contact, to: user.localpart)
        case .notify(let inviter, let account):
            user = inviter
            guard let accounts = peers.accounts(user.domain) else { return .done }
            let texts = LanguageCatalog.builtIn.texts(for: task.language) ?? peers.texts(user.domain)
            let notice = texts.text(.noticeAccepted, [.account: account.description])
            outcome = await accounts.notify(user.localpart, notice, language: texts.language)
        }
        return result(of: outcome, user: user, tries: task.tries)
    }

    private func result(of outcome: AccountOutcome, user: Account, tries: Int) -> TaskOutcome {
        switch outcome {
        case .done, .taken: return .done
        case .refused(let text): return .impossible(text.map { "the server refuses: \($0)" } ?? "the server refuses")
        case .absent: return .impossible("there is no \(user)")
        // As long as no provider is available, it is unknown what the server can do.
        case .unsupported where peers.accounts(user.domain)?.abilities.provider != AccountAbilities.Provider.none:
            return .impossible("the server of \(user.domain) has no way to do it")
        case .unsupported, .busy, .unreachable, .unknown:
            return .later(now().advanced(by: RedemptionTask.wait(afterTries: tries)))
        }
    }
}

extension RedemptionTask {
    /// The wait after it failed: 5 seconds, doubled with each, an hour at most.
    static func wait(afterTries tries: Int) -> Duration {
        let longest = 3_600
        return .seconds(tries > 9 ? longest : min(5 << max(tries, 0), longest))
    }
}
