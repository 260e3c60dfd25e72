import Foundation

/// A loopback Prosody whose hosts make accounts before login: with an invite of the daemon's, with one of its own, or without.
///
/// Passwords are hashed as often as Prosody does by default.
struct RegisteringProsody: Sendable {
    enum Invitations: Sendable {
        /// Registration is open.
        case none
        /// By `mod_invited` from this file, which asks the component.
        case component(module: URL)
        /// By `mod_invites_register`, with these invites made before.
        case own(tokens: [String])
        /// By `mod_invites_page` and `mod_invites_register_web`, with these invites made before.
        case ownPages([ProsodyData.Invite])
    }

    /// Where accounts are, and invites of Prosody's own.
    enum Storage: String, CaseIterable, Sendable {
        case `internal`, sql

        var name: String { self == .sql ? "SQLite" : "internal" }
    }

    static let host = "a.example"
    static let secret = "s3cret"

    let files: ServerFiles
    let clientPort: Int
    let componentPort: Int
    /// Where its own pages are.
    let webPort: Int
    let process: ChildProcess
    private let data: ProsodyData
    private let database: URL?

    /// - Parameters:
    ///   - hosts: All of them make accounts in the same way; invites of Prosody's own are on the first.
    ///   - users: Who has an account on the first host from the start, where storage is internal.
    init(
        _ files: ServerFiles, _ invitations: Invitations, storage: Storage, hosts: [String] = [host],
        users: [String] = [], scratch: Scratch
    ) async throws {
        self.files = files
        let user = UnprivilegedUser("prosody", "nobody")
        clientPort = try await LoopbackPort.free()
        // Others may run beside it.
        let directory = try scratch.directory("registering-\(clientPort)")
        componentPort = try await LoopbackPort.free()
        webPort = try await LoopbackPort.free()

        data = ProsodyData(directory: directory.appending(path: "data"), host: hosts.first ?? Self.host)
        try FileManager.default.createDirectory(at: data.directory, withIntermediateDirectories: true)
        for user in users { try data.writeAccount(user) }
        let database = directory.appending(path: "prosody.sqlite")
        self.database = storage == .sql ? database : nil
        let modules = directory.appending(path: "modules")
        try FileManager.default.createDirectory(at: modules, withIntermediateDirectories: true)
        switch invitations {
        case .none: break
        case .component(let module):
            try FileManager.default.copyItem(at: module, to: modules.appending(path: "mod_invited.lua"))
        case .own(let tokens):
            try Self.write(tokens.map { ProsodyData.Invite(token: $0) }, data, storage, database)
        case .ownPages(let invites):
            try Self.write(invites, data, storage, database)
            if !files.hasModule("password_policy") {
                try Self.passwordPolicy.write(
                    to: modules.appending(path: "mod_password_policy.lua"), atomically: true, encoding: .utf8)
            }
        }
        let configuration = directory.appending(path: "prosody.cfg.lua")
        let text = Self.configuration(
            invitations, storage: storage, hosts: hosts, directory: directory.path, database: database.path,
            ports: (clientPort, componentPort, webPort))
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        try user.own(directory)

        let command = user.command(files.program("prosody").path, ["--config", configuration.path, "-F"])
        process = try ChildProcess(
            command.executable, command.arguments, log: scratch.root.appending(path: "registering-\(clientPort).log"))
        do {
            try await LoopbackPort.awaitListener(clientPort, process: process, within: .seconds(120))
            if case .ownPages = invitations { try await LoopbackPort.awaitListener(webPort, process: process) }
        } catch {
            await process.stop()
            throw error
        }
    }

    func stop() async {
        await process.stop()
    }

    /// Debian 12 has `mod_invites_register_web`, but not this module, which it needs. This one has what it calls.
    private static let passwordPolicy = """
        function check_password(password)
            if not password or #password < 8 then return nil, "Password is too short", "length"; end
            return true;
        end

        function get_policy() return { length = 8 }; end

        """

    /// How many accounts the first host has.
    func accounts() throws -> Int {
        guard let database else {
            let directory = data.directory.appending(path: data.host.replacing(".", with: "%2e")).appending(
                path: "accounts")
            return try FileManager.default.contentsOfDirectory(atPath: directory.path).count
        }
        let rows = try SQLiteDatabase(database, readOnly: true)
            .rows("SELECT count(DISTINCT user) FROM prosody WHERE store = 'accounts'")
        return Int(rows.first?.first?.integer ?? 0)
    }

    private static func write(
        _ invites: [ProsodyData.Invite], _ data: ProsodyData, _ storage: Storage, _ database: URL
    ) throws {
        switch storage {
        case .internal: try data.writeAccountInvites(invites)
        case .sql: try data.writeAccountInvites(invites, database: database)
        }
    }

    private static func configuration(
        _ invitations: Invitations, storage: Storage, hosts: [String], directory: String, database: String,
        ports: (client: Int, component: Int, web: Int)
    ) -> String {
        var modules = #""saslauth"; "disco"; "ping"; "register_ibr"; "#
        var components = ""
        var settings = ""
        switch invitations {
        case .none: break
        case .component:
            modules += #""invited"; "#
            settings = "invited_component = \"\(CommandRequest.component)\""
            components = """
                Component "\(CommandRequest.component)"
                  component_secret = "\(secret)"

                """
        case .own:
            modules += #""invites"; "invites_register"; "#
        case .ownPages:
            modules += #""invites"; "invites_register"; "invites_page"; "invites_register_web"; "#
            settings = "http_default_host = \"\(hosts.first ?? host)\""
        }
        return """
            pidfile = "\(directory)/prosody.pid"
            data_path = "\(directory)/data"
            plugin_paths = { "\(directory)/modules" }
            daemonize = false
            interfaces = { "127.0.0.1" }
            component_interfaces = { "127.0.0.1" }
            http_interfaces = { "127.0.0.1" }
            c2s_ports = { \(ports.client) }
            component_ports = { \(ports.component) }
            http_ports = { \(ports.web) }
            https_ports = {}
            s2s_ports = {}
            c2s_require_encryption = false
            authentication = "internal_hashed"
            storage = "\(storage.rawValue)"
            sql = { driver = "SQLite3"; database = "\(database)" }
            log = { warn = "*console" }
            modules_disabled = { "s2s"; "tls" }
            modules_enabled = { "roster"; \(modules)}
            \(settings)
            \(hosts.map { "VirtualHost \"\($0)\"" }.joined(separator: "\n"))
            \(components)
            """
    }
}
