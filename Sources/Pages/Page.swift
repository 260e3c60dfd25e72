package import Invites

/// One page, as values. `Web` decides which one an answer is, and `Pages` its appearance; neither decides a rule.
package enum Page: Hashable, Sendable {
    /// What a link that is good leads to.
    case landing(Landing)
    /// How one app is installed and set up with the invite.
    case app(Landing, id: String)
    /// The form that makes an account, at first or again with what was wrong.
    case registration(Landing, RegistrationForm)
    /// The account is there.
    case registered(Registered)
    /// The form that sets another password.
    case reset(Landing, ResetForm)
    /// The password is set; where the account was logged in, it is no longer, if the server does that.
    case passwordSet(Account, endedSessions: Bool = true)
    /// Why there is nothing else to show; with the invite, where it has ended.
    case problem(PageProblem, of: EndedInvite? = nil)
}

/// What is still to be said of an invite that cannot be redeemed.
package struct EndedInvite: Hashable, Sendable {
    package var kind: InviteKind
    package var expiresAt: Timestamp

    package init(kind: InviteKind, expiresAt: Timestamp) {
        self.kind = kind
        self.expiresAt = expiresAt
    }

    package init(_ invite: Invite) {
        self.init(kind: invite.kind, expiresAt: invite.expiresAt)
    }
}

extension Page {
    /// Whether it has a script, which asks the daemon about the name that is typed.
    package var asksAboutUsernames: Bool {
        if case .registration(let landing, _) = self { landing.username == nil } else { false }
    }
}

/// What an invite that is good says on a page.
package struct Landing: Hashable, Sendable {
    package var kind: InviteKind
    package var token: Token
    /// The XMPP URI of the invite, such as `xmpp:example.com?register;preauth=TOKEN`.
    package var uri: String
    /// The inviter, a bare JID; `nil` where an operator made the invite for no user.
    package var inviter: Account?
    /// The name that the account will have, where it is fixed; of a reset, that of the account.
    package var username: String?
    package var expiresAt: Timestamp
    /// Whether the page offers a form that makes the account: the kind allows it, and the host's server can be asked.
    package var registers: Bool
    /// Whether the inviter gets into the contact list by itself. Otherwise the page says how to add the contact.
    package var setsContacts: Bool
    /// Of a contact invite: whether an invitee without an account may make one with it.
    package var isForNewcomers: Bool { kind == .account || kind == .accountAndContact }

    package init(
        kind: InviteKind, token: Token, uri: String, inviter: Account? = nil, username: String? = nil,
        expiresAt: Timestamp, registers: Bool, setsContacts: Bool
    ) {
        self.kind = kind
        self.token = token
        self.uri = uri
        self.inviter = inviter
        self.username = username
        self.expiresAt = expiresAt
        self.registers = registers
        self.setsContacts = setsContacts
    }
}

/// The values of the form that makes an account.
package struct RegistrationForm: Hashable, Sendable {
    /// As it was typed; a fixed name is in ``Landing/username``.
    package var username = ""
    /// The address that the account will have, prepared, where the name is one.
    package var address: Account?
    /// The field `seal`: signed by the daemon, and posted back as it is.
    package var seal: String
    /// At least so many characters of a password.
    package var shortestPassword: Int
    package var mistake: FormMistake?

    package init(
        username: String = "", address: Account? = nil, seal: String, shortestPassword: Int, mistake: FormMistake? = nil
    ) {
        self.username = username
        self.address = address
        self.seal = seal
        self.shortestPassword = shortestPassword
        self.mistake = mistake
    }
}

/// The values of the form that sets another password.
package struct ResetForm: Hashable, Sendable {
    package var seal: String
    package var shortestPassword: Int
    package var mistake: FormMistake?

    package init(seal: String, shortestPassword: Int, mistake: FormMistake? = nil) {
        self.seal = seal
        self.shortestPassword = shortestPassword
        self.mistake = mistake
    }
}

/// Why a form is shown again. It never holds what was typed as a password.
package enum FormMistake: Hashable, Sendable {
    case usernameMissing
    case usernameInvalid
    case usernameTaken
    case passwordMissing
    /// Shorter than so many characters.
    case passwordTooShort(Int)
    /// Longer than so many bytes.
    case passwordTooLong(Int)
    case passwordIsUsername
    case passwordCommon
    /// The characters that it has are not allowed (RFC 4013).
    case passwordInvalid
    /// In the server's words.
    case refusedByServer(String?)
    /// The server cannot be reached, or accepts no more at present. The form stays valid.
    case tryAgain
    /// The password may have been set: the server did not say so in time.
    case outcomeUnknown
    /// The form was open for too long, or was not made by this page; it was renewed.
    case stale
}

/// An account that was just made.
package struct Registered: Hashable, Sendable {
    package var account: Account
    package var inviter: Account?
    /// Whether the inviter is, or will be by itself, a contact.
    package var hasContact: Bool
    /// The URI that makes the contact in an app, where ``hasContact`` is false and there is an inviter.
    package var contactURI: String?

    package init(account: Account, inviter: Account? = nil, hasContact: Bool, contactURI: String? = nil) {
        self.account = account
        self.inviter = inviter
        self.hasContact = hasContact
        self.contactURI = contactURI
    }
}

/// Why there is nothing to show.
package enum PageProblem: Hashable, Sendable {
    /// 404: no such page, or no such invite.
    case unknown
    /// 410, with what to do now.
    case expired
    case used
    case revoked
    /// 409: another attempt is registering with it right now.
    case inUse
    /// 503: the host takes part in nothing at present.
    case suspended
    /// 503: the host's server, or its storage, cannot be asked.
    case unavailable
    /// 429: after so many seconds again.
    case tooMany(retryAfter: Int)
    /// Other statuses of HTTP: 400, 403, 405, 413, 415…
    case refused(status: Int)
}
