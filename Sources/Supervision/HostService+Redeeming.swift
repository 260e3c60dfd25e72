package import Invites
internal import Logging
internal import Runtime
internal import Storage

/// Why a request about a token was not done.
package enum RedemptionFailure: Error, Hashable, Sendable {
    /// The token, the name or the host's rules do not allow it.
    case refused(RedemptionRefusal)
    /// The host's storage fails or is overloaded now. The same request may be made again.
    case failed(InviteRefusal)
}

/// Why a token is not redeemed, and its invite where there is one.
package struct TokenFailure: Error, Hashable, Sendable {
    package let failure: RedemptionFailure
    package let invite: Invite?

    fileprivate init(_ failure: RedemptionFailure, _ invite: Invite? = nil) {
        self.failure = failure
        self.invite = invite
    }
}

/// What front doors ask about tokens. They translate; what holds is decided in ``Invites/TokenFacts``, and stored by the
/// repository.
extension HostService {
    /// The invites of tokens that could be redeemed now, in the order of the tokens, of which all take one turn of the storage.
    /// It changes nothing.
    package func check(
        _ tokens: [Token], under policy: InvitePolicy
    ) async -> [Result<Invite, RedemptionFailure>] {
        await inspect(tokens, under: policy).map { result in result.mapError(\.failure) }
    }

    /// The same, with the invites of those that could not be redeemed.
    package func inspect(_ tokens: [Token], under policy: InvitePolicy) async -> [Result<Invite, TokenFailure>] {
        if policy.isSuspended { return tokens.map { _ in .failure(TokenFailure(.refused(.suspended))) } }
        let now = dependencies.now()
        do throws(InviteRefusal) {
            let found = try await use(.reading) { repository throws(StoreError) in
                try await repository.storedInvites(withTokens: tokens)
            }
            return found.map { Self.check($0, at: now) }
        } catch {
            return tokens.map { _ in .failure(TokenFailure(.failed(error))) }
        }
    }

    /// The same of one token, where it is known without waiting; `nil` says nothing.
    package nonisolated func recentCheck(
        _ token: Token, under policy: InvitePolicy
    ) -> Result<Invite, TokenFailure>? {
        if policy.isSuspended { return .failure(TokenFailure(.refused(.suspended))) }
        return recentInvite(withToken: token).map { Self.check($0, at: dependencies.now()) }
    }

    private static func check(_ stored: StoredInvite?, at now: Timestamp) -> Result<Invite, TokenFailure> {
        guard let stored else { return .failure(TokenFailure(.refused(.unknown))) }
        let refusal = TokenFacts(number: stored.number, invite: stored.invite).refusal(at: now)
        return refusal.map { .failure(TokenFailure(.refused($0), stored.invite)) } ?? .success(stored.invite)
    }

    /// What a token is to an attempt that has found it good before, and what the attempt has; it changes nothing.
    package func check(
        _ token: Token, for attempt: String, checkedAt: Timestamp, under policy: InvitePolicy
    ) async -> Result<(invite: Invite, own: Redemption?), TokenFailure> {
        if policy.isSuspended { return .failure(TokenFailure(.refused(.suspended))) }
        let now = dependencies.now()
        do throws(InviteRefusal) {
            let found = try await use(.reading) { repository throws(StoreError) in
                try await repository.storedInvite(withToken: token, for: attempt)
            }
            guard let stored = found.invite else { return .failure(TokenFailure(.refused(.unknown))) }
            let facts = TokenFacts(number: stored.number, invite: stored.invite, own: found.redemption)
            let refusal = facts.refusal(ofAttemptCheckedAt: checkedAt, at: now)
            return refusal.map { .failure(TokenFailure(.refused($0), stored.invite)) }
                ?? .success((stored.invite, found.redemption))
        } catch {
            return .failure(TokenFailure(.failed(error)))
        }
    }

    /// Whether an invite that is good, or an attempt, holds a name; `nil` where the storage fails. It changes nothing.
    func isHeld(_ username: String) async -> Bool? {
        let now = dependencies.now()
        return try? await use(.reading) { repository throws(StoreError) in
            try await repository.isHeld(username, at: now)
        }
    }

    /// Carries out the requests, in order. What is stored is on the disk when this returns, and the work that follows
    /// from it has begun.
    ///
    /// - Parameter policy: The host's rules. A suspended host redeems nothing more, but still accepts the ends of
    ///   attempts that have begun.
    /// - Returns: For each request, in order, its outcome.
    package func redeem(
        _ requests: [RedemptionRequest], under policy: InvitePolicy
    ) async -> [Result<RedemptionOutcome, RedemptionFailure>] {
        let terms = RedemptionTerms(now: dependencies.now(), notifiesInviter: policy.notifiesInviter)
        let isAllowed = requests.map { !policy.isSuspended || $0.endsAttempt }
        let allowed = zip(requests, isAllowed).filter(\.1).map(\.0)
        var outcomes = await outcomes(of: allowed, under: terms)[...]
        let results = isAllowed.map { isAllowed in
            (isAllowed ? outcomes.popFirst() : nil) ?? .failure(.refused(.suspended))
        }
        note(results)
        return results
    }

    private func outcomes(
        of requests: [RedemptionRequest], under terms: RedemptionTerms
    ) async -> [Result<RedemptionOutcome, RedemptionFailure>] {
        if requests.isEmpty { return [] }
        do throws(InviteRefusal) {
            let stored = try await use(.storing) { repository throws(StoreError) in
                try await repository.redeem(requests, under: terms)
            }
            for invite in stored.overused {
                dependencies.logger.warning(
                    "more accounts were made with an invite than it allows",
                    metadata: ["host": "\(host)", "invite": "\(invite)"])
            }
            return stored.results.map { $0.mapError { .refused($0) } }
        } catch {
            return requests.map { _ in .failure(.failed(error)) }
        }
    }

    /// Counts the outcomes of requests, and starts the work that is due because of them.
    private func note(_ results: [Result<RedemptionOutcome, RedemptionFailure>]) {
        var (confirmed, released, refused) = (0, 0, 0)
        var next: Timestamp?
        var hasTasks = false
        for result in results {
            switch result {
            case .success(.reserved(let redemption)):
                if let question = redemption.nextQuestion {
                    next = min(next ?? question, question)
                } else {
                    confirmed += 1
                }
            case .success(.confirmed(_, let isNew)):
                confirmed += isNew ? 1 : 0
                hasTasks = true
            case .success(.released(let redemption)): released += redemption == nil ? 0 : 1
            case .failure(.refused): refused += 1
            case .failure(.failed): break
            }
        }
        activity.redeemed(confirmed: confirmed, released: released, refused: refused)
        if hasTasks { startWork() } else if let next { scheduleWork(at: next) }
    }

    /// An account of the host was deleted: its invites end, and it is forgotten.
    ///
    /// - Returns: How many invites were revoked.
    package func forget(_ username: String) async throws(InviteRefusal) -> Int {
        let account = Account(localpart: username, domain: host)
        let revocation = Revocation(at: dependencies.now(), by: "invited", why: "the account was deleted")
        return try await use(.storing) { repository throws(StoreError) in
            try await repository.forget(account, revocation)
        }
    }
}

extension RedemptionRequest {
    /// Whether it says how something ended that has begun.
    fileprivate var endsAttempt: Bool {
        switch self {
        case .confirm, .release: true
        case .reserve, .spend, .subscribe: false
        }
    }
}
