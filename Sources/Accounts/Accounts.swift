package import Invites

/// What the server of one host is asked to do for its accounts. Several providers do it, each as far as its way allows.
package protocol Accounts: Sendable {
    /// What it can do.
    var abilities: AccountAbilities { get }

    /// Whether an account exists.
    func existence(of username: String) async -> AccountExistence

    /// Makes an account, under the server's own rules where the provider applies them.
    func create(_ account: NewAccount) async -> AccountOutcome

    /// Sets the password of an account that exists, and ends its sessions where the server does that.
    func setPassword(_ password: String, of username: String) async -> PasswordOutcome

    /// Makes a user of the host and another account contacts of each other.
    func addContact(_ contact: Account, to username: String) async -> AccountOutcome

    /// Whether ``addContact(_:to:)`` can do that for users of the host, as far as the server shows. A grant may be worth less
    /// than its name.
    func makesContacts(with contact: Account) async -> Bool

    /// Sends a user of the host a message from the host.
    ///
    /// - Parameter language: A tag of BCP 47.
    func notify(_ username: String, _ text: String, language: String) async -> AccountOutcome
}

extension Accounts {
    package func makesContacts(with contact: Account) async -> Bool { abilities.setsContacts }
}

/// What a provider can do on a host.
package struct AccountAbilities: Hashable, Sendable {
    package enum Provider: String, Hashable, Sendable {
        /// Our module in the server.
        case module
        /// The commands of XEP-0133, and grants of XEP-0356.
        case commands = "xep-0133"
        /// Nothing.
        case none
    }

    package var provider: Provider
    /// Whether clients redeem tokens on streams before login (XEP-0445).
    package var registersInBand: Bool
    package var makesAccounts: Bool
    /// Whether it can be asked without side effects if an account exists.
    package var knowsAccounts: Bool
    package var setsContacts: Bool
    package var sendsNotices: Bool

    package init(
        provider: Provider, registersInBand: Bool = false, makesAccounts: Bool = false, knowsAccounts: Bool = false,
        setsContacts: Bool = false, sendsNotices: Bool = false
    ) {
        self.provider = provider
        self.registersInBand = registersInBand
        self.makesAccounts = makesAccounts
        self.knowsAccounts = knowsAccounts
        self.setsContacts = setsContacts
        self.sendsNotices = sendsNotices
    }
}

/// An account to be made. It does not print its password.
package struct NewAccount: Sendable, CustomStringConvertible {
    package var username: String
    package var password: String
    /// The address of the client, which counts against the server's limits; stored nowhere.
    package var clientAddress: String?

    package init(username: String, password: String, clientAddress: String? = nil) {
        self.username = username
        self.password = password
        self.clientAddress = clientAddress
    }

    package var description: String { username }
}

/// What a server says of an account.
package enum AccountExistence: Hashable, Sendable {
    /// With the time it was made, where the server knows.
    case present(created: Timestamp?)
    case absent
    /// The server could not be asked, and why.
    case unknown(String)
}

/// What a server made of a request.
package enum AccountOutcome: Hashable, Sendable {
    case done
    /// Refused for good, with the server's words: the name or the password is not to its liking.
    case refused(String?)
    /// There is such an account.
    case taken
    /// There is no such account.
    case absent
    /// Not now: a limit of the server's.
    case busy(String?)
    /// The request did not arrive, and why.
    case unreachable(String)
    /// It may have been done or not.
    case unknown(String)
    /// The provider has no way to do it.
    case unsupported
}

/// What a server made of another password for an account.
package enum PasswordOutcome: Hashable, Sendable {
    /// It is set; whether sessions that the account had were ended, too.
    case done(endedSessions: Bool)
    /// Never ``AccountOutcome/done``.
    case failed(AccountOutcome)
}
