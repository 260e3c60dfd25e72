internal import Runtime
internal import Supervision
internal import XMPP

/// The commands at one address, by their nodes.
struct CommandTable: Sendable {
    /// All commands, in the order in which they are listed.
    static let kinds: [any HostCommand.Type] = [InviteCommand.self, CreateAccountCommand.self]

    /// Their nodes, in the same order.
    static let nodes = kinds.map { $0.node }

    private static let kindsByNode = Dictionary(uniqueKeysWithValues: kinds.map { ($0.node, $0) })

    /// The kind of command with this node.
    static subscript(node: String) -> (any HostCommand.Type)? { kindsByNode[node] }

    /// Those that were asked for: most hosts are idle.
    private var commands: [String: any HostCommand] = [:]

    /// The command of this kind, with what it remembers.
    func command<Kind: HostCommand>(_ kind: Kind.Type) -> Kind? { commands[Kind.node] as? Kind }

    /// Decides about a `<command/>` (XEP-0050).
    ///
    /// - Parameter uptime: Milliseconds of a monotonic clock, for sessions.
    mutating func decide(
        _ request: InboundRequest, permissions: Permissions, uptime: Int64, entropy: inout Entropy
    ) -> CommandDecision {
        do throws(StanzaError) {
            guard case .set(let payload) = request.iq.body else {
                throw StanzaError(.badRequest, text: "a command is executed by an IQ of type set")
            }
            let command = try CommandRequest(payload)
            guard let kind = Self[command.node] else { throw StanzaError(.itemNotFound) }
            if let denial = kind.denial(of: permissions) {
                throw StanzaError(denial, request.texts)
            }
            var call = CommandCall(
                command: command, request: request, permissions: permissions, uptime: uptime, entropy: entropy)
            defer { entropy = call.entropy }
            return try commands[command.node, default: kind.init()].perform(&call)
        } catch {
            return .refuse(error)
        }
    }
}

extension Permissions {
    /// Whether the asker may use the command with this node.
    func allows(_ node: String) -> Bool {
        CommandTable[node].map { $0.denial(of: self) == nil } ?? false
    }
}
