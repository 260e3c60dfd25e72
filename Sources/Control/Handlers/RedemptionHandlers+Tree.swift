internal import Invites
internal import Shell
internal import Storage
internal import Supervision
internal import Text
internal import XMPP

/// `invite tree`: a walk through the redemptions, depth first. It holds few rows for each level, and no set of accounts
/// already seen: an invitee's redemption has a higher number than the inviter's, so the walk terminates.
extension RedemptionHandlers {
    func tree(_ call: Call) async throws -> Outcome {
        let host = call.invocation.text("host")
        let account = try call.invocation.text("account").map { text throws(CommandFailure) in
            try Self.account(text, on: host ?? "")
        }
        var count = 0
        try await onEachHost(named: host, call) { host in
            var walk = Walk(handlers: self, host: host, call: call)
            if let account { try await walk.below(account) } else { try await walk.all() }
            count += walk.count
        }
        return Outcome(Plural.text(count, "account"), hosts: host.map { [$0] } ?? [])
    }

    private static func account(_ text: String, on host: String) throws(CommandFailure) -> Account {
        do {
            if text.contains("@") {
                if let account = Account(try JID(text)) { return account }
            } else {
                return Account(localpart: try JID.prepareLocalpart(text), domain: host)
            }
        } catch {
            throw CommandFailure(.badArgument, "\(text.quoted) is neither a username nor a JID: \(error)")
        }
        throw CommandFailure(.badArgument, "\(text.quoted) is neither a username nor a JID")
    }

    /// The walk through one host.
    private struct Walk {
        let handlers: RedemptionHandlers
        let host: String
        let call: Call
        var count = 0

        /// The invitees of one account that are not shown yet.
        private struct Level {
            let inviter: Account
            /// The number after which to continue.
            var after: Int64
            /// The number of the next registration of that name, whose invitees belong to another account.
            let end: Int64
            var waiting: ArraySlice<Redemption> = []
        }

        init(handlers: RedemptionHandlers, host: String, call: Call) {
            self.handlers = handlers
            self.host = host
            self.call = call
        }

        mutating func all() async throws {
            var start: Int64? = 0
            while let after = start {
                try Task.checkCancellation()
                let page = try await handlers.on(host) { repository throws(StoreError) in
                    try await repository.roots(after: after, limit: 100)
                }
                for redemption in page.redemptions {
                    if let inviter = redemption.inviter {
                        try await below(inviter, from: 0)
                    } else {
                        try await show(redemption, depth: 0)
                        if let level = try await level(of: redemption) { try await walk([level]) }
                    }
                }
                start = page.next
            }
        }

        /// What one account has brought, and the account itself.
        mutating func below(_ account: Account) async throws {
            if account.domain == host {
                var last: Redemption?
                var start: Int64 = 0
                while let next = try await registrations(of: account.localpart, after: start, limit: 100).last {
                    (last, start) = (next, next.number)
                }
                if let last {
                    try await show(last, depth: 0)
                    if let level = try await level(of: last) { try await walk([level]) }
                    return
                }
            }
            if try await invitees(of: account, after: 0, end: .max, limit: 1).isEmpty { return }
            try await below(account, from: 0)
        }

        /// The tree below an inviter without a redemption: an account from before, or an admin of another domain.
        private mutating func below(_ inviter: Account, from start: Int64) async throws {
            count += 1
            try await call.output.row(
                .row(["account": .text(inviter.description), "depth": .count(0), "host": .text(host)]))
            var end = Int64.max
            if inviter.domain == host {
                end = try await registrations(of: inviter.localpart, after: start, limit: 1).first?.number ?? .max
            }
            try await walk([Level(inviter: inviter, after: start, end: end)])
        }

        private mutating func walk(_ levels: [Level]) async throws {
            var levels = levels
            while var level = levels.popLast() {
                if level.waiting.isEmpty {
                    try Task.checkCancellation()
                    // However deep, it holds no more than so many rows.
                    let limit = levels.count < Self.broadLevels ? 100 : 1
                    level.waiting = try await invitees(
                        of: level.inviter, after: level.after, end: level.end, limit: limit)[...]
                }
                guard let next = level.waiting.popFirst() else { continue }
                level.after = next.number
                levels.append(level)
                try await show(next, depth: levels.count)
                if let below = try await self.level(of: next) { levels.append(below) }
            }
        }

        private static let broadLevels = 50

        private func level(of redemption: Redemption) async throws(CommandFailure) -> Level? {
            guard let name = redemption.account else { return nil }
            let next = try await registrations(of: name, after: redemption.number, limit: 1).first
            return Level(
                inviter: Account(localpart: name, domain: host), after: redemption.number, end: next?.number ?? .max)
        }

        private mutating func show(_ redemption: Redemption, depth: Int) async throws {
            count += 1
            try await call.output.row(
                .row([
                    "account": redemption.address(on: host).map(JSON.text), "depth": .count(depth),
                    "redeemed": redemption.confirmedAt.map(JSON.time), "invite": .integer(redemption.invite),
                    "inviter": redemption.inviter.map { .text($0.description) }, "host": .text(host),
                ]))
        }

        private func registrations(
            of name: String, after start: Int64, limit: Int
        ) async throws(CommandFailure) -> [Redemption] {
            try await handlers.on(host) { repository throws(StoreError) in
                try await repository.registrations(of: name, after: start, limit: limit)
            }
        }

        private func invitees(
            of inviter: Account, after start: Int64, end: Int64, limit: Int
        ) async throws(CommandFailure) -> [Redemption] {
            try await handlers.on(host) { repository throws(StoreError) in
                try await repository.invitees(of: inviter, after: start, before: end, limit: limit)
            }
        }
    }
}

extension Redemption {
    var confirmedAt: Timestamp? { if case .confirmed(let time) = state { time } else { nil } }
}
