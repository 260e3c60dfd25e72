/// A request of an operator, who works at the provider and is no user of any host.
///
/// The rules that limit users' requests do not apply to it.
package struct OperatorRequest: Hashable, Sendable {
    /// What the invite is to grant.
    package enum Grant: Hashable, Sendable {
        /// An account on the host. `username` fixes its localpart, already prepared. With `contact`, a user of the host,
        /// the new user and that one become contacts.
        case account(username: String?, contact: Account?)
        /// Becoming a contact of this user of the host.
        case contact(of: Account)
        /// Choosing a new password for this user of the host.
        case reset(of: Account)

        /// The fixed localpart of the account that is offered.
        package var newUsername: String? {
            if case .account(let username, _) = self { username } else { nil }
        }

        /// The user that it needs.
        package var existingUser: Account? {
            switch self {
            case .account(_, let contact): contact
            case .contact(let user), .reset(let user): user
            }
        }
    }

    package var grant: Grant
    /// How long the invite is to be good for; `nil` for what the host's rules say.
    package var lifetime: Lifetime?
    /// What the operator wants to remember about it, without control characters.
    package var note: String?
    /// In which language users are notified of it, a tag of BCP 47; `nil` for the host's.
    package var language: String?
    /// How often the invite can be redeemed. Only an account whose name is not fixed is made more often than once.
    package var uses: Int

    package init(_ grant: Grant, lifetime: Lifetime? = nil, note: String? = nil, language: String? = nil, uses: Int = 1)
    {
        self.grant = grant
        self.lifetime = lifetime
        self.note = note
        self.language = language
        self.uses = uses
    }
}
