package import Invites
package import Storage

/// Shorter ways to what tests ask often.
extension InviteRepository {
    /// Adds invites that no limit bounds.
    ///
    /// - Throws: `StoreError`, or the first `InviteConflict`.
    package func add(_ invites: [Invite]) async throws {
        for result in try await add(invites.map { NewInvite($0) }).results { _ = try result.get() }
    }

    /// As ``add(_:)-([Invite])``; returns the number.
    package func add(_ invite: Invite) async throws -> Int64 {
        let results = try await add([NewInvite(invite)]).results
        return try results[0].get()
    }

    /// All invites in the order they were added, expired ones included.
    package func invites() async throws -> [Invite] {
        var invites: [Invite] = []
        var next: Int64? = 0
        while let start = next {
            let page = try await page(after: start, limit: 1_000)
            invites += page.invites.map(\.invite)
            next = page.next
        }
        return invites
    }

    /// How many invites there are, expired ones included.
    package func count() async throws -> Int { try await storedCount() }
}

extension InviteRepository {
    package func page(
        _ filter: InviteFilter = InviteFilter(), after start: Int64 = 0, limit: Int = 500
    ) async throws(StoreError) -> InvitePage {
        try await page(filter, after: start, through: .max, limit: limit)
    }

    package func count(_ filter: InviteFilter, after start: Int64 = 0) async throws(StoreError) -> InviteTally {
        try await count(filter, after: start, through: .max)
    }

    package func remove(_ filter: InviteFilter, after start: Int64 = 0) async throws(StoreError) -> InviteTally {
        try await remove(filter, after: start, through: .max)
    }
}
