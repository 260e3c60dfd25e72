internal import Configuration
internal import Invites
internal import Runtime
internal import Supervision
internal import XMPP

/// Puts into words what a host's rules decide, and which setting makes them decide so.
struct RuleExplainer: Sendable {
    let policy: InvitePolicy
    let origins: Origins

    /// Whether users who are no admins may invite contacts.
    var usersInviteContacts: Explanation { inviteContacts(anyUser, subject: "users invite contacts") }

    /// Whether the contacts of users who are no admins may register.
    var contactsRegister: Explanation {
        registering(anyUser, subject: "contacts of users register", at: Timestamp(millisecondsSinceEpoch: 0))
    }

    /// What somebody may do on the host.
    func explain(_ asker: JID, at now: Timestamp) -> [Explanation] {
        guard let account = Account(asker) else {
            return [Explanation(asker.description, "nothing", because: "it is the address of a server, not of a user")]
        }
        return [
            inviteContacts(account, subject: "invite contacts"),
            registering(account, subject: "invited contacts register", at: now),
            createAccounts(account),
        ]
    }

    /// A user of the host who is no admin.
    private var anyUser: Account {
        var user = Account(localpart: "user", domain: policy.host)
        while policy.isAdmin(user) { user = Account(localpart: user.localpart + "x", domain: policy.host) }
        return user
    }

    private func inviteContacts(_ asker: Account, subject: String) -> Explanation {
        if let denial = policy.denialOfContactInvite(by: asker) { return no(subject, denial) }
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

    private func createAccounts(_ asker: Account) -> Explanation {
        if let denial = policy.denialOfAccountInvite(by: asker) { return no("create accounts", denial) }
        return Explanation("create accounts", "yes", because: "an admin of this host may", origin: origins[.admins])
    }

    private func no(_ subject: String, _ denial: InviteDenial) -> Explanation {
        let origin: String? =
            switch denial {
            case .suspended: origins[.suspended]
            case .contactInvitesOff: origins[.allowContactInvites]
            case .notAdmin: origins[.admins]
            // The address decides it, not a setting.
            case .notUserOfHost: nil
            }
        return Explanation(subject, "no", because: denial.description, origin: origin)
    }
}
