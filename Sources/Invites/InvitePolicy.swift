/// The rules of one host: who may make which invite, and how long it is good for.
package struct InvitePolicy: Hashable, Sendable {
    /// The host, prepared.
    package var host: String
    /// The host's admins. They may live on other hosts.
    package var admins: Set<Account>
    /// Whether a contact invite of a user who is no admin lets the invitee create an account too.
    package var allowUserInvites: Bool
    /// Whether users who are no admins may invite contacts at all.
    package var allowContactInvites: Bool
    /// How long a new invite is good for.
    package var lifetime: Lifetime
    /// Whether there is a provider of the accounts that users' invites grant.
    package var makesAccounts: Bool
    /// Whether no invites are made at present.
    package var isSuspended: Bool
    /// How many open invites a user may have who is no admin.
    package var userOpenInvites: Limit
    /// How many invites a user who is no admin may make within 24 hours.
    package var userDailyInvites: Limit
    /// How many invites of the host may be stored, expired ones included. Operators are not bound by it.
    package var maxInvites: Limit
    /// How long invites are stored that are no longer good.
    package var retention: Lifetime
    /// Whether inviters are notified that their invites were accepted.
    package var notifiesInviter: Bool

    /// The rules of `host`, by default those of a host that says nothing about them.
    package init(
        host: String, admins: Set<Account> = [], allowUserInvites: Bool = false, allowContactInvites: Bool = true,
        makesAccounts: Bool = true, lifetime: Lifetime = .week, isSuspended: Bool = false,
        userOpenInvites: Limit = .atMost(50), userDailyInvites: Limit = .atMost(20),
        maxInvites: Limit = .atMost(100_000), retention: Lifetime = .month, notifiesInviter: Bool = true
    ) {
        self.host = host
        self.admins = admins
        self.allowUserInvites = allowUserInvites
        self.allowContactInvites = allowContactInvites
        self.makesAccounts = makesAccounts
        self.lifetime = lifetime
        self.isSuspended = isSuspended
        self.userOpenInvites = userOpenInvites
        self.userDailyInvites = userDailyInvites
        self.maxInvites = maxInvites
        self.retention = retention
        self.notifiesInviter = notifiesInviter
    }

    /// Whether `account` is an admin of the host.
    package func isAdmin(_ account: Account) -> Bool {
        admins.contains(account)
    }

    /// Makes the invite that `request` asks for.
    ///
    /// - Parameters:
    ///   - token: A fresh token.
    ///   - now: The time of the request, from which the lifetime counts.
    /// - Throws: ``InviteDenial`` when the asker may not.
    package func invite(for request: InviteRequest, token: Token, at now: Timestamp) throws(InviteDenial) -> Invite {
        switch request {
        case .contact(let inviter, let language):
            if let denial = denialOfContactInvite(by: inviter) { throw denial }
            return Invite(
                token: token, kind: kindOfContactInvite(of: inviter), action: .roster, inviter: inviter,
                language: language, createdAt: now, expiresAt: now.advanced(by: lifetime))
        case .account(let admin, let username, let rosterSubscription, let language):
            if let denial = denialOfAccountInvite(by: admin) { throw denial }
            return Invite(
                token: token, kind: rosterSubscription ? .accountAndContact : .account, action: .register,
                inviter: admin, username: username, language: language, createdAt: now,
                expiresAt: now.advanced(by: lifetime))
        case .operated(let request):
            return try invite(for: request, token: token, at: now)
        }
    }

    /// Makes what an operator asks for.
    ///
    /// The rules say what users may do by themselves, so neither ``admins`` nor ``allowContactInvites`` is checked.
    /// What a contact invite grants depends on ``allowUserInvites``, as if its user had asked: it is that user's
    /// invite. The link of a reset gives access to an existing account, so it is good for a day at most unless the
    /// operator says otherwise. A suspended host makes no invites.
    ///
    /// - Throws: ``InviteDenial/notUserOfHost``, ``InviteDenial/suspended``.
    private func invite(
        for request: OperatorRequest, token: Token, at now: Timestamp
    ) throws(InviteDenial) -> Invite {
        if isSuspended { throw .suspended }
        let expiry = now.advanced(by: request.lifetime ?? lifetime)
        switch request.grant {
        case .account(let username, let contact):
            if let contact, contact.domain != host { throw .notUserOfHost }
            return Invite(
                token: token, kind: contact == nil ? .account : .accountAndContact, action: .register,
                inviter: contact, username: username, createdBy: .operator, note: request.note,
                language: request.language, uses: InviteUses(total: username == nil ? max(request.uses, 1) : 1),
                createdAt: now, expiresAt: expiry)
        case .contact(let user):
            guard user.domain == host else { throw .notUserOfHost }
            return Invite(
                token: token, kind: kindOfContactInvite(of: user), action: .roster, inviter: user, createdBy: .operator,
                note: request.note, language: request.language, createdAt: now,
                expiresAt: expiry)
        case .reset(let user):
            guard user.domain == host else { throw .notUserOfHost }
            let shorter = lifetime.seconds < Lifetime.day.seconds ? lifetime : .day
            return Invite(
                token: token, kind: .reset, action: .register, inviter: nil, username: user.localpart,
                createdBy: .operator,
                note: request.note, language: request.language, createdAt: now,
                expiresAt: now.advanced(by: request.lifetime ?? shorter))
        }
    }

    /// The limits under which the invite that `request` asks for is stored.
    package func limits(for request: InviteRequest) -> InviteLimits {
        switch request {
        case .contact(let user, _), .account(let user, _, _, _):
            isAdmin(user)
                ? InviteLimits(stored: maxInvites)
                : InviteLimits(userOpen: userOpenInvites, userDaily: userDailyInvites, stored: maxInvites)
        case .operated: InviteLimits()
        }
    }

    private func kindOfContactInvite(of user: Account) -> InviteKind {
        makesAccounts && (allowUserInvites || isAdmin(user)) ? .accountAndContact : .contact
    }

    /// Why `asker` may not invite contacts; `nil` when the rules allow it.
    package func denialOfContactInvite(by asker: Account) -> InviteDenial? {
        if isSuspended { return .suspended }
        guard asker.domain == host else { return .notUserOfHost }
        return allowContactInvites || isAdmin(asker) ? nil : .contactInvitesOff
    }

    /// Why `asker` may not make invites that create an account; `nil` when the rules allow it.
    package func denialOfAccountInvite(by asker: Account) -> InviteDenial? {
        if isSuspended { return .suspended }
        guard isAdmin(asker) else { return .notAdmin }
        return makesAccounts ? nil : .noAccounts
    }
}
