internal import Access
internal import Invites
internal import Shell
internal import Storage
package import Supervision
internal import Text
internal import XMPP

/// What became of invites over all hosts that a caller sees, and what is stored about people.
package struct RedemptionHandlers: Sendable {
    let registry: HostRegistry
    /// They search all hosts.
    private let limiter = CommandLimiter(.init(all: 8, reservedForAdmins: 2, perUser: 2))

    package init(_ registry: HostRegistry) {
        self.registry = registry
    }

    package func register(in handlers: inout CommandHandlers) {
        handlers["invite tree"] = tree
        handlers["invite find"] = { call in try await limiter.run(call) { try await find(call) } }
        handlers["invite export"] = { call in try await limiter.run(call) { try await export(call) } }
        handlers["invite forget"] = { call in try await limiter.run(call) { try await forget(call) } }
    }

    /// Does something on one host.
    func on<Value: Sendable>(
        _ host: String, for use: StorageUse = .reading,
        _ operation: @escaping @Sendable (any InviteRepository) async throws(StoreError) -> Value
    ) async throws(CommandFailure) -> Value {
        do throws(InviteFailure) {
            return try await registry.withInvites(of: host, for: use, operation)
        } catch {
            throw CommandFailure(error, host: host)
        }
    }

    /// Runs a body on each host that has invites and that the caller sees, or on the named one. A failure on one of
    /// several is reported, and the others are done all the same.
    ///
    /// - Returns: The hosts where it failed.
    @discardableResult
    func onEachHost(
        named host: String? = nil, _ call: Call, _ body: (String) async throws -> Void
    ) async throws -> [String] {
        if let host {
            try await body(host)
            return []
        }
        var failed: [String] = []
        var hosts = registry.hostsWithInvites(where: call.caller.hosts.contains).makeAsyncIterator()
        do {
            while let host = try await hosts.next() {
                try Task.checkCancellation()
                do {
                    try await body(host)
                } catch let failure as CommandFailure {
                    failed.append(host)
                    try await call.output.text("\(failure.message)\(failure.hint.map { "; \($0)" } ?? "")")
                }
            }
        } catch let error as StoreError {
            throw CommandFailure(.unavailableHost, "the state directory cannot be read: \(error)")
        }
        return failed
    }

    // MARK: Persons

    private func export(_ call: Call) async throws -> Outcome {
        let person = try call.invocation.requiredAccount("jid")
        var count = 0
        try await onEachHost(call) { host in
            try await rows(of: person, on: host) { row, number, data in
                count += 1
                try await call.output.row(
                    .row([
                        "host": .text(host), "row": .text(row), "number": .integer(number),
                        "data": .object(data.compactMapValues { $0.map(JSON.text) }),
                    ]))
            }
        }
        return Outcome(Plural.text(count, "row"))
    }

    private typealias Row = (_ row: String, _ number: Int64, _ data: [String: String?]) async throws -> Void

    private func rows(of person: Account, on host: String, _ show: Row) async throws {
        let own = person.domain == host ? person.localpart : nil
        try await pages { after in
            let page = try await on(host) { repository throws(StoreError) in
                try await repository.page(InviteFilter(inviter: person), after: after, through: .max, limit: 100)
            }
            for invite in page.invites { try await show("invite", invite.number, invite.data) }
            return page.next
        }
        if let own {
            let named = try await on(host) { repository throws(StoreError) in
                try await repository.invites(for: own, limit: Self.mostNamed)
            }
            for invite in named.reversed() where invite.invite.inviter != person {
                try await show("invite", invite.number, invite.data)
            }
        }
        let names = [own, person.description].compactMap(\.self)
        let filters = names.map { RedemptionFilter(account: $0) } + [RedemptionFilter(inviter: person)]
        for filter in filters {
            try await pages { after in
                let page = try await on(host) { repository throws(StoreError) in
                    try await repository.redemptions(filter, after: after, limit: 100)
                }
                for redemption in page.redemptions
                where filter.inviter == nil || redemption.address(on: host) != person.description {
                    try await show("redemption", redemption.number, redemption.data(on: host))
                }
                return page.next
            }
        }
        try await pages { after in
            let (tasks, next) = try await on(host) { repository throws(StoreError) in
                try await repository.tasks(concerning: person, after: after)
            }
            for task in tasks { try await show("task", task.task.number, task.data) }
            return next
        }
    }

    /// More invites for one name than that are none of a person.
    private static let mostNamed = 10_000

    /// Reads one page after the other, until there is none.
    private func pages(_ body: (Int64) async throws -> Int64?) async throws {
        var start: Int64? = 0
        while let after = start {
            try Task.checkCancellation()
            start = try await body(after)
        }
    }

    private func forget(_ call: Call) async throws -> Outcome {
        let person = try call.invocation.requiredAccount("jid")
        try await call.confirm(
            "Forget \(person)? Invites of that user and for that name are revoked, and the name is removed from all rows."
        )
        let revocation = Revocation(
            at: registry.now, by: call.caller.user, why: "whom it is about asked to be forgotten")
        var said: [String] = []
        var hosts: [String] = []
        func outcome() -> Outcome {
            Outcome(
                hosts.isEmpty ? "nothing is stored about that person" : "", hosts: hosts,
                after: said.isEmpty ? nil : said.joined(separator: "; "))
        }
        let failed = try await onEachHost(call) { host in
            let erasure = try await on(host, for: .storing) { repository throws(StoreError) in
                try await repository.erase(person, revocation)
            }
            guard erasure != Erasure() else { return }
            hosts.append(host)
            if said.count < InviteRows.mostNamed {
                let revoked = erasure.revoked.prefix(InviteRows.mostNamed).map(String.init).joined(separator: ", ")
                said.append("\(host): " + (revoked.isEmpty ? "names removed" : "revoked \(revoked), names removed"))
            }
            call.record(outcome())
            try await call.output.row(
                .row([
                    "host": .text(host), "revoked": .count(erasure.revoked.count), "invites": .count(erasure.invites),
                    "redemptions": .count(erasure.redemptions), "tasks": .count(erasure.tasks),
                    "kept": .count(erasure.kept.count),
                ]))
        }
        if !failed.isEmpty {
            throw CommandFailure(
                .unavailableHost, "on \(Plural.text(failed.count, "host")) nothing could be removed",
                hint: "do it again once they work: \(failed.prefix(5).joined(separator: ", "))")
        }
        return outcome()
    }
}

// MARK: - What is stored

extension StoredInvite {
    /// Without the token, which is no personal data but a secret.
    fileprivate var data: [String: String?] {
        [
            "kind": invite.kind.rawValue, "inviter": invite.inviter?.description, "username": invite.username,
            "created": invite.createdAt.text, "expires": invite.expiresAt.text, "created_by": invite.createdBy.rawValue,
            "note": invite.note, "language": invite.language, "uses": String(invite.uses.total),
            "redeemed": String(invite.uses.confirmed), "revoked": invite.revocation?.at.text,
            "revoked_by": invite.revocation?.by, "revoked_because": invite.revocation?.why,
        ]
    }
}

extension Redemption {
    fileprivate func data(on host: String) -> [String: String?] {
        var data: [String: String?] = [
            "invite": String(invite), "redeemed_for": kind.rawValue, "way": way.rawValue, "account": address(on: host),
            "inviter": inviter?.description, "begun": reservedAt.text, "state": stateName,
        ]
        switch state {
        case .reserved: break
        case .confirmed(let time): data["ended"] = time.text
        case .released(let time, let reason):
            data["ended"] = time.text
            data["reason"] = reason
        }
        return data
    }
}

extension RecordedTask {
    fileprivate var data: [String: String?] {
        let (action, user, other) = task.action.parts
        return [
            "redemption": String(task.redemption), "action": action, "user": user.description,
            "other": other.description, "language": task.language, "state": stateName, "done": doneAt?.text,
            "reason": impossible,
        ]
    }
}
