package import Invites

/// No accounts are available, and why.
package struct UnavailableAccounts: Accounts {
    /// The outcome of all requests.
    private let outcome: AccountOutcome
    private let why: String

    /// - Parameter isForGood: Whether the configuration wants it so; otherwise it may work later.
    package init(_ why: String, isForGood: Bool) {
        self.why = why
        outcome = isForGood ? .unsupported : .unreachable(why)
    }

    /// Until a provider is set.
    package static let nobody = UnavailableAccounts("nobody can be asked", isForGood: false)

    package var abilities: AccountAbilities { AccountAbilities(provider: .none) }
    package func existence(of username: String) async -> AccountExistence { .unknown(why) }
    package func create(_ account: NewAccount) async -> AccountOutcome { outcome }
    package func setPassword(_ password: String, of username: String) async -> PasswordOutcome { .failed(outcome) }
    package func addContact(_ contact: Account, to username: String) async -> AccountOutcome { outcome }
    package func notify(_ username: String, _ text: String, language: String) async -> AccountOutcome { outcome }
}
