internal import Invites
internal import Supervision
internal import XMPP

/// What the module in a host's server asks, read.
struct ModuleRequest: Sendable {
    let iq: IQ
    let request: ServerModuleRequest

    /// The answer for what the host made of it.
    func answer(_ result: Result<ServerModuleAnswer, StanzaError>) -> IQ {
        switch result {
        case .success(let answer): iq.result(answer.payload)
        case .failure(let error): iq.error(error)
        }
    }
}

extension RedemptionRequest {
    /// The request to the host's redemptions; `nil` where it does not concern them, or its token is none of ours.
    init?(_ request: ServerModuleRequest) {
        switch request {
        case .reserve(let reservation):
            guard let reservation = Reservation(reservation) else { return nil }
            self = .reserve(reservation)
        case .spend(let reservation):
            guard let reservation = Reservation(reservation) else { return nil }
            self = .spend(reservation)
        case .confirm(let token, let attempt, let username):
            guard let token = Token(token) else { return nil }
            self = .confirm(Confirmation(token: token, attempt: attempt, username: username, way: .stream))
        case .release(let attempt, let reason): self = .release(attempt: attempt, reason: reason)
        case .subscribe(let token, let user, let contact):
            guard let token = Token(token), let localpart = contact.localpart else { return nil }
            self = .subscribe(
                ContactRequest(
                    token: token, user: user, contact: Account(localpart: localpart, domain: contact.domain)))
        case .hello, .check, .name, .deleted: return nil
        }
    }
}

extension Reservation {
    fileprivate init?(_ reservation: ServerModuleRequest.Reservation) {
        guard let token = Token(reservation.token) else { return nil }
        self.init(
            token: token, attempt: reservation.attempt, username: reservation.username, way: .stream,
            checkedAt: reservation.checked.map(Timestamp.init(millisecondsSinceEpoch:)))
    }
}

extension ServerModuleAnswer {
    /// To a check of a token that is good.
    init(_ invite: Invite, checkedAt now: Timestamp) throws(StanzaError) {
        // It makes no account.
        if invite.kind == .contact { throw StanzaError(.itemNotFound) }
        self = .good(
            kind: invite.kind.rawValue, username: invite.username, checked: now.millisecondsSinceEpoch)
    }

    init(_ outcome: RedemptionOutcome) {
        if case .reserved(let redemption) = outcome, redemption.kind == .register,
            case .reserved(let deadline, _, _) = redemption.state
        {
            self = .reserved(deadline: deadline.millisecondsSinceEpoch)
        } else {
            self = .done
        }
    }
}

extension StanzaError {
    /// The error that the module receives (`docs/server-module.md` §5).
    init(_ failure: RedemptionFailure, of request: ServerModuleRequest) {
        let isCheck = if case .check = request { true } else { false }
        switch failure {
        case .failed: self.init(.resourceConstraint)
        case .refused(.suspended):
            // The account exists already: it is said again.
            if case .confirm = request { self.init(.resourceConstraint) } else { self.init(.serviceUnavailable) }
        case .refused(.used) where !isCheck: self.init(.notAllowed, text: "This invitation has been used already.")
        case .refused(.unknown), .refused(.expired), .refused(.revoked), .refused(.used): self.init(.itemNotFound)
        case .refused(.reservedByOthers): self.init(.resourceConstraint)
        case .refused(.usernameTaken): self.init(.conflict)
        case .refused(.otherUsername): self.init(.notAcceptable)
        }
    }
}
