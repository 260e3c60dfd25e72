internal import Invites
internal import Pages
internal import Runtime
internal import XMPP

/// The forms that make an account and that set another password. What GET shows changes nothing: scanners of mail open
/// every link.
extension WebApp {
    enum FormKind: Hashable, Sendable {
        case registration
        case reset

        /// Whether an invite is for it.
        func fits(_ good: GoodToken) -> Bool {
            switch self {
            case .registration: Landing(good).registers
            case .reset: good.invite.kind == .reset && good.makesAccounts
            }
        }
    }

    /// A form that a visitor has open.
    private struct Form: Sendable {
        let kind: FormKind
        let host: WebHost
        let good: GoodToken
        let attempt: WebAttempt
        /// As it is shown in the form.
        var username = ""

        var policy: PasswordPolicy { PasswordPolicy(serverLength: good.passwordLength) }
    }

    func form(_ call: Call, _ host: WebHost, _ token: Token, kind: FormKind) async -> HTTPResponse {
        if call.request.method == .post { return await post(call, host, token, kind: kind) }
        switch await hosts.check(token, on: host.name) {
        case .good(let good):
            guard kind.fits(good) else { return formless(good, call) }
            return show(Form(kind: kind, host: host, good: good, attempt: newAttempt()), call)
        case let other: return refusal(other, call)
        }
    }

    /// There is no such form for this invite, or not now.
    func formless(_ good: GoodToken, _ call: Call) -> HTTPResponse {
        let kind = good.invite.kind
        return call.problem(kind == .contact || good.makesAccounts ? .unknown : .unavailable)
    }

    private func newAttempt() -> WebAttempt {
        var entropy = dependencies.entropy
        return WebAttempt.random(at: dependencies.now(), using: &entropy)
    }

    // MARK: Showing

    /// - Parameter isBusy: Whether the same may succeed later.
    private func show(
        _ form: Form, _ call: Call, mistake: FormMistake? = nil, isBusy: Bool = false
    ) -> HTTPResponse {
        let landing = Landing(form.good)
        let seal = key.seal(form.attempt, host: form.host.name, token: form.good.invite.token)
        let page: Page
        switch form.kind {
        case .registration:
            let name = form.good.invite.username ?? form.username
            page = .registration(
                landing,
                RegistrationForm(
                    username: form.username, address: Self.account(name, on: form.host), seal: seal,
                    shortestPassword: form.policy.shortest, mistake: mistake))
        case .reset:
            page = .reset(
                landing, ResetForm(seal: seal, shortestPassword: form.policy.shortest, mistake: mistake))
        }
        let status: HTTPStatus =
            switch mistake {
            case nil: .ok
            case .tryAgain?, .outcomeUnknown?: .serviceUnavailable
            default: isBusy ? .serviceUnavailable : .unprocessableContent
            }
        let isSafe = call.request.method != .post
        return call.pages.answer(
            page, status, of: call.site, for: call.visitor, uri: isSafe ? form.good.uri : nil,
            retryAfter: status == .serviceUnavailable ? (isBusy ? 60 : 10) : nil)
    }

    /// The account of a name as it was typed, perhaps with the host behind it.
    static func account(_ typed: String, on host: WebHost) -> Account? {
        var name = typed.trimmingSpaces
        if let at = name.lastIndex(of: "@") {
            let domain = name[name.index(after: at)...]
            if domain.lowercased() == host.name || domain.lowercased() == host.asciiName { name = String(name[..<at]) }
        }
        guard let jid = try? JID(localpart: name, domain: host.name, resource: String?.none),
            let localpart = jid.localpart
        else { return nil }
        return Account(localpart: localpart, domain: host.name)
    }

    // MARK: Posting

    /// Why a POST is not processed; `nil` where it is: it is from no page of ours, or no form.
    func refusalOfPost(_ call: Call, _ host: WebHost) -> HTTPResponse? {
        guard RequestOrigin.isOwn(call.request, base: host.base ?? settings.base, hosts: hosts.bases) else {
            return call.problem(.refused(status: HTTPStatus.forbidden.rawValue))
        }
        let type = call.request["content-type"]?.split(separator: ";").first?.trimmingSpaces.lowercased()
        guard type == "application/x-www-form-urlencoded" else {
            return call.problem(.refused(status: HTTPStatus.unsupportedMediaType.rawValue))
        }
        return nil
    }

    private func post(_ call: Call, _ host: WebHost, _ token: Token, kind: FormKind) async -> HTTPResponse {
        if let refusal = refusalOfPost(call, host) { return refusal }
        if let wait = limits.posts.take(call.client, at: dependencies.uptime()) {
            return call.problem(.tooMany(retryAfter: wait))
        }
        guard let fields = FormBody(call.request.body) else {
            return call.problem(.refused(status: HTTPStatus.badRequest.rawValue))
        }
        let sealed = key.attempt(in: fields[FormField.seal], host: host.name, token: token)
        let fresh = sealed.flatMap { $0.isFresh(at: dependencies.now()) ? $0 : nil }
        let check =
            if let fresh { await hosts.check(token, for: fresh, on: host.name) } else {
                await hosts.check(token, on: host.name)
            }
        guard case .good(let good) = check else { return refusal(check, call) }
        if let wait = limits.takePost(with: good.invite, at: dependencies.uptime()) {
            return call.problem(.tooMany(retryAfter: wait))
        }
        guard kind.fits(good) else { return formless(good, call) }
        guard let attempt = fresh else {
            let form = Form(
                kind: kind, host: host, good: good, attempt: newAttempt(), username: fields[FormField.username])
            return show(form, call, mistake: .stale)
        }
        let form = Form(kind: kind, host: host, good: good, attempt: attempt, username: fields[FormField.username])
        let password = fields[FormField.password]
        return switch kind {
        case .registration: await register(form, call, password: password)
        case .reset: await reset(form, call, password: password)
        }
    }

    private func register(_ typed: Form, _ call: Call, password: String) async -> HTTPResponse {
        var form = typed
        let fixed = form.good.invite.username
        if fixed == nil, form.username.trimmingSpaces.isEmpty { return show(form, call, mistake: .usernameMissing) }
        guard let account = Self.account(fixed ?? form.username, on: form.host) else {
            return show(form, call, mistake: .usernameInvalid)
        }
        let isAsTyped = fixed != nil || form.username.trimmingSpaces == account.localpart
        form.username = account.localpart
        if let mistake = form.policy.mistake(in: password, of: account.localpart, on: form.host.name) {
            return show(form, call, mistake: mistake)
        }
        // The address is shown before it is made.
        guard isAsTyped else { return show(form, call) }
        let invite = form.good.invite
        let outcome = await hosts.register(
            WebRegistration(
                token: invite.token, attempt: form.attempt, username: account.localpart, password: password,
                client: call.fullClient(settings.proxies)),
            on: form.host.name)
        switch outcome {
        case .done(let account):
            let hasContact = await setsContact(form)
            let registered = Registered(
                account: account, inviter: invite.inviter, hasContact: hasContact,
                contactURI: hasContact ? nil : Self.contactURI(of: invite))
            return call.pages.answer(.registered(registered), .ok, of: call.site, for: call.visitor)
        case .taken, .refused(.usernameTaken): return show(form, call, mistake: .usernameTaken)
        case .rejected(let words): return show(form, call, mistake: .refusedByServer(words))
        case .busy(let words): return show(form, call, mistake: .refusedByServer(words), isBusy: true)
        case .later, .unknown, .passwordSet: return show(form, call, mistake: .tryAgain)
        case .refused(let refusal): return self.refusal(.refused(refusal, of: EndedInvite(form.good.invite)), call)
        }
    }

    /// Whether a new user need not add the inviter. A page that says so wrongly leaves two people waiting.
    private func setsContact(_ form: Form) async -> Bool {
        guard Landing(form.good).setsContacts, let inviter = form.good.invite.inviter else { return false }
        return await hosts.makesContacts(with: inviter, on: form.host.name)
    }

    private func reset(_ form: Form, _ call: Call, password: String) async -> HTTPResponse {
        guard let username = form.good.invite.username else { return call.problem(.unknown) }
        if let mistake = form.policy.mistake(in: password, of: username, on: form.host.name) {
            return show(form, call, mistake: mistake)
        }
        let reset = WebReset(
            token: form.good.invite.token, attempt: form.attempt, username: username, password: password)
        switch await hosts.reset(reset, on: form.host.name) {
        case .passwordSet(let account, let endedSessions):
            return call.pages.answer(
                .passwordSet(account, endedSessions: endedSessions), .ok, of: call.site, for: call.visitor)
        case .rejected(let words): return show(form, call, mistake: .refusedByServer(words))
        case .busy(let words): return show(form, call, mistake: .refusedByServer(words), isBusy: true)
        case .later, .taken, .done: return show(form, call, mistake: .tryAgain)
        case .unknown: return show(form, call, mistake: .outcomeUnknown)
        case .refused(let refusal): return self.refusal(.refused(refusal, of: EndedInvite(form.good.invite)), call)
        }
    }

    /// The link that makes the inviter a contact, for a user who has an account now (XEP-0147, XEP-0379 §3).
    private static func contactURI(of invite: Invite) -> String? {
        guard invite.inviter != nil, invite.kind == .accountAndContact else { return nil }
        let contact = Invite(
            token: invite.token, kind: .contact, inviter: invite.inviter, createdAt: invite.createdAt,
            expiresAt: invite.expiresAt)
        return contact.uri(host: "", redeemableInBand: false)
    }
}

extension WebApp.Call {
    /// The client's whole address, for the server's own limits.
    fileprivate func fullClient(_ proxies: TrustedProxies) -> IPAddress? { proxies.client(of: request, from: peer) }
}
