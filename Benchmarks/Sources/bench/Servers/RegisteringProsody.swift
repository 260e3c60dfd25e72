import Foundation

/// A loopback Prosody whose host makes accounts before login: with an invite of the daemon's, with one of its own, or without.
///
/// Passwords are hashed as often as Prosody does by default.
struct RegisteringProsody: Sendable {
    enum Invitations: Sendable {
        /// Everybody registers.
        case none
        /// By `mod_invited` from this file, which asks the component.
        case component(module: URL)
        /// By `mod_invites_register`, with these invites made before.
        case own(tokens: [String])
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
    let process: ChildProcess

    init(
        _ files: ServerFiles, _ invitations: Invitations, storage: Storage, scratch: Scratch
    ) async throws {
        self.files = files
        let user = UnprivilegedUser("prosody", "nobody")
        let directory = try scratch.directory("registering")
        clientPort = try await LoopbackPort.free()
        componentPort = try await LoopbackPort.free()

        let data = ProsodyData(directory: directory.appending(path: "data"), host: Self.host)
        try FileManager.default.createDirectory(at: data.directory, withIntermediateDirectories: true)
        let database = directory.appending(path: "prosody.sqlite")
        switch invitations {
        case .none: break
        case .component(let module):
            let modules = directory.appending(path: "modules")
            try FileManager.default.createDirectory(at: modules, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: module, to: modules.appending(path: "mod_invited.lua"))
        case .own(let tokens):
            switch storage {
            case .internal: try data.writeAccountInvites(tokens)
            case .sql: try data.writeAccountInvites(tokens, database: database)
            }
        }
        let configuration = directory.appending(path: "prosody.cfg.lua")
        let text = Self.configuration(
            invitations, storage: storage, directory: directory.path, database: database.path, clientPort: clientPort,
            componentPort: componentPort)
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        try user.own(directory)

        let command = user.command(files.program("prosody").path, ["--config", configuration.path, "-F"])
        process = try ChildProcess(
            command.executable, command.arguments, log: scratch.root.appending(path: "registering.log"))
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
        _ invitations: Invitations, storage: Storage, directory: String, database: String, clientPort: Int,
        componentPort: Int
    ) -> String {
        var modules = #""saslauth"; "disco"; "ping"; "register_ibr"; "#
        var components = ""
        switch invitations {
        case .none: break
        case .component:
            modules += #""invited"; "#
            components = """
                  invited_component = "\(CommandRequest.component)"
                Component "\(CommandRequest.component)"
                  component_secret = "\(secret)"

                """
        case .own:
            modules += #""invites"; "invites_register"; "#
        }
        return """
            pidfile = "\(directory)/prosody.pid"
            data_path = "\(directory)/data"
            plugin_paths = { "\(directory)/modules" }
            daemonize = false
            interfaces = { "127.0.0.1" }
            component_interfaces = { "127.0.0.1" }
            c2s_ports = { \(clientPort) }
            component_ports = { \(componentPort) }
            s2s_ports = {}
            c2s_require_encryption = false
            authentication = "internal_hashed"
            storage = "\(storage.rawValue)"
            sql = { driver = "SQLite3"; database = "\(database)" }
            log = { warn = "*console" }
            modules_disabled = { "s2s"; "tls" }
            modules_enabled = { "roster"; \(modules)}
            VirtualHost "\(host)"
            \(components)
            """
    }
}
