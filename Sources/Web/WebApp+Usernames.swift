internal import Invites
internal import Pages
internal import Runtime

/// The answer about a name to the registration form, while the name is typed. It needs the form of a token that makes
/// an account, and reveals no more than the form itself does when it is sent. It changes nothing.
extension WebApp {
    func username(_ call: Call, _ host: WebHost, _ token: Token) async -> HTTPResponse {
        if let refusal = refusalOfPost(call, host) { return refusal }
        guard let fields = FormBody(call.request.body) else {
            return call.problem(.refused(status: HTTPStatus.badRequest.rawValue))
        }
        let sealed = key.attempt(in: fields[FormField.seal], host: host.name, token: token)
        guard let attempt = sealed, attempt.isFresh(at: dependencies.now()) else {
            return call.problem(.refused(status: HTTPStatus.forbidden.rawValue))
        }
        let check = await hosts.check(token, for: attempt, on: host.name)
        guard case .good(let good) = check else { return refusal(check, call) }
        guard FormKind.registration.fits(good) else { return formless(good, call) }
        // With a fixed name there is nothing to choose, and so nothing to check.
        guard good.invite.username == nil else { return call.problem(.unknown) }
        let answer = await answer(to: fields[FormField.username], of: attempt, call, host, token)
        return call.pages.answer(answer, for: call.visitor)
    }

    private func answer(
        to typed: String, of attempt: WebAttempt, _ call: Call, _ host: WebHost, _ token: Token
    ) async -> UsernameAnswer {
        guard let account = Self.account(typed, on: host) else { return .invalid }
        // Beyond the limit there is no refusal: the form gives the answer when it is sent.
        let uptime = dependencies.uptime()
        let isTooOften =
            limits.usernames.take(call.client, at: uptime) != nil
            || limits.tokenUsernames.take(token, at: uptime) != nil
        if isTooOften { return .possible(account) }
        return switch await hosts.state(of: account.localpart, for: attempt, with: token, on: host.name) {
        case .free: .free(account)
        case .taken: .taken
        case .unknown: .possible(account)
        }
    }
}
