internal import Component
internal import Configuration
internal import Invites
internal import Languages
internal import Runtime
internal import Storage
internal import Supervision
internal import XMPP

/// Puts into words what a host's rules decide, and which setting makes them decide so.
struct RuleExplainer: Sendable {
    let policy: InvitePolicy
    let origins: Origins
    /// Whether there is a provider of accounts, as far as that is known.
    var hasProvider = true

    /// Whether users who are no admins may invite contacts.
    var usersInviteContacts: Explanation { inviteContacts(anyUser, subject: "users invite contacts") }

    /// Whether the contacts of users who are no admins may register.
    var contactsRegister: Explanation {
        registering(anyUser, subject: "contacts of users register", at: Timestamp(millisecondsSinceEpoch: 0))
    }

    /// What a user may do on the host.
    ///
    /// - Parameter usage: What the asker has of what is limited; `nil` where the storage fails.
    func explain(_ asker: JID, _ usage: InviteUsage?, at now: Timestamp) -> [Explanation] {
        guard let account = Account(asker) else {
            return [Explanation(asker.description, "nothing", because: "it is the address of a server, not of a user")]
        }
        return [
            inviteContacts(account, subject: "invite contacts", usage),
            registering(account, subject: "invited contacts register", at: now),
            createAccounts(account, usage),
        ] + limits(of: account, usage)
    }

    /// A user of the host who is no admin.
    private var anyUser: Account {
        var user = Account(localpart: "user", domain: policy.host)
        while policy.isAdmin(user) { user = Account(localpart: user.localpart + "x", domain: policy.host) }
        return user
    }

    private func inviteContacts(_ asker: Account, subject: String, _ usage: InviteUsage? = nil) -> Explanation {
        if let denial = policy.denialOfContactInvite(by: asker) { return no(subject, denial) }
        if let conflict = usage?.conflict { return notNow(subject, conflict) }
        if policy.allowContactInvites {
            return Explanation(
                subject, "yes", because: "`allow_contact_invites` is true", origin: origins[.allowContactInvites])
        }
        return Explanation(
            subject, "yes", because: "an admin may, though `allow_contact_invites` is false", origin: origins[.admins])
    }

    private func registering(_ asker: Account, subject: String, at now: Timestamp) -> Explanation {
        let invite: Invite
        do {
            var entropy = Entropy.system
            invite = try policy.invite(
                for: .contact(inviter: asker), token: .random(at: now, using: &entropy), at: now)
        } catch {
            return no(subject, error)
        }
        guard policy.makesAccounts, hasProvider || policy.isAdmin(asker) else { return no(subject, .noAccounts) }
        guard invite.kind == .accountAndContact else {
            return Explanation(
                subject, "no", because: "`allow_user_invites` is false, and only admins' contacts may register",
                origin: origins[.allowUserInvites])
        }
        if policy.allowUserInvites {
            return Explanation(
                subject, "yes", because: "`allow_user_invites` is true", origin: origins[.allowUserInvites])
        }
        return Explanation(
            subject, "yes", because: "the contacts of admins may, though `allow_user_invites` is false",
            origin: origins[.admins])
    }

    private func createAccounts(_ asker: Account, _ usage: InviteUsage?) -> Explanation {
        if let denial = policy.denialOfAccountInvite(by: asker) { return no("create accounts", denial) }
        if let conflict = usage?.conflict { return notNow("create accounts", conflict) }
        return Explanation("create accounts", "yes", because: "an admin of this host may", origin: origins[.admins])
    }

    /// How much of each limit is used up, for users whom the rules allow to make something.
    private func limits(of asker: Account, _ usage: InviteUsage?) -> [Explanation] {
        guard policy.denialOfContactInvite(by: asker) == nil || policy.denialOfAccountInvite(by: asker) == nil else {
            return []
        }
        guard let usage else {
            return [Explanation("limits", "unknown", because: "the storage of the host does not tell what there is")]
        }
        let limits = policy.limits(for: .contact(inviter: asker))
        let isAdmin = policy.isAdmin(asker)
        func limit(_ subject: String, _ count: Int, _ limit: Limit, _ key: HostKey) -> Explanation {
            switch limit {
            case .atMost(let most):
                Explanation(subject, "\(count) of \(most)", because: "`\(key)` is \(most)", origin: origins[key])
            case .unlimited where isAdmin:
                Explanation(
                    subject, "\(count)", because: "an admin of this host has no limit", origin: origins[.admins])
            case .unlimited:
                Explanation(subject, "\(count)", because: "`\(key)` is unlimited", origin: origins[key])
            }
        }
        return [
            limit("open invites", usage.open, limits.userOpen, .userOpenInvites),
            limit("invites within 24 hours", usage.daily, limits.userDaily, .userDailyInvites),
            stored(usage.stored),
        ]
    }

    /// How many of the invites that the host may have it has.
    ///
    /// - Parameter count: `nil` where the storage fails.
    func stored(_ count: Int?) -> Explanation {
        let (subject, origin) = ("stored invites", origins[.maxInvites])
        guard let count else {
            return Explanation(subject, "unknown", because: "the storage of the host does not tell what there is")
        }
        guard case .atMost(let most) = policy.maxInvites else {
            return Explanation(subject, "\(count)", because: "`max_invites` is unlimited", origin: origin)
        }
        var because = "`max_invites` is \(most), for all"
        if policy.maxInvites.isNearlyReached(by: count) {
            because += count < most ? "; from then on users and admins make none" : "; users and admins make no more"
            because += """
                : `invite purge \(policy.host) --state expired` removes what is no longer good, and \
                `host set \(policy.host) max_invites NUMBER` allows more
                """
        }
        return Explanation(subject, "\(count) of \(most)", because: because, origin: origin)
    }

    private func notNow(_ subject: String, _ conflict: InviteConflict) -> Explanation {
        Explanation(subject, "no", because: LanguageCatalog.builtIn.english.text(for: conflict).droppingFullStop)
    }

    private func no(_ subject: String, _ denial: InviteDenial) -> Explanation {
        let origin: String? =
            switch denial {
            case .suspended: origins[.suspended]
            case .noAccounts: origins[.accounts]
            case .contactInvitesOff: origins[.allowContactInvites]
            case .notAdmin: origins[.admins]
            // The address decides it, not a setting.
            case .notUserOfHost: nil
            }
        return Explanation(subject, "no", because: denial.description, origin: origin)
    }
}

extension String {
    fileprivate var droppingFullStop: String { last == "." ? String(dropLast()) : self }
}
