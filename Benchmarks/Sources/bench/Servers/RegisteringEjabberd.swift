import Foundation

/// A loopback ejabberd whose host makes accounts before login, with an invite of the daemon's or without.
struct RegisteringEjabberd: Sendable {
    /// How passwords are stored: `plain`, ejabberd's default, or hashed.
    enum PasswordFormat: String, CaseIterable, Sendable {
        case plain, scram
    }

    static let host = "a.example"
    static let secret = "s3cret"

    let clientPort: Int
    let componentPort: Int
    let process: ChildProcess

    /// - Parameter module: Asks the component about each token; without it registration is open.
    init(
        _ files: ServerFiles, module: ErlangModule?, passwords: PasswordFormat, scratch: Scratch
    ) async throws {
        let user = UnprivilegedUser("ejabberd", "nobody")
        let directory = try scratch.directory("registering-ejabberd")
        clientPort = try await LoopbackPort.free()
        componentPort = try await LoopbackPort.free()
        let configuration = directory.appending(path: "ejabberd.yml")
        try Self.configuration(
            clientPort: clientPort, componentPort: componentPort, hasModule: module != nil, passwords: passwords
        ).write(to: configuration, atomically: true, encoding: .utf8)
        try user.own(directory)

        // Without a node name there is no distribution, hence no epmd to start and to stop.
        let command = user.command(
            "/usr/bin/erl",
            ["-noinput", "-pa"] + (files.codePaths + (module.map { [$0.directory] } ?? [])).map(\.path) + [
                "-mnesia", "dir", "\"\(directory.path)/database\"",
                "-ejabberd", "config", "\"\(configuration.path)\"", "log_path", "\"\(directory.path)/ejabberd.log\"",
                "-s", "ejabberd",
            ])
        process = try ChildProcess(
            command.executable, command.arguments, environment: ["HOME": directory.path],
            log: scratch.root.appending(path: "registering-ejabberd.log"))
        do {
            try await LoopbackPort.awaitListener(componentPort, process: process)
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
        clientPort: Int, componentPort: Int, hasModule: Bool, passwords: PasswordFormat
    ) -> String {
        """
        hosts: [\(host)]
        loglevel: warning
        log_rotate_count: 0
        certfiles: []
        listen:
          - {port: \(clientPort), ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, access: all}
          - port: \(componentPort)
            ip: "127.0.0.1"
            module: ejabberd_service
            access: all
            hosts: {\(CommandRequest.component): {password: \(secret)}}
            global_routes: false
        auth_method: internal
        auth_password_format: \(passwords.rawValue)
        registration_timeout: infinity
        modules:
          mod_roster: {}
          mod_disco: {}
          mod_adhoc: {}
          mod_register: {\(hasModule ? "allow_modules: [mod_invited]" : "")}
          \(hasModule ? "mod_invited: {component: \(CommandRequest.component)}" : "")

        """
    }
}
