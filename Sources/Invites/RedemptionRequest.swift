/// A request to a host about a token. Names and addresses are prepared.
package enum RedemptionRequest: Hashable, Sendable {
    /// One use, and for an account its name, for an attempt.
    case reserve(Reservation)
    /// The server has the account of the attempt.
    case confirm(Confirmation)
    /// The attempt ended without an account.
    case release(attempt: String, reason: String)
    /// The use of a reset, before the password is set: whether that succeeds is not asked later.
    case spend(Reservation)
    /// To become a contact of the inviter (XEP-0379).
    case subscribe(ContactRequest)
}

/// An attempt that wants to make an account, or to reset the password of one.
package struct Reservation: Hashable, Sendable {
    package var token: Token
    package var attempt: String
    /// The localpart of the account.
    package var username: String
    package var way: Redemption.Way
    /// When the token was found good for this attempt; `nil` where it was not checked before.
    package var checkedAt: Timestamp?

    package init(token: Token, attempt: String, username: String, way: Redemption.Way, checkedAt: Timestamp?) {
        self.token = token
        self.attempt = attempt
        self.username = username
        self.way = way
        self.checkedAt = checkedAt
    }

    /// How long it holds: a stream's for the time of a registration, a form's for that of a person who fills in a page.
    package var milliseconds: Int64 { way == .stream ? 60_000 : 120_000 }

    /// For how long a check allows a token to be redeemed that has expired since.
    package static let checkMilliseconds: Int64 = 3_600_000
}

/// The news that an account was made.
package struct Confirmation: Hashable, Sendable {
    package var token: Token
    package var attempt: String
    package var username: String
    package var way: Redemption.Way

    package init(token: Token, attempt: String, username: String, way: Redemption.Way) {
        self.token = token
        self.attempt = attempt
        self.username = username
        self.way = way
    }
}

/// A subscription request with a token.
package struct ContactRequest: Hashable, Sendable {
    package var token: Token
    /// The recipient: the localpart of a user of the host.
    package var user: String
    /// The requester: a bare JID.
    package var contact: Account

    package init(token: Token, user: String, contact: Account) {
        self.token = token
        self.user = user
        self.contact = contact
    }

    /// The name of the attempt: the same person asks once, however often.
    package func attempt(on invite: Int64) -> String { "contact:\(invite):\(contact)" }

    /// For how long a user who registered with a token may also ask for the contact with it, after its end.
    package static let gracePeriodMilliseconds: Int64 = 7 * 86_400_000
}

/// Why a token is not redeemed.
package enum RedemptionRefusal: Error, Hashable, Sendable {
    /// There is no such token, or not for this.
    case unknown
    case expired
    case revoked
    /// All uses are spent.
    case used
    /// Other attempts hold the uses that are left.
    case reservedByOthers
    /// The account exists, or another invite or attempt holds its name.
    case usernameTaken
    /// The invite is for another name.
    case otherUsername
    /// The host makes and redeems no invites at present.
    case suspended
}

/// The outcome of a request.
package enum RedemptionOutcome: Hashable, Sendable {
    /// The use is held, or spent for a reset.
    case reserved(Redemption)
    /// Confirmed, now or before. `isNew` is false when it was so before.
    case confirmed(Redemption, isNew: Bool)
    /// Released, or there was nothing to release.
    case released(Redemption?)
}
