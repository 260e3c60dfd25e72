import GRDB
import Invites
import TestSupport
import Testing

@testable import Storage

extension Invite {
    /// An invite that can be redeemed; the defaults are those of most tests.
    static func redeemable(
        _ number: Int, inviter: String = "alice", kind: InviteKind = .accountAndContact, username: String? = nil,
        uses: Int = 1, created: Int64 = 1_000, expiry: Int64 = 1_000_000
    ) -> Invite {
        Invite(
            token: Invite.sample(number).token, kind: kind,
            inviter: kind == .reset ? nil : Account(localpart: inviter, domain: RedeemingTests.host),
            username: username, language: "de", uses: InviteUses(total: uses),
            createdAt: Timestamp(millisecondsSinceEpoch: created), expiresAt: Timestamp(millisecondsSinceEpoch: expiry))
    }
}

extension Reservation {
    static func sample(_ invite: Int, _ attempt: String, _ username: String = "juliet") -> Reservation {
        Reservation(
            token: Invite.sample(invite).token, attempt: attempt, username: username, way: .stream, checkedAt: nil)
    }
}

extension Invites.Confirmation {
    static func sample(_ invite: Int, _ attempt: String, _ username: String = "juliet") -> Invites.Confirmation {
        Invites.Confirmation(token: Invite.sample(invite).token, attempt: attempt, username: username, way: .stream)
    }
}

extension RedemptionOutcome {
    var redemption: Redemption? {
        switch self {
        case .reserved(let redemption), .confirmed(let redemption, _): redemption
        case .released(let redemption): redemption
        }
    }

    var isNew: Bool { if case .confirmed(_, isNew: true) = self { true } else { false } }
}

extension InviteStore {
    func one(_ request: RedemptionRequest) async throws -> Result<RedemptionOutcome, RedemptionRefusal> {
        try await redeem([request], under: RedeemingTests.terms).results[0]
    }

    /// What must always hold: the counters of an invite match its redemptions, no more uses are reserved than it has,
    /// and a name has one holder.
    ///
    /// - Parameter overused: Invites that were reported as overused.
    func expectConsistency(
        overused: Set<Int64>? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let redemptions = try await redemptions(RedemptionFilter(), after: 0, limit: 5_000).redemptions
        for stored in try await page(limit: 500).invites {
            let own = redemptions.filter { $0.invite == stored.number }
            let uses = stored.invite.uses
            #expect(uses.reserved == own.count(where: \.isReserved), sourceLocation: sourceLocation)
            #expect(uses.confirmed == own.count(where: \.isConfirmed), sourceLocation: sourceLocation)
            guard let overused else { continue }
            #expect(
                uses.confirmed <= uses.total || overused.contains(stored.number), "\(stored)",
                sourceLocation: sourceLocation)
            let isWithin = uses.confirmed + uses.reserved <= uses.total
            // A confirmation without a reservation may arrive while another attempt holds the last use.
            #expect(
                isWithin || own.contains { $0.isConfirmed && $0.kind == .register }, "\(stored)",
                sourceLocation: sourceLocation)
        }
        let held = redemptions.filter { $0.isReserved && $0.kind == .register }.compactMap(\.account)
        #expect(held.count == Set(held).count, sourceLocation: sourceLocation)
        #expect(redemptions.count == Set(redemptions.map(\.attempt)).count, sourceLocation: sourceLocation)
    }
}
