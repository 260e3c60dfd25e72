package import Invites
package import XMPP

/// Asks our module in the host's server (`docs/server-module.md` §8).
package struct ModuleAccounts: Accounts {
    private let module: KnownModule
    private let request: ServerRequest
    private let timeout: Duration
    /// Whether it makes accounts; otherwise it is asked for the rest alone.
    private let makesAccounts: Bool

    package init(
        _ module: KnownModule, timeout: Duration = .seconds(10), makesAccounts: Bool = true,
        request: @escaping ServerRequest
    ) {
        self.makesAccounts = makesAccounts
        self.module = module
        self.timeout = timeout
        self.request = request
    }

    package var abilities: AccountAbilities {
        AccountAbilities(
            provider: makesAccounts ? .module : .none, registersInBand: module.has(.register),
            makesAccounts: makesAccounts && module.has(.accounts),
            knowsAccounts: module.has(.accounts), setsContacts: module.has(.contacts),
            sendsNotices: module.has(.notices))
    }

    package func existence(of username: String) async -> AccountExistence {
        guard module.has(.accounts) else { return .unknown("the module does not tell") }
        switch await ask(.exists(username)) {
        case .success(let payload):
            switch ServerModuleAccount(payload) {
            case .present(let created): return .present(created: created.map(Timestamp.init(millisecondsSinceEpoch:)))
            case .absent: return .absent
            case nil: return .unknown("the module's answer says nothing of an account")
            }
        case .failure(let error): return .unknown("\(error.words)")
        }
    }

    package func create(_ account: NewAccount) async -> AccountOutcome {
        guard makesAccounts else { return .unsupported }
        if let refusal = PasswordRule.refusal(of: account.password) { return .refused(refusal) }
        return await outcome(
            of: .create(username: account.username, password: account.password, address: account.clientAddress),
            .accounts)
    }

    package func setPassword(_ password: String, of username: String) async -> PasswordOutcome {
        guard makesAccounts else { return .failed(.unsupported) }
        if let refusal = PasswordRule.refusal(of: password) { return .failed(.refused(refusal)) }
        // The module ends sessions (`docs/server-module.md` §8).
        return switch await outcome(of: .password(username: username, password: password), .accounts) {
        case .done: .done(endedSessions: true)
        case let other: .failed(other)
        }
    }

    package func addContact(_ contact: Account, to username: String) async -> AccountOutcome {
        guard let jid = try? JID(localpart: contact.localpart, domain: contact.domain, resource: String?.none) else {
            return .refused("\(contact) is no address")
        }
        return await outcome(of: .contacts(user: username, contact: jid), .contacts)
    }

    package func notify(_ username: String, _ text: String, language: String) async -> AccountOutcome {
        await outcome(of: .notify(username: username, text: text, language: language), .notices)
    }

    private func ask(_ command: ServerModuleCommand) async -> Result<Element?, RequestError> {
        await request(IQ(from: nil, to: module.address, id: "", body: command.body), timeout)
    }

    private func outcome(of command: ServerModuleCommand, _ feature: ServerModule.Feature) async -> AccountOutcome {
        guard module.has(feature) else { return .unsupported }
        switch await ask(command) {
        case .success: return .done
        case .failure(.refused(let error)): return AccountOutcome(refusal: error)
        case .failure(let error): return .unknown(error.words)
        }
    }
}

extension AccountOutcome {
    /// What an error of a module means.
    init(refusal error: StanzaError) {
        switch error.condition {
        case .conflict: self = .taken
        case .itemNotFound: self = .absent
        case .notAcceptable, .notAllowed, .policyViolation, .badRequest, .jidMalformed: self = .refused(error.text)
        case .resourceConstraint: self = .busy(error.text)
        case .featureNotImplemented: self = .unsupported
        case _ where error.meansNoModule: self = .unreachable("\(error)")
        default: self = .unknown("\(error)")
        }
    }
}

extension StanzaError {
    /// Whether there is no module at the address, or it serves another component (`docs/server-module.md` §3).
    var meansNoModule: Bool {
        switch condition {
        case .serviceUnavailable, .recipientUnavailable, .remoteServerNotFound, .forbidden, .notAuthorized: true
        default: false
        }
    }
}

extension RequestError {
    package var words: String {
        switch self {
        case .refused(let error): "\(error)"
        case .timeout: "the server does not answer"
        case .disconnected: "the connection was lost"
        }
    }
}

/// What no server takes as a password, or some only seem to.
enum PasswordRule {
    /// Why it is no password; `nil` where it can be one.
    static func refusal(of password: String) -> String? {
        if password.isEmpty { return "the password is empty" }
        if password.utf8.count > ServerModule.longestPassword {
            return "the password is longer than \(ServerModule.longestPassword) bytes"
        }
        return ServerModule.takesPassword(password) ? nil : "the password has a character that is not allowed there"
    }

    /// Whether it has a character that Unicode 3.2 does not have, on which stringprep rests: some servers refuse them.
    static func isNewerThanStringprep(_ password: String) -> Bool {
        password.unicodeScalars.contains { scalar in
            guard let age = scalar.properties.age else { return true }
            return age > (major: 3, minor: 2)
        }
    }
}
