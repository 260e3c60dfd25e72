import Invites
import Synchronization
import TestSupport

@testable import Component
@testable import Supervision

/// Returns configured results, and records the calls.
final class FakeRedeeming: Redeeming {
    enum Call: Hashable {
        case check([Token])
        case redeem([RedemptionRequest])
        case isHeld(String)
        case heldUsernames(String)
        case forget(String)
        case accountsChanged(String)
    }

    let calls = Mutex<[Call]>([])
    let invites = Mutex<[Token: Result<Invite, RedemptionFailure>]>([:])
    let outcomes = Mutex<[Result<RedemptionOutcome, RedemptionFailure>]>([])
    let held = Mutex<[String: [String]]>([:])

    func check(_ tokens: [Token], on host: Host) async -> [Result<Invite, RedemptionFailure>] {
        calls.withLock { $0.append(.check(tokens)) }
        return invites.withLock { invites in tokens.map { invites[$0] ?? .failure(.refused(.unknown)) } }
    }

    func redeem(_ requests: [RedemptionRequest], on host: Host) async -> [Result<RedemptionOutcome, RedemptionFailure>]
    {
        calls.withLock { $0.append(.redeem(requests)) }
        return outcomes.withLock { outcomes in
            requests.map { _ in outcomes.isEmpty ? .failure(.failed(.unavailable)) : outcomes.removeFirst() }
        }
    }

    func isHeld(_ username: String, on host: Host) async -> Result<Bool, RedemptionFailure> {
        calls.withLock { $0.append(.isHeld(username)) }
        return .success(held.withLock { $0[host.name]?.contains(username) == true })
    }

    func heldUsernames(on host: Host, limit: Int) async -> [String]? {
        calls.withLock { $0.append(.heldUsernames(host.name)) }
        return held.withLock { $0[host.name] ?? [] }
    }

    let firstEnd = Mutex<Timestamp?>(nil)

    func firstEndOfHeldUsernames(on host: Host) async -> Timestamp? { firstEnd.withLock { $0 } }

    func forget(_ username: String, on host: Host) async -> Result<Void, RedemptionFailure> {
        calls.withLock { $0.append(.forget(username)) }
        return .success(())
    }

    func accountsChanged(on host: Host) { calls.withLock { $0.append(.accountsChanged(host.name)) } }
}
