internal import Access
internal import Invites
internal import Shell
internal import Storage
internal import Supervision

/// The commands that read all invites of hosts. They take a page at a time, and wait for their reader in between: a
/// host may have a million.
extension InviteHandlers {
    // MARK: Listing

    func list(_ call: Call) async throws -> Outcome {
        let now = registry.now
        let filter = try call.invocation.filter(at: now)
        let limit = call.invocation.count("limit")
        let named = Set(call.invocation.texts("host")).sorted()
        var count = 0
        if named.count == 1 {
            count = try await list(named[0], filter, limit: limit, at: now, call)
        } else if !named.isEmpty {
            for host in named { count += try await listOrSay(host, filter, limit: limit, at: now, call) }
        } else {
            // Hosts without a database have no invites.
            var hosts = registry.hostsWithInvites(where: call.caller.hosts.contains).makeAsyncIterator()
            while let host = try await next(&hosts) {
                count += try await listOrSay(host, filter, limit: limit, at: now, call)
            }
        }
        return Outcome(InviteRows.counted(count), hosts: named)
    }

    func next(_ hosts: inout HostsWithInvites.AsyncIterator) async throws -> String? {
        do {
            return try await hosts.next()
        } catch let error as StoreError {
            throw CommandFailure(.unavailableHost, "the state directory cannot be read: \(error)")
        }
    }

    /// Shows the invites of one host of several: a failure on one does not end the others.
    private func listOrSay(
        _ host: String, _ filter: InviteFilter, limit: Int?, at now: Timestamp, _ call: Call
    ) async throws -> Int {
        do {
            return try await list(host, filter, limit: limit, at: now, call)
        } catch let failure as CommandFailure {
            try await call.output.text("\(failure.message)\(failure.hint.map { "; \($0)" } ?? "")")
            return 0
        }
    }

    /// Shows the invites of one host that the filter means, and returns how many.
    func list(
        _ host: String, _ filter: InviteFilter, through end: Int64 = .max, limit: Int?, at now: Timestamp, _ call: Call,
        where isMeant: (Invite) -> Bool = { _ in true }
    ) async throws -> Int {
        let rows = InviteRows(host: host, now: now)
        var count = 0
        var start: Int64? = 0
        while let after = start {
            let room = min((limit ?? .max) - count, Self.pageSize)
            if room <= 0 { break }
            let page = try await translated(host) { () throws(InviteFailure) in
                try await registry.withInvites(of: host) { repository throws(StoreError) in
                    try await repository.page(filter, after: after, through: end, limit: room)
                }
            }
            for invite in page.invites where isMeant(invite.invite) {
                try await call.output.row(rows.row(invite))
                count += 1
            }
            // A page may be empty.
            try Task.checkCancellation()
            start = page.next
        }
        return count
    }

    /// What a listing holds while it is not read.
    private static let pageSize = 100

    // MARK: Purging

    func purge(_ call: Call) async throws -> Outcome {
        let host = try call.invocation.required("host")
        let now = registry.now
        let filter = try call.invocation.filter(at: now)
        try checkChoice(filter, call)
        let end = try await lastNumber(host)
        if call.invocation.has("dry-run") {
            let count = try await list(host, filter, through: end, limit: nil, at: now, call)
            return Outcome("\(InviteRows.counted(count)) would be deleted", hosts: [host])
        }
        let count = try await count(host, filter, through: end)
        if count == 0 { return Outcome("no invite matches", hosts: [host]) }
        let examples = try await examples(host, filter, through: end)
        let named = InviteRows.journal(examples.prefix(Self.mostAskedAbout), count: count)
        let links = count == 1 ? "Its link stops" : "Their links stop"
        try await call.confirm("Delete \(InviteRows.counted(count)) of \(host) (\(named))? \(links) working.")
        let before = InviteRows.journal(examples, count: count)
        func outcome(_ deleted: Int) -> Outcome {
            let text = "deleted \(InviteRows.counted(deleted))"
            return Outcome(text, hosts: [host], before: before, after: text)
        }
        return outcome(
            try await remove(host, filter, through: end, of: count, call) { call.record(outcome($0)) })
    }

    /// Checks that the caller has chosen invites in exactly one way.
    func checkChoice(_ filter: InviteFilter, _ call: Call) throws(CommandFailure) {
        let isForAll = call.invocation.has("all")
        guard isForAll != (filter != InviteFilter()) else {
            throw CommandFailure(
                .badArgument,
                isForAll ? "--all goes with no filter" : "say which invites: there is neither a filter nor --all",
                hint: "usage: \(call.invocation.spec.usage)")
        }
    }

    /// Invites that are made later have higher numbers, and are excluded.
    func lastNumber(_ host: String) async throws(CommandFailure) -> Int64 {
        try await translated(host) { () throws(InviteFailure) in
            try await registry.withInvites(of: host) { repository throws(StoreError) in
                try await repository.lastNumber()
            }
        }
    }

    func count(_ host: String, _ filter: InviteFilter, through end: Int64) async throws -> Int {
        var count = 0
        var start: Int64? = 0
        while let after = start {
            try Task.checkCancellation()
            let tally = try await translated(host) { () throws(InviteFailure) in
                try await registry.withInvites(of: host) { repository throws(StoreError) in
                    try await repository.count(filter, after: after, through: end)
                }
            }
            count += tally.count
            start = tally.next
        }
        return count
    }

    /// The first few, for the journal.
    func examples(_ host: String, _ filter: InviteFilter, through end: Int64) async throws -> [StoredInvite] {
        var found: [StoredInvite] = []
        var start: Int64? = 0
        while let after = start, found.count < InviteRows.mostNamed {
            try Task.checkCancellation()
            let room = InviteRows.mostNamed - found.count
            let page = try await translated(host) { () throws(InviteFailure) in
                try await registry.withInvites(of: host) { repository throws(StoreError) in
                    try await repository.page(filter, after: after, through: end, limit: room)
                }
            }
            found += page.invites
            start = page.next
        }
        return found
    }

    private func remove(
        _ host: String, _ filter: InviteFilter, through end: Int64, of total: Int, _ call: Call,
        removed: (Int) -> Void
    ) async throws(CommandFailure) -> Int {
        var count = 0
        var told = 0
        var start: Int64? = 0
        do {
            while let after = start {
                try Task.checkCancellation()
                let tally = try await translated(host) { () throws(InviteFailure) in
                    try await registry.withInvites(of: host, for: .removing) { repository throws(StoreError) in
                        try await repository.remove(filter, after: after, through: end)
                    }
                }
                count += tally.count
                removed(count)
                start = tally.next
                if count >= told + Self.progressStep {
                    told = count
                    try await call.output.progress("deleted \(count) of \(total)")
                }
            }
        } catch let failure as CommandFailure {
            throw CommandFailure(
                failure.code, "\(failure.message); \(InviteRows.counted(count)) had been deleted by then",
                hint: failure.hint)
        } catch {
            throw CommandFailure(.cancelled, "ended early: \(InviteRows.counted(count)) had been deleted by then")
        }
        return count
    }

    static let progressStep = 5_000
    /// A question names no more than this.
    static let mostAskedAbout = 5
}

extension Invocation {
    /// The invites that the options choose, as things are at `now`.
    func filter(at now: Timestamp) throws(CommandFailure) -> InviteFilter {
        let state = text("state").flatMap(InviteState.init(rawValue:)).map { InviteFilter.State($0, at: now) }
        return InviteFilter(
            kind: text("kind").flatMap(InviteKind.init(rawValue:)), inviter: try account("inviter"), state: state,
            createdBefore: duration("older-than").map(now.before), createdSince: duration("newer-than").map(now.before))
    }
}

extension Timestamp {
    /// The point `lifetime` earlier, or the first one that can be represented.
    fileprivate func before(_ lifetime: Lifetime) -> Timestamp {
        let (difference, overflow) = millisecondsSinceEpoch.subtractingReportingOverflow(lifetime.seconds * 1_000)
        return Timestamp(millisecondsSinceEpoch: overflow ? .min : difference)
    }
}
