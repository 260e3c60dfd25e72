import Invites
import TestSupport
import Testing
import XMPP

@testable import Component
@testable import Daemon
@testable import Reconfiguration
@testable import Supervision

/// One address's commands with what they need.
final class CommandAddress {
    /// The outcome of a request.
    enum Outcome {
        case answer(IQ)
        case invite(InviteRequest, host: String, InviteCompletion)

        var answer: IQ? { if case .answer(let answer) = self { answer } else { nil } }
        var error: StanzaError? { answer?.stanzaError }
        /// The name of the application's own condition of XEP-0050.
        var commandError: String? { error?.applicationCondition?.name }
        var status: String? { answer?.payload?["status"] }
        var sessionID: String? { answer?.payload?["sessionid"] }
        var form: DataForm? { answer?.form }
        var wanted: InviteRequest? { if case .invite(let request, _, _) = self { request } else { nil } }
        var host: String? { if case .invite(_, let host, _) = self { host } else { nil } }
    }

    var commands = CommandTable()
    var sessions: CommandSessions<CreateAccountCommand.Stage> {
        commands.command(CreateAccountCommand.self)?.sessions ?? CommandSessions()
    }
    var entropy = ControlledDependencies().entropy
    var now = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)

    func decide(_ iq: IQ, _ permissions: Permissions) throws -> Outcome {
        let request = try #require(InboundRequest(direct: iq))
        switch commands.decide(request, permissions: permissions, uptime: now.millisecondsSinceEpoch, entropy: &entropy)
        {
        case .answer(let answer): return .answer(answer)
        case .refuse(let error): return .answer(request.refuse(error))
        case .invite(let invite, let host, let completion): return .invite(invite, host: host, completion)
        }
    }

    /// Has an admin execute `#create-account`.
    func createAccount(
        by admin: JID = "admin@a.example/r", on hosts: [String] = ["a.example"], action: String? = nil,
        session: String? = nil, form: DataForm? = nil, language: String? = nil
    ) throws -> Outcome {
        let payload = command(Namespaces.createAccountCommand, action: action, session: session, form: form)
        return try decide(
            set(payload, from: admin, to: component, language: language),
            Permissions(contactHost: nil, accountHosts: hosts))
    }
}
