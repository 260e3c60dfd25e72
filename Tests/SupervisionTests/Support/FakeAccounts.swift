import Accounts
import Invites
import Synchronization
import TestSupport

/// A server's accounts as a test has them.
final class FakeAccounts: Accounts {
    struct State: Sendable {
        var usernames: Set<String> = []
        /// What is answered instead of what is true.
        var existence: AccountExistence?
        /// The outcome of making an account, instead of the real one; with `unknown` the account is made.
        var creation: AccountOutcome?
        /// By username, those that were set.
        var passwords: [String: String] = [:]
        var passwordOutcome = PasswordOutcome.done(endedSessions: true)
        var passwordRequests = 0
        /// Where who asked for an account was.
        var clientAddresses: [String?] = []
        /// The outcome of contacts and notices.
        var outcome = AccountOutcome.done
        var abilities = AccountAbilities(provider: .module, knowsAccounts: true, setsContacts: true, sendsNotices: true)
        var atOnce = 0
        var mostAtOnce = 0
    }

    let state = Mutex(State())
    /// What was asked, in order.
    let asked = Inbox<String>()

    init(usernames: Set<String> = []) {
        state.withLock { $0.usernames = usernames }
    }

    var abilities: AccountAbilities { state.withLock { $0.abilities } }

    func existence(of username: String) async -> AccountExistence {
        await note("exists \(username)")
        return state.withLock { state in
            state.existence ?? (state.usernames.contains(username) ? .present(created: nil) : .absent)
        }
    }

    func create(_ account: NewAccount) async -> AccountOutcome {
        state.withLock { state in
            state.clientAddresses.append(account.clientAddress)
            if let creation = state.creation {
                if case .unknown = creation { state.usernames.insert(account.username) }
                return creation
            }
            guard state.usernames.insert(account.username).inserted else { return .taken }
            state.passwords[account.username] = account.password
            return .done
        }
    }

    func setPassword(_ password: String, of username: String) async -> PasswordOutcome {
        state.withLock { state in
            state.passwordRequests += 1
            if case .done = state.passwordOutcome { state.passwords[username] = password }
            return state.passwordOutcome
        }
    }

    func addContact(_ contact: Account, to username: String) async -> AccountOutcome {
        await note("contacts \(username) \(contact)")
        return state.withLock { $0.outcome }
    }

    func notify(_ username: String, _ text: String, language: String) async -> AccountOutcome {
        await note("notify \(username) \(language) \(text)")
        return state.withLock { $0.outcome }
    }

    private func note(_ what: String) async {
        state.withLock { state in
            state.atOnce += 1
            state.mostAtOnce = max(state.mostAtOnce, state.atOnce)
        }
        asked.put(what)
        for _ in 0..<10 { await Task.yield() }
        state.withLock { $0.atOnce -= 1 }
    }
}
