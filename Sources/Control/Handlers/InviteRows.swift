internal import Invites
internal import QR
internal import Shell
internal import Supervision

/// Invites as rows, and in the words of the journal.
struct InviteRows: Sendable {
    let host: String
    /// The time at which invites are good or not.
    let now: Timestamp
    /// The host's page for invites, where links are shown.
    var landingPage: LandingPage?
    /// Whether clients redeem tokens on streams of the host.
    var isRedeemableInBand = false

    /// The fields that every row about an invite has. Its token is in none.
    func row(_ stored: StoredInvite) -> JSON {
        var members: [String: JSON] = [
            "host": .text(host),
            "invite": .integer(stored.number),
            "kind": .text(stored.invite.kind.rawValue),
            "state": .text(stored.invite.state(at: now).rawValue),
            "created": .time(stored.invite.createdAt),
            "expires": .time(stored.invite.expiresAt),
        ]
        if let inviter = stored.invite.inviter { members["inviter"] = .text(inviter.description) }
        if let username = stored.invite.username { members["username"] = .text(username) }
        let uses = stored.invite.uses
        if uses.total > 1 { members["uses"] = .count(uses.total) }
        if uses.confirmed > 0 { members["redeemed"] = .count(uses.confirmed) }
        if uses.reserved > 0 { members["reserved"] = .count(uses.reserved) }
        if let note = stored.invite.note { members["note"] = .text(note) }
        return .object(members)
    }

    /// The same with the link, which gives access, as the caller requested it.
    func row(_ stored: StoredInvite, link: Bool, qrCode: Bool) -> JSON {
        guard case .object(var members) = row(stored), link || qrCode else { return row(stored) }
        let uri = stored.invite.link(on: host, isRedeemableInBand: isRedeemableInBand)
        if link {
            members["uri"] = .text(uri)
            members["landing_url"] = stored.invite.landingURL(
                on: host, landingPage, isRedeemableInBand: isRedeemableInBand
            ).map(JSON.text)
        }
        if qrCode, let code = QRCode(uri) { members["qr"] = .text(code.halfBlocks) }
        return .object(members)
    }

    /// Invites for the journal without the names of people: `42 account, 43 contact`, and how many more.
    static func numbers(_ invites: some Collection<StoredInvite>, count: Int) -> String {
        let named = invites.prefix(mostNamed)
        let text = named.map { "\($0.number) \($0.invite.kind.rawValue)" }.joined(separator: ", ")
        return named.count < count ? "\(text) and \(count - named.count) more" : text
    }

    /// Invites for the journal: `42 account for juliet, 43 contact by alice@example.com`, and how many more.
    static func journal(_ invites: some Collection<StoredInvite>, count: Int) -> String {
        let named = invites.prefix(mostNamed)
        let text = named.map { "\($0.number) \($0.invite.summary)" }.joined(separator: ", ")
        return named.count < count ? "\(text) and \(count - named.count) more" : text
    }

    /// A line of the journal names no more than this.
    static let mostNamed = 20

    static func counted(_ count: Int) -> String { count == 1 ? "1 invite" : "\(count) invites" }
}
