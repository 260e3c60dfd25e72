package import Invites

/// For a host whose server nobody can ask anything.
package struct NoAccounts: Accounts {
    package init() {}

    package var abilities: AccountAbilities { AccountAbilities(provider: .none) }

    package func existence(of username: String) async -> AccountExistence {
        .unknown("there is no way to ask the server")
    }

    package func create(_ account: NewAccount) async -> AccountOutcome { .unsupported }
    package func setPassword(_ password: String, of username: String) async -> AccountOutcome { .unsupported }
    package func addContact(_ contact: Account, to username: String) async -> AccountOutcome { .unsupported }
    package func notify(_ username: String, _ text: String, language: String) async -> AccountOutcome { .unsupported }
}
