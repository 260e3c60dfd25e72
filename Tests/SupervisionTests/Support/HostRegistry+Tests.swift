import Invites
import Storage

@testable import Supervision

/// What the shell's handlers do with the invites of a host.
extension HostRegistry {
    func invites(of host: String) async throws(InviteFailure) -> [StoredInvite] {
        try await page(of: host, InviteFilter()).invites
    }

    func page(of host: String, _ filter: InviteFilter) async throws(InviteFailure) -> InvitePage {
        try await withInvites(of: host) { repository throws(StoreError) in
            try await repository.page(filter, after: 0, through: .max, limit: 500)
        }
    }

    func lastInviteNumber(of host: String) async throws(InviteFailure) -> Int64 {
        try await withInvites(of: host) { repository throws(StoreError) in try await repository.lastNumber() }
    }

    func removeInvites(of host: String, numbered numbers: [Int64]) async throws(InviteFailure) -> Int {
        try await withInvites(of: host, for: .removing) { repository throws(StoreError) in
            try await repository.remove(numbered: numbers)
        }
    }

    func removeInvites(
        of host: String, _ filter: InviteFilter = InviteFilter(), after start: Int64 = 0, through end: Int64 = .max
    ) async throws(InviteFailure) -> InviteTally {
        try await withInvites(of: host, for: .removing) { repository throws(StoreError) in
            try await repository.remove(filter, after: start, through: end)
        }
    }

    func extendInvite(_ number: Int64, of host: String, by time: Lifetime) async throws(InviteFailure)
        -> InviteExtension
    {
        let now = now
        return try await withInvites(of: host, for: .storing) { repository throws(StoreError) in
            try await repository.extend(number, until: now.advanced(by: time), at: now)
        }
    }
}
