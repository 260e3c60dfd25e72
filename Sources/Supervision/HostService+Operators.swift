internal import Invites
internal import Runtime
internal import Storage

/// What operators do with the host's invites. The host goes on serving between any two calls.
extension HostService {
    /// Makes what an operator asks for. It is on disk when this returns.
    func invite(_ request: OperatorRequest, under policy: InvitePolicy) async throws(InviteRefusal) -> StoredInvite {
        let now = surroundings.now()
        let invite = try makeInvite(.operated(request), under: policy, at: now)
        let username = invite.promisedUsername
        if let username { try await promise(username, at: now) }
        let number = try await keep(username.map { [$0] } ?? []) { store throws(StoreError) in
            try await store.add(invite)
        }
        noteSuccess(of: 1)
        return StoredInvite(number: number, invite: invite)
    }

    /// As `InviteStore.page`.
    func page(
        _ filter: InviteFilter, after start: Int64, through end: Int64, limit: Int
    ) async throws(InviteRefusal) -> InvitePage {
        try await ask { store throws(StoreError) in
            try await store.page(filter, after: start, through: end, limit: limit)
        }
    }

    /// As `InviteStore.count`.
    func count(
        _ filter: InviteFilter, after start: Int64, through end: Int64
    ) async throws(InviteRefusal) -> InviteTally {
        try await ask { store throws(StoreError) in try await store.count(filter, after: start, through: end) }
    }

    /// As `InviteStore.remove`.
    func remove(
        _ filter: InviteFilter, after start: Int64, through end: Int64
    ) async throws(InviteRefusal) -> InviteTally {
        try await ask { store throws(StoreError) in try await store.remove(filter, after: start, through: end) }
    }

    /// As `InviteStore.lastNumber`.
    func lastNumber() async throws(InviteRefusal) -> Int64 {
        try await ask { store throws(StoreError) in try await store.lastNumber() }
    }

    /// As `InviteStore.invites(numbered:)`.
    func invites(numbered numbers: [Int64]) async throws(InviteRefusal) -> [StoredInvite] {
        try await ask { store throws(StoreError) in try await store.invites(numbered: numbers) }
    }

    /// As `InviteStore.remove(numbered:)`.
    func remove(numbered numbers: [Int64]) async throws(InviteRefusal) -> Int {
        try await ask { store throws(StoreError) in try await store.remove(numbered: numbers) }
    }

    /// Lets an invite be good for so long from now, which may be less than before.
    ///
    /// - Returns: The invite as it is then, and until when it was good; `nil` if there is none of this number.
    /// - Throws: ``InviteRefusal/usernameTaken`` when it had expired and another invite promises its username by now.
    func extend(
        _ number: Int64, by lifetime: Lifetime
    ) async throws(InviteRefusal) -> (invite: StoredInvite, before: Timestamp)? {
        guard let invite = try await invites(numbered: [number]).first?.invite else { return nil }
        // An invite with this username that is being stored now is not in the store yet.
        let username = invite.promisedUsername
        if let username { try reserve(username) }
        let now = surroundings.now()
        let outcome = try await keep(username.map { [$0] } ?? []) { store throws(StoreError) in
            try await store.extend(number, until: now.advanced(by: lifetime), at: now)
        }
        switch outcome {
        case .extended(let invite, let before): return (invite, before)
        case .unknown: return nil
        case .usernameTaken: throw .usernameTaken
        }
    }

    /// As `InviteStore.newest`.
    func newest(_ prefix: String, limit: Int) async throws(InviteRefusal) -> [StoredInvite] {
        let now = surroundings.now()
        return try await ask { store throws(StoreError) in try await store.newest(prefix, limit: limit, at: now) }
    }
}
