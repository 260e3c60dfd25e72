internal import Invites
internal import Languages
internal import Runtime
internal import Supervision
internal import XMPP

/// An ad-hoc command of the hosts (XEP-0050) at one address. It decides what is left to do, and does nothing itself. A new one
/// is a new file and a line in ``CommandTable/kinds``.
protocol HostCommand: Sendable {
    static var node: String { get }
    /// What people call it.
    static var name: TextKey { get }
    /// Why an asker may not use it; `nil` for one who may, and who finds it listed.
    static func denial(of permissions: Permissions) -> InviteDenial?

    init()

    /// - Throws: ``StanzaError`` to send to the client.
    mutating func perform(_ call: inout CommandCall) throws(StanzaError) -> CommandDecision
}

/// One request of a command, with what it takes to decide about it.
struct CommandCall {
    let command: CommandRequest
    let request: InboundRequest
    let permissions: Permissions
    /// Milliseconds of a monotonic clock, for sessions.
    let uptime: Int64
    var entropy: Entropy

    var texts: Texts { request.texts }

    /// The answer to the client that carries a response.
    func answer(_ response: CommandResponse) -> CommandDecision {
        .answer(request.envelope(request.iq.result(response.element)))
    }
}

/// What is left to do for a request of a command.
enum CommandDecision: Sendable {
    /// Send this answer to the client.
    case answer(IQ)
    /// Send this error to the client.
    case refuse(StanzaError)
    /// Have the host make the invite, then send what ``InviteCompletion/answer(_:host:landingPage:)`` says.
    case invite(InviteRequest, host: String, InviteCompletion)
}
