internal import Access
internal import Invites
internal import Shell
internal import Storage
internal import Supervision

/// `invite revoke` and `invite release`.
extension InviteHandlers {
    func revoke(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let now = registry.now
        let filter = try call.invocation.filter(at: now)
        let reason = try call.invocation.remark("reason")
        let isNumbered = !call.invocation.counts("invite").isEmpty
        guard isNumbered else {
            try checkChoice(filter, call)
            return try await revoke(filter, of: host, at: now, reason, call)
        }
        guard filter == InviteFilter(), !call.invocation.has("all") else {
            throw CommandFailure(
                .badArgument, "numbers go with no filter", hint: "usage: \(call.invocation.spec.usage)")
        }
        return try await revokeNumbered(of: host, at: now, reason, call)
    }

    private func revokeNumbered(
        of host: String, at now: Timestamp, _ reason: String?, _ call: Call
    ) async throws -> Outcome {
        let named = try await invites(call, of: host)
        let invites = named.filter { !$0.invite.isOver(at: now) }
        guard let first = named.first else { return Outcome(hosts: [host]) }
        guard !invites.isEmpty else {
            throw CommandFailure(
                .deniedInvite, "the invite \(first.number) is \(first.invite.state(at: now).rawValue), and stays so")
        }
        let rows = InviteRows(host: host, now: now)
        for invite in invites { try await call.output.row(rows.row(invite)) }
        if call.invocation.has("dry-run") {
            return Outcome("\(InviteRows.counted(invites.count)) would be revoked", hosts: [host])
        }
        try await call.confirm(
            invites.count == 1
                ? "Revoke this invite of \(host)? Its link stops working."
                : "Revoke these \(invites.count) invites of \(host)? Their links stop working.")
        let revoked = try await revoke(invites.map(\.number), of: host, reason, call)
        let others = named.count - invites.count
        return Outcome(
            "revoked \(InviteRows.counted(revoked.count))",
            hint: others > 0 ? "\(InviteRows.counted(others)) had been used up or revoked before" : nil, hosts: [host],
            before: InviteRows.numbers(revoked, count: revoked.count))
    }

    private func revoke(
        _ filter: InviteFilter, of host: String, at now: Timestamp, _ reason: String?, _ call: Call
    ) async throws -> Outcome {
        let end = try await lastNumber(host)
        if call.invocation.has("dry-run") {
            let count = try await list(host, filter, through: end, limit: nil, at: now, call) { !$0.isOver(at: now) }
            return Outcome("\(InviteRows.counted(count)) would be revoked", hosts: [host])
        }
        let total = try await count(host, filter, through: end)
        if total == 0 { return Outcome("no invite matches", hosts: [host]) }
        let examples = try await examples(host, filter, through: end)
        let named = InviteRows.journal(examples.prefix(Self.mostAskedAbout), count: total)
        try await call.confirm(
            """
            Revoke \(InviteRows.counted(total)) of \(host) (\(named)), but for those that are over? Links that work now \
            stop working.
            """)
        var revoked: [StoredInvite] = []
        var (count, told) = (0, 0)
        func outcome() -> Outcome {
            let text = "revoked \(InviteRows.counted(count))"
            return Outcome(text, hosts: [host], before: InviteRows.numbers(revoked, count: count), after: text)
        }
        var start: Int64? = 0
        while let after = start {
            try Task.checkCancellation()
            let page = try await translated(host) { () throws(InviteFailure) in
                try await registry.withInvites(of: host) { repository throws(StoreError) in
                    try await repository.page(filter, after: after, through: end, limit: Self.revokedAtOnce)
                }
            }
            let numbers = page.invites.filter { !$0.invite.isOver(at: now) }.map(\.number)
            if !numbers.isEmpty {
                let some = try await revoke(numbers, of: host, reason, call)
                count += some.count
                revoked += some.prefix(InviteRows.mostNamed - revoked.count)
                call.record(outcome())
            }
            start = page.next
            if count >= told + Self.progressStep {
                told = count
                try await call.output.progress("revoked \(count) of \(total)")
            }
        }
        return outcome()
    }

    private static let revokedAtOnce = 500

    private func revoke(
        _ numbers: [Int64], of host: String, _ reason: String?, _ call: Call
    ) async throws(CommandFailure) -> [StoredInvite] {
        let revocation = Revocation(at: registry.now, by: call.caller.user, why: reason)
        return try await translated(host) { () throws(InviteFailure) in
            try await registry.withInvites(of: host, for: .storing) { repository throws(StoreError) in
                try await repository.revoke(numbers, revocation)
            }
        }
    }

    // MARK: Releasing

    func release(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let number = Int64(call.invocation.counts("invite").first ?? 0)
        let remark = try call.invocation.remark("reason")
        let held = try await translated(host) { () throws(InviteFailure) in
            try await registry.withInvites(of: host) { repository throws(StoreError) in
                try await repository.redemptions(of: number, limit: 1_000).filter(\.isReserved)
            }
        }
        if held.isEmpty {
            // Whether there is one at all: an attempt may outlive its invite.
            _ = try await invites(call, of: host)
            throw CommandFailure(.deniedInvite, "no attempt holds a use of the invite \(number)")
        }
        for redemption in held { try await call.output.row(RedemptionRows.row(redemption, host)) }
        let what = Plural.text(held.count, "attempt")
        try await call.confirm(
            "Release \(what) to redeem the invite \(number) of \(host)? Where the account was made all the same, the invite "
                + "can be redeemed once more than it may.")
        let reason = "released by \(call.caller.user)" + (remark.map { ": \($0)" } ?? "")
        let now = registry.now
        let released = try await translated(host) { () throws(InviteFailure) in
            try await registry.withInvites(of: host, for: .storing) { repository throws(StoreError) in
                try await repository.release(reservationsOf: number, reason: reason, at: now)
            }
        }
        let text = "released \(Plural.text(released.count, "attempt"))"
        return Outcome(text, hosts: [host], before: "invite \(number)", after: text)
    }
}

extension Invite {
    /// Whether there is nothing left to revoke.
    fileprivate func isOver(at now: Timestamp) -> Bool { [.revoked, .used].contains(state(at: now)) }
}
