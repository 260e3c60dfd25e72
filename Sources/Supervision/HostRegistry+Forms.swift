internal import Accounts
package import Invites
internal import Languages
internal import Logging
internal import Runtime
internal import XMPP

/// A form that makes an account. It does not print its password.
package struct FormRegistration: Sendable, CustomStringConvertible {
    package var token: Token
    /// The attempt's name, unique on its host.
    package var attempt: String
    /// When the token was found good for it.
    package var checkedAt: Timestamp
    /// Prepared.
    package var username: String
    package var password: String
    /// For the server's own limits; stored nowhere.
    package var clientAddress: String?

    package init(
        token: Token, attempt: String, checkedAt: Timestamp, username: String, password: String,
        clientAddress: String? = nil
    ) {
        self.token = token
        self.attempt = attempt
        self.checkedAt = checkedAt
        self.username = username
        self.password = password
        self.clientAddress = clientAddress
    }

    package var description: String { username }

    fileprivate var reservation: Reservation {
        Reservation(token: token, attempt: attempt, username: username, way: .form, checkedAt: checkedAt)
    }
}

/// The outcome of a form.
package enum FormOutcome: Hashable, Sendable {
    /// The account is there, now or since an earlier try.
    case done
    /// The account has its password, now or since an earlier try; whether its sessions were ended.
    case passwordSet(endedSessions: Bool)
    case refused(RedemptionRefusal)
    /// The server has such an account.
    case taken
    /// The server wants another name or password, in its words.
    case rejected(String?)
    /// It failed for now, and why. The same attempt may be made again.
    case later(String)
    /// Not now, in the server's words. The same attempt may be made again.
    case busy(String)
    /// The password may have been set or not, and why that is not known. The same attempt may be made again.
    case unknown(String)
}

/// Redeems what is typed into forms: reserve, create, confirm, or release. Kill it between any two of these, and the
/// reservation's deadline has the server asked what became of the account.
extension HostRegistry {
    /// Makes an account. The same attempt may be made again, also with another name: it is one use of the invite.
    package func register(_ form: FormRegistration, on host: String) async -> FormOutcome {
        await forms.alone(form.attempt) {
            guard let host = self[host] else { return .refused(.unknown) }
            guard let accounts = accounts(of: host.name), accounts.abilities.makesAccounts else {
                return .later("nobody makes accounts")
            }
            return await FormFlow(form: form, host: host, accounts: accounts, attempts: forms).register()
        }
    }

    /// Sets the password of the account of a reset, whose use is spent before. The same attempt may be made again where
    /// this process has seen it fail. Where the password was set, the same form has the same outcome and sets nothing;
    /// an attempt that an earlier process had begun is spent.
    ///
    /// - Parameter form: Its name is that of the invite's account.
    package func reset(_ form: FormRegistration, on host: String) async -> FormOutcome {
        await forms.alone(form.attempt) {
            guard let host = self[host] else { return .refused(.unknown) }
            guard let accounts = accounts(of: host.name), accounts.abilities.makesAccounts else {
                return .later("nobody sets passwords")
            }
            return await FormFlow(form: form, host: host, accounts: accounts, attempts: forms).reset()
        }
    }
}

/// The steps for one form.
private struct FormFlow {
    let form: FormRegistration
    let host: Host
    let accounts: any Accounts
    let attempts: FormAttempts

    // MARK: Accounts

    func register() async -> FormOutcome {
        let own: Redemption?
        switch await host.service.check(form.token, for: form.attempt, checkedAt: form.checkedAt, under: host.policy) {
        case .success(let found):
            guard found.invite.kind == .account || found.invite.kind == .accountAndContact else {
                return .refused(.unknown)
            }
            own = found.own
        case .failure(let failure): return outcome(of: failure.failure)
        }
        if let own, own.isConfirmed { return own.account == form.username ? .done : .refused(.used) }
        // An earlier try, whose end was never known, may have made the account.
        let mayBeMade = own?.isReserved == true && own?.account == form.username && !attempts.wasRefused(form.attempt)
        switch await accounts.existence(of: form.username) {
        case .present where mayBeMade: return await confirm()
        case .present:
            // The attempt may still hold another name; but if it holds this one, the account would be taken for its
            // own.
            let holdsIt = own?.isReserved == true && own?.account == form.username
            return holdsIt ? await release("the server has such an account", .taken) : .taken
        case .unknown(let why) where accounts.abilities.provider == .module: return .later(why)
        case .absent, .unknown: break
        }
        if case .failure(let failure) = await redeem(.reserve(form.reservation)) {
            return failure == .refused(.usernameTaken) ? .taken : outcome(of: failure)
        }
        return await create(mayBeMade: mayBeMade)
    }

    private func create(mayBeMade: Bool) async -> FormOutcome {
        let account = NewAccount(
            username: form.username, password: form.password, clientAddress: form.clientAddress)
        let made = await accounts.create(account)
        attempts.record(form.attempt, isRefused: made.isRefusal && !mayBeMade)
        switch made {
        case .done: return await confirm()
        case .taken:
            if mayBeMade, await mayBeThere() { return await confirm() }
            // The account is not of this attempt, and must not be credited to it when its deadline has passed.
            return await release("the server has such an account", .taken)
        // What is wrong can be mended in the form, which has the use meanwhile.
        case .refused(let words): return .rejected(words)
        case .busy(let words): return await giveBack(busy(words), mayBeMade: mayBeMade)
        case .unreachable(let why):
            host.service.log("the server makes no account for a form", why)
            return await giveBack(.later(why), mayBeMade: mayBeMade)
        case .unknown(let why): return await isThere() ? await confirm() : .later(why)
        case .absent, .unsupported: return await release("nobody makes accounts", .later("nobody makes accounts"))
        }
    }

    /// The server has done nothing, and only time can mend it: the use is not held for who may come back with another form.
    ///
    /// - Parameter mayBeMade: Whether an earlier try may have made the account.
    private func giveBack(_ outcome: FormOutcome, mayBeMade: Bool) async -> FormOutcome {
        mayBeMade ? outcome : await release("the server made no account", outcome)
    }

    private func isThere() async -> Bool {
        if case .present = await accounts.existence(of: form.username) { true } else { false }
    }

    /// Not every server can answer that.
    private func mayBeThere() async -> Bool { await accounts.existence(of: form.username) != .absent }

    private func confirm() async -> FormOutcome {
        let confirmation = Confirmation(
            token: form.token, attempt: form.attempt, username: form.username, way: .form)
        if case .failure(let failure) = await redeem(.confirm(confirmation)) {
            // The account is there. When the reservation's deadline has passed, that is found out.
            host.service.log("a registration is confirmed later", "\(failure)")
        }
        return .done
    }

    private func release(_ reason: String, _ outcome: FormOutcome) async -> FormOutcome {
        _ = await redeem(.release(attempt: form.attempt, reason: reason))
        return outcome
    }

    // MARK: Passwords

    func reset() async -> FormOutcome {
        let own: Redemption?
        switch await host.service.check(form.token, for: form.attempt, checkedAt: form.checkedAt, under: host.policy) {
        case .success(let found):
            guard found.invite.kind == .reset, found.invite.username == form.username else { return .refused(.unknown) }
            own = found.own
        case .failure(let failure): return outcome(of: failure.failure)
        }
        if let done = attempts.passwordSet(by: form.attempt) {
            return done.password == form.password.hashValue
                ? .passwordSet(endedSessions: done.endedSessions) : .refused(.used)
        }
        if own?.isConfirmed == true, !attempts.isUnsettled(form.attempt) { return .refused(.used) }
        // A spent use cannot be released: so not before the server answers.
        switch await accounts.existence(of: form.username) {
        case .absent: return .refused(.unknown)
        case .unknown(let why) where accounts.abilities.provider == .module: return .later(why)
        case .present, .unknown: break
        }
        if case .failure(let failure) = await redeem(.spend(form.reservation)) { return self.outcome(of: failure) }
        let outcome = await accounts.setPassword(form.password, of: form.username)
        if case .failed = outcome { attempts.recordUnsettled(form.attempt) }
        switch outcome {
        case .done(let endedSessions):
            attempts.record(
                FormAttempts.PasswordSet(password: form.password.hashValue, endedSessions: endedSessions),
                by: form.attempt)
            let account = Account(localpart: form.username, domain: host.name)
            let notice = host.texts.text(.noticePasswordReset, [.account: account.description])
            _ = await accounts.notify(form.username, notice, language: host.texts.language)
            return .passwordSet(endedSessions: endedSessions)
        case .failed(.refused(let words)): return .rejected(words)
        case .failed(.absent): return .refused(.unknown)
        case .failed(.busy(let words)): return busy(words)
        case .failed(.unreachable(let why)): return .later(why)
        case .failed(.unknown(let why)): return .unknown(why)
        case .failed(.done), .failed(.taken), .failed(.unsupported): return .later("nobody sets passwords")
        }
    }

    // MARK: Parts

    private func redeem(_ request: RedemptionRequest) async -> Result<RedemptionOutcome, RedemptionFailure> {
        await host.service.redeem([request], under: host.policy).first ?? .failure(.failed(.unavailable))
    }

    /// - Parameter words: Why the server does nothing now, such as a recent registration from the same address.
    private func busy(_ words: String?) -> FormOutcome {
        host.service.log("the server does nothing for a form now", words ?? "no reason given")
        return words.map { .busy($0) } ?? .later("the server takes no more at present")
    }

    private func outcome(of failure: RedemptionFailure) -> FormOutcome {
        switch failure {
        case .refused(let refusal): .refused(refusal)
        case .failed(let refusal): .later("\(refusal)")
        }
    }
}

extension AccountOutcome {
    /// Whether it is certain that no account was made, for a reason that depends on the request.
    fileprivate var isRefusal: Bool {
        switch self {
        case .refused, .busy, .unreachable: true
        case .done, .taken, .absent, .unknown, .unsupported: false
        }
    }
}

extension HostService {
    /// Says something of this host in the log.
    fileprivate nonisolated func log(_ message: Logger.Message, _ reason: String) {
        dependencies.logger.warning(message, metadata: ["host": "\(host)", "reason": "\(reason)"])
    }
}
