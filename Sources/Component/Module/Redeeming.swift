package import Invites
package import Supervision

/// What the doors ask of hosts about tokens. As with ``Supervision/HostService/invite(_:under:)``, what a call has decided is on
/// the disk when it returns, and several requests cost as much as one.
package protocol Redeeming: Sendable {
    /// The invites of tokens that can be redeemed now; it only reads. In the order of the tokens.
    func check(_ tokens: [Token], on host: Host) async -> [Result<Invite, RedeemingFailure>]

    /// Does what is asked, each seeing those before it. In the order of the requests.
    func redeem(
        _ requests: [RedemptionRequest], on host: Host
    ) async -> [Result<RedemptionOutcome, RedeemingFailure>]

    /// Whether an invite that is good, or an attempt, holds a name.
    func isHeld(_ username: String, on host: Host) async -> Result<Bool, RedeemingFailure>

    /// Names that invites hold. A host without a database has none, which costs nothing; `nil` where it cannot tell.
    func heldUsernames(on host: Host, limit: Int) async -> [String]?

    /// An account is no more.
    func forget(_ username: String, on host: Host) async -> Result<Void, RedeemingFailure>

    /// The host's server can be asked now what could not be before.
    func accountsChanged(on host: Host)
}

/// Why a token is not redeemed, or not now.
package enum RedeemingFailure: Error, Hashable, Sendable {
    case refused(RedemptionRefusal)
    /// The host has too much to do, or its storage does not work.
    case unavailable
}

/// Redeems nothing.
package struct NoRedeeming: Redeeming {
    package init() {}

    package func check(_ tokens: [Token], on host: Host) async -> [Result<Invite, RedeemingFailure>] {
        tokens.map { _ in .failure(.unavailable) }
    }

    package func redeem(_ requests: [RedemptionRequest], on host: Host) async -> [Result<
        RedemptionOutcome, RedeemingFailure
    >] {
        requests.map { _ in .failure(.unavailable) }
    }

    package func isHeld(_ username: String, on host: Host) async -> Result<Bool, RedeemingFailure> {
        .failure(.unavailable)
    }
    package func heldUsernames(on host: Host, limit: Int) async -> [String]? { nil }
    package func forget(_ username: String, on host: Host) async -> Result<Void, RedeemingFailure> {
        .failure(.unavailable)
    }
    package func accountsChanged(on host: Host) {}
}
