import Foundation

/// A loopback Prosody that either delegates invitations to a component or makes them itself.
struct ProsodyServer: ServerFixture {
    enum Invitations: Sendable {
        /// By a component, through XEP-0355.
        case delegated
        /// By `mod_invites_adhoc` on internal storage, with so many invites already made.
        case ownInternal(existing: Int)
        /// By `mod_invites_adhoc` on SQLite storage.
        case ownSQLite
    }

    let files: ServerFiles
    let clientPort: Int
    let componentPort: Int
    let way = Ceiling.Way.delegated
    private let process: ChildProcess

    var commandsTo: String { host }

    init(_ files: ServerFiles, _ invitations: Invitations, scratch: Scratch) async throws {
        let user = UnprivilegedUser("prosody", "nobody")
        let directory = try scratch.directory("prosody")
        clientPort = try await LoopbackPort.free()
        componentPort = try await LoopbackPort.free()
        self.files = files

        let data = ProsodyData(directory: directory.appending(path: "data"), host: "a.example")
        try data.writeAccounts()
        if case .ownInternal(let existing) = invitations {
            try data.writeInvites(existing)
        }
        let configuration = directory.appending(path: "prosody.cfg.lua")
        let text = Self.configuration(
            invitations, directory: directory.path, clientPort: clientPort, componentPort: componentPort)
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        try user.own(directory)

        let command = user.command(files.program("prosody").path, ["--config", configuration.path, "-F"])
        process = try ChildProcess(
            command.executable, command.arguments, log: scratch.root.appending(path: "prosody.log"))
        do {
            try await LoopbackPort.awaitListener(clientPort, process: process)
        } catch {
            await process.stop()
            throw error
        }
    }

    func stop() async {
        await process.stop()
    }

    private static func configuration(
        _ invitations: Invitations, directory: String, clientPort: Int, componentPort: Int
    ) -> String {
        var text = """
            pidfile = "\(directory)/prosody.pid"
            data_path = "\(directory)/data"
            daemonize = false
            interfaces = { "127.0.0.1" }
            component_interfaces = { "127.0.0.1" }
            c2s_ports = { \(clientPort) }
            component_ports = { \(componentPort) }
            s2s_ports = {}
            c2s_require_encryption = false
            allow_unencrypted_plain_auth = true
            authentication = "internal_plain"
            log = { warn = "*console" }
            modules_disabled = { "s2s"; "tls" }
            modules_enabled = { "roster"; "saslauth"; "disco"; "ping"; \(modules(invitations)) }

            """
        switch invitations {
        case .delegated:
            text += """
                delegations = {
                  ["http://jabber.org/protocol/commands"] =
                    { filtering = { "node" }; jid = "\(CommandRequest.component)" };
                  ["http://jabber.org/protocol/disco#items"] =
                    { filtering = { "node" }; jid = "\(CommandRequest.component)" };
                  ["urn:xmpp:delegation:2:bare:disco#items:*"] = { jid = "\(CommandRequest.component)" };
                }
                privileged_entities = { ["\(CommandRequest.component)"] = { roster = "both"; message = "outgoing" } }
                VirtualHost "a.example"
                Component "\(CommandRequest.component)"
                  component_secret = "s3cret"
                  modules_enabled = { "delegation", "privilege" }

                """
        case .ownInternal, .ownSQLite:
            if case .ownSQLite = invitations {
                text += """
                    storage = { invite_token = "sql" }
                    sql = { driver = "SQLite3"; database = "\(directory)/prosody.sqlite" }

                    """
            }
            text += """
                allow_user_invites = true
                VirtualHost "a.example"

                """
        }
        return text
    }

    private static func modules(_ invitations: Invitations) -> String {
        switch invitations {
        case .delegated: #""delegation"; "privilege""#
        case .ownInternal, .ownSQLite: #""adhoc"; "invites"; "invites_adhoc""#
        }
    }
}
