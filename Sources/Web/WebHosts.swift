package import Invites
package import Pages
package import Runtime

/// All that pages know of the hosts: it takes and returns values. The implementation decides every rule; it may one day
/// be another process.
package protocol WebHosts: Sendable {
    /// The host that a name in a path denotes, which may be written with A-labels or in Unicode; `nil` where none is
    /// served.
    func host(named name: String) -> WebHost?

    /// Whether the host is configured and cannot be served: its invites are there, and good again when its file is mended.
    func isRefused(_ name: String) -> Bool

    /// The hosts with bases of their own.
    var bases: HostBases { get }

    /// What a token is good for at present. It changes nothing.
    func check(_ token: Token, on host: String) async -> TokenCheck

    /// The same, where it is known without waiting; `nil` says nothing.
    func recentCheck(_ token: Token, on host: String) -> TokenCheck?

    /// What a token is good for to an attempt, which may hold a use of it.
    func check(_ token: Token, for attempt: WebAttempt, on host: String) async -> TokenCheck

    /// What can be said of a name to an attempt. It changes nothing, and holds no name.
    ///
    /// - Parameter username: The localpart, prepared.
    func state(
        of username: String, for attempt: WebAttempt, with token: Token, on host: String
    ) async -> UsernameState

    /// Makes an account: reserve, create, confirm. The same attempt may be made again, with another name, too.
    func register(_ registration: WebRegistration, on host: String) async -> WebOutcome

    /// Whether a new account of the host and its inviter get into each other's rosters by themselves.
    func makesContacts(with inviter: Account, on host: String) async -> Bool

    /// Spends a reset, and sets the password.
    func reset(_ reset: WebReset, on host: String) async -> WebOutcome
}

extension WebHosts {
    package func isRefused(_ name: String) -> Bool { false }

    package func recentCheck(_ token: Token, on host: String) -> TokenCheck? { nil }
}

/// A host as its pages are.
package struct WebHost: Hashable, Sendable {
    /// The host's name, prepared.
    package var name: String
    /// The same with A-labels, as in paths.
    package var asciiName: String
    /// Where its pages are; `nil` for below the daemon's own base.
    package var base: BaseURL?
    /// What does not depend on the base. ``Pages/Site/path``, `root` and `url` are set where that is known.
    package var site: Site
    /// Its picture, which is served below the host's own path.
    package var logo: SiteImage?

    package init(name: String, asciiName: String, base: BaseURL?, site: Site, logo: SiteImage? = nil) {
        self.logo = logo
        self.name = name
        self.asciiName = asciiName
        self.base = base
        self.site = site
    }
}

/// Which hosts have bases of their own. An authority belongs to one host: no other is served below its base.
package struct HostBases: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let host: String
        package let base: BaseURL
    }

    private var entries: [String: Entry] = [:]
    private var authorities: [String: String] = [:]

    package init() {}

    /// Of two hosts with the same authority, the first has it.
    package mutating func add(_ base: BaseURL, of host: String) {
        guard entries[base.authority] == nil else { return }
        entries[base.authority] = Entry(host: host, base: base)
        authorities[host] = base.authority
    }

    package mutating func remove(_ host: String) {
        if let authority = authorities.removeValue(forKey: host) { entries[authority] = nil }
    }

    /// The host that has an authority.
    package subscript(authority: String) -> Entry? { entries[authority] }
}

/// What a token is good for.
package enum TokenCheck: Hashable, Sendable {
    case good(GoodToken)
    /// Why it is not redeemed, and the invite where it has ended or is in use.
    case refused(RedemptionRefusal, of: EndedInvite? = nil)
    /// The host's storage fails now.
    case unavailable
}

/// A token that can be redeemed.
package struct GoodToken: Hashable, Sendable {
    package var invite: Invite
    /// The XMPP URI.
    package var uri: String
    /// Whether accounts can be made by pages.
    package var makesAccounts: Bool
    /// Whether inviters get into rosters by themselves.
    package var setsContacts: Bool
    /// In characters, the shortest password that the host's server takes, where it says.
    package var passwordLength: Int?

    package init(
        invite: Invite, uri: String, makesAccounts: Bool, setsContacts: Bool, passwordLength: Int? = nil
    ) {
        self.invite = invite
        self.uri = uri
        self.makesAccounts = makesAccounts
        self.setsContacts = setsContacts
        self.passwordLength = passwordLength
    }
}

/// Whether a name can be had.
package enum UsernameState: Hashable, Sendable {
    /// No account has it at present, and it is not held.
    case free
    /// The server has such an account, or the name is held.
    case taken
    /// It is not known now.
    case unknown
}

/// One form that was opened, and may be posted several times.
package struct WebAttempt: Hashable, Sendable {
    /// Unique, and signed by this daemon.
    package var name: String
    /// When the token was found good.
    package var checkedAt: Timestamp

    package init(name: String, checkedAt: Timestamp) {
        self.name = name
        self.checkedAt = checkedAt
    }
}

/// An account to be made. It does not print its password.
package struct WebRegistration: Sendable, CustomStringConvertible {
    package var token: Token
    package var attempt: WebAttempt
    /// The localpart, prepared.
    package var username: String
    package var password: String
    /// For the server's own limits; stored nowhere.
    package var client: IPAddress?

    package init(token: Token, attempt: WebAttempt, username: String, password: String, client: IPAddress?) {
        self.token = token
        self.attempt = attempt
        self.username = username
        self.password = password
        self.client = client
    }

    package var description: String { username }
}

/// A password to be set. It does not print it.
package struct WebReset: Sendable, CustomStringConvertible {
    package var token: Token
    package var attempt: WebAttempt
    /// The localpart of the invite's account.
    package var username: String
    package var password: String

    package init(token: Token, attempt: WebAttempt, username: String, password: String) {
        self.token = token
        self.attempt = attempt
        self.username = username
        self.password = password
    }

    package var description: String { username }
}

/// The outcome of a form.
package enum WebOutcome: Hashable, Sendable {
    /// The account is there.
    case done(Account)
    /// The account has its password; whether its sessions were ended.
    case passwordSet(Account, endedSessions: Bool)
    /// The token does not allow it.
    case refused(RedemptionRefusal)
    /// The server has such an account, or the name is held.
    case taken
    /// The server wants another name or password, in its words.
    case rejected(String?)
    /// The server or the storage cannot do it now. The same attempt can be made again.
    case later
    /// The same, in the server's words.
    case busy(String)
    /// The password may have been set or not. The same attempt can be made again.
    case unknown
}
