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
        /// What contacts and notices come to.
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
        state.withLock { $0.usernames.insert(account.username).inserted } ? .done : .taken
    }

    func setPassword(_ password: String, of username: String) async -> AccountOutcome { .unsupported }

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
