internal import Accounts
internal import Configuration
package import Invites
internal import Runtime
package import Storage
internal import XMPP

/// Why nothing was done with a host's invites.
package enum InviteFailure: Error, Hashable, Sendable {
    /// No such host is configured.
    case unknownHost
    /// The host's file has mistakes, so it does not run.
    case refusedHost
    /// The server has no account of this user of the host.
    case unknownUser(Account)
    case refusal(InviteRefusal)
}

/// What operators do with the invites of hosts. Every call looks the host up again and takes one short turn of its
/// service, so that a long listing delays no other request, and ends with the host.
extension HostRegistry {
    /// Has a host make an invite. It is on disk when this returns. Where the host's server answers in time, no account
    /// is offered that exists, and nothing to or of a user who does not.
    ///
    /// - Parameter request: With addresses and names that are prepared.
    package func invite(_ request: OperatorRequest, on host: String) async throws(InviteFailure) -> OperatorInvite {
        guard let found = self[host] else { throw missing(host) }
        if let username = request.grant.newUsername, case .present = await existence(of: username, on: host) {
            throw .refusal(.accountExists)
        }
        if let user = request.grant.existingUser, case .absent = await existence(of: user.localpart, on: host) {
            throw .unknownUser(user)
        }
        let invite = try await ask(host) { service throws(InviteRefusal) in
            try await service.invite(request, under: found.policy)
        }
        invitesChanged(on: host)
        return invite
    }

    /// Does something with the invites of a host, as ``StorageUse`` says what.
    package func withInvites<Value: Sendable>(
        of host: String, for use: StorageUse = .reading,
        _ operation: @escaping @Sendable (any InviteRepository) async throws(StoreError) -> Value
    ) async throws(InviteFailure) -> Value {
        let value = try await ask(host) { service throws(InviteRefusal) in try await service.use(use, operation) }
        if use != .reading { invitesChanged(on: host) }
        return value
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
    package var now: Timestamp { dependencies.now() }

    // MARK: Completion

    /// A candidate for completion.
    package struct InviteSuggestion: Hashable, Sendable {
        package let number: Int64
        /// A short description without secrets: `account-and-contact by alice@example.com`.
        package let summary: String
    }

    /// A host's invites whose numbers begin so: those that are still good first, then the newest. None where the
    /// storage fails.
    package func inviteNumbers(of host: String, prefix: String, limit: Int) async -> [InviteSuggestion] {
        let now = now
        let found = try? await withInvites(of: host) { repository throws(StoreError) in
            try await repository.newest(prefix, limit: limit, at: now)
        }
        return (found ?? []).map { stored in
            let (summary, state) = (stored.invite.summary, stored.invite.state(at: now))
            return InviteSuggestion(
                number: stored.number, summary: state == .open ? summary : "\(summary), \(state.rawValue)")
        }
    }

    private func ask<Value: Sendable>(
        _ host: String, _ body: @Sendable (HostService) async throws(InviteRefusal) -> Value
    ) async throws(InviteFailure) -> Value {
        guard let service = self[host]?.service else { throw missing(host) }
        do throws(InviteRefusal) {
            return try await body(service)
        } catch {
            throw .refusal(error)
        }
    }

    private func missing(_ host: String) -> InviteFailure { table.isRefused(host) ? .refusedHost : .unknownHost }
}

extension Invite {
    /// What the invitee is given.
    ///
    /// - Parameter isRedeemableInBand: As in ``Invites/Invite/uri(host:redeemableInBand:)``.
    package func link(on host: String, isRedeemableInBand: Bool) -> String {
        uri(host: host, redeemableInBand: isRedeemableInBand)
    }

    /// Its web page; `nil` where the host has none.
    package func landingURL(on host: String, _ page: LandingPage?, isRedeemableInBand: Bool) -> String? {
        page.map { page in
            page.url(
                host: host, asciiHost: JID.asciiDomain(host) ?? host, token: token,
                uri: link(on: host, isRedeemableInBand: isRedeemableInBand))
        }
    }

    /// What it is in a few words without secrets, such as `account for juliet by admin@example.com`.
    package var summary: String {
        var text = kind.rawValue
        if let username { text += " for \(username)" }
        if let inviter { text += " by \(inviter)" }
        return text
    }
}
