package import Invites
internal import Storage
package import Supervision

/// What front doors need of hosts for tokens. As with ``Supervision/HostService/invite(_:under:)``, what a call has
/// decided is on disk when it returns, and several requests cost as much as one.
package protocol Redeeming: Sendable {
    /// The invites of tokens that can be redeemed now; it only reads. In the order of the tokens.
    func check(_ tokens: [Token], on host: Host) async -> [Result<Invite, RedemptionFailure>]

    /// Does what is asked, each seeing those before it. In the order of the requests.
    func redeem(
        _ requests: [RedemptionRequest], on host: Host
    ) async -> [Result<RedemptionOutcome, RedemptionFailure>]

    /// Whether an invite that is good, or an attempt, holds a name.
    func isHeld(_ username: String, on host: Host) async -> Result<Bool, RedemptionFailure>

    /// Names that invites hold. A host without a database has none, at no cost; `nil` where the storage fails.
    func heldUsernames(on host: Host, limit: Int) async -> [String]?

    /// When the first of those names is held no longer, if nothing else changes.
    func firstEndOfHeldUsernames(on host: Host) async -> Timestamp?

    /// An account was removed.
    func forget(_ username: String, on host: Host) async -> Result<Void, RedemptionFailure>

    /// The host's server can be asked now what could not be asked before.
    func accountsChanged(on host: Host)
}

/// Has the hosts' services do it.
struct HostRedeeming: Redeeming {
    let registry: HostRegistry

    func check(_ tokens: [Token], on host: Host) async -> [Result<Invite, RedemptionFailure>] {
        await host.service.check(tokens, under: host.policy)
    }

    func redeem(
        _ requests: [RedemptionRequest], on host: Host
    ) async -> [Result<RedemptionOutcome, RedemptionFailure>] {
        await host.service.redeem(requests, under: host.policy)
    }

    func isHeld(_ username: String, on host: Host) async -> Result<Bool, RedemptionFailure> {
        let now = registry.now
        return await result { () throws(InviteRefusal) in
            try await host.service.use(.reading) { repository throws(StoreError) in
                try await repository.isHeld(username, at: now)
            }
        }
    }

    func heldUsernames(on host: Host, limit: Int) async -> [String]? {
        let now = registry.now
        return try? await host.service.use(.reading) { repository throws(StoreError) in
            try await repository.heldUsernames(limit: limit, at: now)
        }
    }

    func firstEndOfHeldUsernames(on host: Host) async -> Timestamp? {
        let now = registry.now
        return
            (try? await host.service.use(.reading) { repository throws(StoreError) in
                try await repository.firstEndOfHeldUsernames(at: now)
            }) ?? nil
    }

    func forget(_ username: String, on host: Host) async -> Result<Void, RedemptionFailure> {
        await result { () throws(InviteRefusal) in _ = try await host.service.forget(username) }
    }

    func accountsChanged(on host: Host) { registry.accountsChanged(of: host.name) }

    private func result<Value: Sendable>(
        _ body: () async throws(InviteRefusal) -> Value
    ) async -> Result<Value, RedemptionFailure> {
        do throws(InviteRefusal) {
            return .success(try await body())
        } catch {
            return .failure(.failed(error))
        }
    }
}
