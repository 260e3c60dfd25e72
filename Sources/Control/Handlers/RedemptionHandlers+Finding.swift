internal import Access
internal import Invites
internal import Shell
internal import Storage
internal import Supervision
internal import Text
internal import XMPP

/// `invite find`: why a link works or not.
extension RedemptionHandlers {
    func find(_ call: Call) async throws -> Outcome {
        let host = call.invocation.text("host")
        var text = call.invocation.text("link")
        if text == nil { text = try await call.output.ask(.secret("Link, token, username or JID")) }
        let wanted = try Wanted(text ?? "")
        var found = 0
        try await onEachHost(named: host, call) { host in
            for finding in try await findings(wanted, on: host) {
                found += 1
                try await call.output.row(finding.row(on: host))
            }
        }
        if !wanted.tokens.isEmpty, found == 0, host == nil {
            for stopped in await registry.hostsWithoutFile(where: call.caller.hosts.contains) {
                try Task.checkCancellation()
                guard let invite = await registry.invite(withTokens: wanted.tokens, ofStopped: stopped) else {
                    continue
                }
                found += 1
                let state = invite.invite.state(at: registry.now)
                let because = "\(stopped) has no file, so it redeems nothing"
                try await call.output.row(
                    Finding(number: invite.number, state: state.rawValue, because: because).row(on: stopped))
            }
        }
        guard found > 0 else {
            throw CommandFailure(
                .unknownInvite, host.map { "\($0) knows nothing of it" } ?? "no host that you see knows of it",
                hint: "it was deleted, or ended longer ago than `invite_retention`, or is another server's")
        }
        return Outcome()
    }

    /// What to find.
    private struct Wanted {
        var tokens: [Token] = []
        var username: String?
        var account: Account?

        init(_ text: String) throws(CommandFailure) {
            let isLink = text.contains(":") || text.contains("/") || text.contains("=") || text.contains("?")
            if isLink {
                tokens = Token.candidates(in: text)
                if tokens.isEmpty {
                    throw CommandFailure(.badArgument, "there is no token in this link", hint: "is it all of the link?")
                }
            } else if text.contains("@") {
                account = (try? JID(text)).flatMap { Account($0) }
                if account == nil { throw CommandFailure(.badArgument, "\(text.quoted) is no JID of a user") }
            } else {
                tokens = Token(text).map { [$0] } ?? []
                username = try? JID.prepareLocalpart(text)
                if tokens.isEmpty, username == nil {
                    throw CommandFailure(.badArgument, "this is neither a link, nor a token, a username or a JID")
                }
            }
        }

        func account(on host: String) -> Account? {
            account ?? username.map { Account(localpart: $0, domain: host) }
        }
    }

    /// An invite, and why it works or not.
    private struct Finding {
        let number: Int64
        let state: String
        let because: String

        func row(on host: String) -> JSON {
            .row([
                "host": .text(host), "invite": .integer(number), "state": .text(state), "because": .text(because),
            ])
        }
    }

    /// Of one name there are no more.
    private static let most = 20

    private func findings(_ wanted: Wanted, on host: String) async throws(CommandFailure) -> [Finding] {
        let tokens = wanted.tokens
        let account = wanted.account(on: host)
        let found: [Evidence]
        do throws(CommandFailure) {
            found = try await on(host) { repository throws(StoreError) in
                var found: [Evidence] = []
                for token in tokens {
                    guard let invite = try await repository.storedInvite(withToken: token) else { continue }
                    found.append(
                        Evidence(
                            number: invite.number, invite: invite.invite,
                            redemptions: try await repository.redemptions(of: invite.number, limit: 1_000)))
                }
                guard let account else { return found }
                let redeemed = try await repository.latestRedemptions(of: account, limit: Self.most)
                let named =
                    account.domain == repository.host
                    ? try await repository.invites(for: account.localpart, limit: Self.most) : []
                let numbers = Set(redeemed.map(\.invite) + named.map(\.number)).sorted(by: >).prefix(Self.most)
                for number in numbers {
                    let invite = try await repository.invites(numbered: [number]).first?.invite
                    let all = try await repository.redemptions(of: number, limit: 1_000)
                    // Of an invite that is gone, only what concerns this person is known.
                    found.append(
                        Evidence(
                            number: number, invite: invite,
                            redemptions: invite == nil ? redeemed.filter { $0.invite == number } : all))
                }
                return found
            }
        } catch {
            guard error.code == .refusedHost, !tokens.isEmpty,
                let invite = await registry.invite(withTokens: tokens, ofStopped: host)
            else { throw error }
            let state = invite.invite.state(at: registry.now).rawValue
            return [Finding(number: invite.number, state: state, because: "\(error.message), and redeems nothing")]
        }
        let isSuspended = registry[host]?.policy.isSuspended ?? false
        return found.map { evidence in
            Finding(
                number: evidence.number, state: evidence.state(at: registry.now),
                because: evidence.sentence(on: host, at: registry.now, isSuspended: isSuspended))
        }
    }

    /// What is known of an invite; `nil` for one that was removed.
    private struct Evidence: Sendable {
        let number: Int64
        let invite: Invite?
        let redemptions: [Redemption]

        func state(at now: Timestamp) -> String { invite?.state(at: now).rawValue ?? "removed" }

        func sentence(on host: String, at now: Timestamp, isSuspended: Bool) -> String {
            guard let invite else {
                return "the invite was removed" + (redemptions.last.map { "; \(said($0, host))" } ?? "")
            }
            switch invite.state(at: now) {
            case .revoked:
                guard let revocation = invite.revocation else { return "revoked" }
                return "revoked by \(revocation.by) at \(revocation.at.text)"
                    + (revocation.why.map { " because: \($0)" } ?? "")
            case .used:
                let last = redemptions.filter { $0.confirmedAt != nil }.last.map { said($0, host) }
                let all = invite.uses.total > 1 ? "all of its \(invite.uses.total) uses are gone; the last: " : ""
                return all + (last ?? "used up")
            case .expired: return "expired at \(invite.expiresAt.text)"
            case .reserved:
                return redemptions.filter(\.isReserved).prefix(3).map { said($0, host) }.joined(separator: "; ")
            case .open where isSuspended: return "the host is suspended; `host resume \(host)` ends that"
            case .open:
                let left = invite.uses.total - invite.uses.confirmed - invite.uses.reserved
                let uses = invite.uses.total > 1 ? "\(left) of its \(invite.uses.total) uses are left, and " : ""
                let failed = redemptions.last { $0.isReleased }.map { "; \(said($0, host))" } ?? ""
                return "\(uses)it is good until \(invite.expiresAt.text)\(failed)"
            }
        }

        private func said(_ redemption: Redemption, _ host: String) -> String {
            let who = redemption.address(on: host) ?? "an account that was deleted since"
            switch redemption.state {
            case .reserved(_, let next, let questions):
                let asked =
                    questions > 0
                    ? ", asked about \(Plural.text(questions, "time")) without an answer, next at \(next.text)" : ""
                return "reserved by an attempt for \(who) since \(redemption.reservedAt.text)\(asked)"
            case .confirmed(let time): return "used by \(who) at \(time.text) (\(redemption.way.rawValue))"
            case .released(let time, let reason):
                return "an attempt for \(who) failed at \(time.text): \(reason)"
            }
        }
    }
}
