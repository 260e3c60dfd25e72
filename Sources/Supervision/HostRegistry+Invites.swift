internal import Configuration
package import Invites
internal import Runtime
package import Storage

/// Why nothing was done with a host's invites.
package enum InviteTrouble: Error, Hashable, Sendable {
    /// No such host is configured.
    case unknownHost
    /// The host's file has mistakes, so it does not run.
    case refusedHost
    case refusal(InviteRefusal)
    /// Its number, and that there is no such invite.
    case unknownInvite(Int64)
}

/// What operators do with the invites of hosts. Every call looks the host up anew and takes one short turn of its
/// service, so that a long listing holds up nobody, and ends with the host.
extension HostRegistry {
    /// Has a host make an invite. It is on disk when this returns.
    ///
    /// - Parameter request: With addresses and names that are prepared.
    package func invite(_ request: OperatorRequest, on host: String) async throws(InviteTrouble) -> StoredInvite {
        guard let found = self[host] else { throw missing(host) }
        return try await ask(host) { service throws(InviteRefusal) in
            try await service.invite(request, under: found.policy)
        }
    }

    /// A page of a host's invites that the filter means, in the order of their numbers; see `InviteStore.page`.
    package func invites(
        of host: String, _ filter: InviteFilter, after start: Int64 = 0, through end: Int64 = .max, limit: Int = 500
    ) async throws(InviteTrouble) -> InvitePage {
        try await ask(host) { service throws(InviteRefusal) in
            try await service.page(filter, after: start, through: end, limit: limit)
        }
    }

    /// Invites by their numbers, in the order of `numbers`.
    ///
    /// - Throws: ``InviteTrouble/unknownInvite(_:)`` for the first that there is not.
    package func invites(of host: String, numbered numbers: [Int64]) async throws(InviteTrouble) -> [StoredInvite] {
        let found = try await ask(host) { service throws(InviteRefusal) in
            try await service.invites(numbered: numbers)
        }
        let known = Set(found.map(\.number))
        if let missing = numbers.first(where: { !known.contains($0) }) { throw .unknownInvite(missing) }
        return found
    }

    /// Counts a stretch of a host's invites that the filter means.
    package func countInvites(
        of host: String, _ filter: InviteFilter, after start: Int64 = 0, through end: Int64 = .max
    ) async throws(InviteTrouble) -> InviteTally {
        try await ask(host) { service throws(InviteRefusal) in
            try await service.count(filter, after: start, through: end)
        }
    }

    /// The highest number among a host's invites, 0 if it has none.
    package func lastInviteNumber(of host: String) async throws(InviteTrouble) -> Int64 {
        try await ask(host) { service throws(InviteRefusal) in try await service.lastNumber() }
    }

    /// Removes up to 500 of a host's invites that the filter means; they are gone from the disk when this returns.
    package func removeInvites(
        of host: String, _ filter: InviteFilter, after start: Int64 = 0, through end: Int64 = .max
    ) async throws(InviteTrouble) -> InviteTally {
        try await ask(host) { service throws(InviteRefusal) in
            try await service.remove(filter, after: start, through: end)
        }
    }

    /// Removes invites by their numbers, in one transaction; returns how many there still were.
    package func removeInvites(of host: String, numbered numbers: [Int64]) async throws(InviteTrouble) -> Int {
        try await ask(host) { service throws(InviteRefusal) in try await service.remove(numbered: numbers) }
    }

    /// Lets an invite be good for so long from now, whether or not it has expired.
    ///
    /// - Returns: The invite as it is then, and until when it was good.
    package func extendInvite(
        _ number: Int64, of host: String, by lifetime: Lifetime
    ) async throws(InviteTrouble) -> (invite: StoredInvite, before: Timestamp) {
        let extended = try await ask(host) { service throws(InviteRefusal) in
            try await service.extend(number, by: lifetime)
        }
        guard let extended else { throw .unknownInvite(number) }
        return extended
    }

    /// The hosts, running or refused, that have a database and so may have invites, sorted.
    ///
    /// - Parameter isWanted: Called with the name of a host.
    package func hostsWithInvites(
        where isWanted: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> HostsWithInvites {
        HostsWithInvites(databases: databases, names: table.all, isWanted: isWanted)
    }

    /// The time by which ``InviteFilter`` and the state of invites are to be judged.
    package var now: Timestamp { surroundings.now() }

    // MARK: Completion

    /// An invite that could be meant.
    package struct InviteSuggestion: Hashable, Sendable {
        package let number: Int64
        /// What tells it from others, in a few words without secrets: `account-and-contact by alice@example.com`.
        package let summary: String
    }

    /// A host's invites whose numbers begin so: those that are still good first, then the newest. None where the host
    /// cannot tell.
    package func inviteNumbers(of host: String, prefix: String, limit: Int) async -> [InviteSuggestion] {
        let found = try? await ask(host) { service throws(InviteRefusal) in
            try await service.newest(prefix, limit: limit)
        }
        let now = now
        return (found ?? []).map { stored in
            let summary = stored.invite.summary
            return InviteSuggestion(
                number: stored.number, summary: stored.invite.isExpired(at: now) ? "\(summary), expired" : summary)
        }
    }

    private func ask<Value: Sendable>(
        _ host: String, _ body: @Sendable (HostService) async throws(InviteRefusal) -> Value
    ) async throws(InviteTrouble) -> Value {
        guard let service = self[host]?.service else { throw missing(host) }
        do throws(InviteRefusal) {
            return try await body(service)
        } catch {
            throw .refusal(error)
        }
    }

    private func missing(_ host: String) -> InviteTrouble { table.isRefused(host) ? .refusedHost : .unknownHost }
}

extension Invite {
    /// What the invitee is given.
    package func link(on host: String) -> String {
        // No server module redeems tokens in-band for us yet, and `ibr=y` must not be promised without one.
        uri(host: host, redeemableInBand: false)
    }

    /// What it is in a few words without secrets, such as `account for juliet by admin@example.com`.
    package var summary: String {
        var text = kind.rawValue
        if let username { text += " for \(username)" }
        if let inviter { text += " by \(inviter)" }
        return text
    }
}
