internal import Configuration
internal import Invites
internal import Supervision
internal import XMPP

/// Requests of a host's module that are processed together: those that concern redemptions are one call of the host,
/// and so are all checks.
struct ModuleBatch: Sendable {
    let requests: [ModuleRequest]
    let host: Host
    let redeeming: any Redeeming
    /// The time at which tokens are found good.
    let now: Timestamp

    /// For each request, in order, the answer or the error. Changes are made in the order of the requests.
    func results() async -> [Result<ServerModuleAnswer, StanzaError>] {
        var results = [Result<ServerModuleAnswer, StanzaError>](
            repeating: .failure(StanzaError(.itemNotFound)), count: requests.count)
        var checks: [(index: Int, token: Token)] = []
        var redemptions: [(index: Int, request: RedemptionRequest)] = []
        for (index, request) in requests.enumerated() {
            if case .check(let text, _) = request.request {
                if let token = Token(text) { checks.append((index, token)) }
            } else if let redemption = RedemptionRequest(request.request) {
                redemptions.append((index, redemption))
            } else {
                await redeem(&redemptions, into: &results)
                results[index] = await result(of: request.request)
            }
        }
        await redeem(&redemptions, into: &results)
        if checks.isEmpty { return results }
        let found = await redeeming.check(checks.map(\.token), on: host)
        for (check, invite) in zip(checks, found) {
            results[check.index] = invite.mapError { StanzaError($0, of: requests[check.index].request) }.flatMap {
                invite in
                Result { () throws(StanzaError) in try ServerModuleAnswer(invite, checkedAt: now) }
            }
        }
        return results
    }

    private func redeem(
        _ redemptions: inout [(index: Int, request: RedemptionRequest)],
        into results: inout [Result<ServerModuleAnswer, StanzaError>]
    ) async {
        if redemptions.isEmpty { return }
        let batch = redemptions
        redemptions = []
        let outcomes = await redeeming.redeem(batch.map(\.request), on: host)
        for (redemption, outcome) in zip(batch, outcomes) {
            results[redemption.index] = outcome.map(ServerModuleAnswer.init).mapError {
                StanzaError($0, of: requests[redemption.index].request)
            }
        }
    }

    /// For requests without a token, or with one that is none of ours.
    private func result(of request: ServerModuleRequest) async -> Result<ServerModuleAnswer, StanzaError> {
        switch request {
        case .name(let username):
            if host.configuration.registration == .invite { return .failure(StanzaError(.notAllowed)) }
            return await redeeming.isHeld(username, on: host).mapError { StanzaError($0, of: request) }.flatMap {
                $0 ? .failure(StanzaError(.conflict)) : .success(.done)
            }
        case .deleted(let username):
            return await redeeming.forget(username, on: host).map { .done }.mapError { StanzaError($0, of: request) }
        case .hello, .check, .reserve, .confirm, .release, .spend, .subscribe:
            return .failure(StanzaError(.itemNotFound))
        }
    }
}
