internal import Invites
internal import Languages
internal import Supervision
internal import XMPP

/// `urn:xmpp:invite#invite` (XEP-0401 §4.1): a user's link for a contact.
struct InviteCommand: HostCommand {
    static let node = Namespaces.inviteCommand

    static let name = TextKey.commandInvite

    static func denial(of permissions: Permissions) -> InviteDenial? {
        permissions.contactHost == nil ? permissions.contactDenial : nil
    }

    mutating func perform(_ call: inout CommandCall) throws(StanzaError) -> CommandDecision {
        // It answers at once: there never is a session to continue.
        guard call.command.sessionID == nil else { throw CommandError.badSessionID.stanzaError }
        guard call.command.action == .execute || call.command.action == .complete else {
            throw CommandError.badAction.stanzaError
        }
        guard let inviter = Account(call.request.from), let host = call.permissions.contactHost else {
            throw StanzaError(.forbidden)
        }
        let identifier = CommandSessions<Never>.identifier(using: &call.entropy)
        return .invite(
            .contact(inviter: inviter, language: call.request.language), host: host,
            InviteCompletion(request: call.request, node: Self.node, sessionID: identifier))
    }
}
