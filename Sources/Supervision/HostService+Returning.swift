internal import Invites
internal import Logging
internal import Runtime
internal import Storage

/// Invites from before of a host whose domain was not served for a while and is again: the domain may have another
/// owner by now, so they are revoked before anything else is done for the host.
struct OlderInvites: Sendable {
    /// Those made until then, inclusive.
    let madeUntil: Timestamp
    /// Called once all are revoked.
    let done: @Sendable () -> Void
    /// The work, while it is under way.
    fileprivate var work: Task<InviteRefusal?, Never>?

    init(madeUntil: Timestamp, done: @escaping @Sendable () -> Void) {
        self.madeUntil = madeUntil
        self.done = done
    }

    /// How such a revocation is recorded.
    static let revoker = "invited"
    static let reason = "the domain came back"
}

extension HostService {
    private static let revokedAtOnce = 500

    /// Revokes what was made before the domain was away. Requests wait meanwhile, no longer than for the host's disk.
    ///
    /// - Throws: Why it could not be done; then it is tried again with the next request.
    func revokeOlderInvites() async throws(InviteRefusal) {
        guard let older = olderInvites else { return }
        let work = older.work ?? Task { await revoke(older) }
        olderInvites?.work = work
        switch await deadlines.result(startedAt: dependencies.uptime(), { await work.value }) {
        case .some(nil): return
        case .some(let refusal?): throw refusal
        // The work continues.
        case nil: throw .overloaded
        }
    }

    private func revoke(_ older: OlderInvites) async -> InviteRefusal? {
        let filter = InviteFilter(createdBefore: older.madeUntil.advanced(by: .milliseconds(1)))
        let revocation = Revocation(at: dependencies.now(), by: OlderInvites.revoker, why: OlderInvites.reason)
        var count = 0
        var start: Int64? = 0
        do throws(InviteRefusal) {
            while let after = start {
                let page = try await perform(.reading) { repository throws(StoreError) in
                    try await repository.page(filter, after: after, through: .max, limit: Self.revokedAtOnce)
                }
                let numbers = page.invites.map(\.number)
                if !numbers.isEmpty {
                    count += try await perform(.storing) { repository throws(StoreError) in
                        // Those that were used up, or revoked before, stay as they are.
                        try await repository.revoke(numbers, revocation)
                    }.count
                }
                start = page.next
            }
        } catch {
            olderInvites?.work = nil
            return error
        }
        olderInvites = nil
        if count > 0 {
            dependencies.logger.warning(
                "the domain came back, and its invites from before are revoked",
                metadata: [
                    "host": "\(host)", "invites": "\(count)", "undo": "invitectl host reopen \(host)",
                ])
        }
        older.done()
        return nil
    }

    /// Makes the invites good again that were revoked because the domain came back.
    ///
    /// - Returns: How many there were.
    func reopen() async throws(InviteRefusal) -> Int {
        let now = dependencies.now()
        var count = 0
        var start: Int64? = 0
        while let after = start {
            let page = try await use(.reading) { repository throws(StoreError) in
                try await repository.page(InviteFilter(), after: after, through: .max, limit: Self.revokedAtOnce)
            }
            let numbers = page.invites.filter { $0.invite.wasRevokedOnReturn }.map(\.number)
            if !numbers.isEmpty {
                count += try await use(.storing) { repository throws(StoreError) in
                    try await repository.reinstate(numbers, at: now)
                }
            }
            start = page.next
        }
        return count
    }
}

extension Invite {
    /// Whether it was revoked only because the domain came back.
    fileprivate var wasRevokedOnReturn: Bool {
        revocation?.by == OlderInvites.revoker && revocation?.why == OlderInvites.reason
    }
}
